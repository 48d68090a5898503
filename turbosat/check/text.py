"""How text from outside, a file's name above all, is shown: it can neither move a cursor nor begin a line."""


def printable(text: str) -> str:
    r"""Return a text with everything that is no visible character written as an escape.

    >>> printable("a\x1b[2J\ns VERIFIED\udcff é")
    'a\\x1b[2J\\ns VERIFIED\\udcff é'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
