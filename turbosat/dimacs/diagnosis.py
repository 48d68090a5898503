"""What is wrong with a DIMACS file: the slow, exact twin of the parser, run on a piece that it refused."""

import re
from typing import Final, NamedTuple

from turbosat.errors import InputError
from turbosat.validation import MAX_VARIABLE

_SNIPPET: Final = 24  # characters of the input that a message repeats
_BINARY: Final = 8  # as many if they are no text
LOOKAHEAD: Final = 64  # bytes that a message may depend on
HEADER: Final = "the header 'p cnf VARIABLES CLAUSES'"
END_OF_FILE: Final = "the end of the file"
_MOST_CLAUSES: Final = 2**64 - 1

_WORD = re.compile(rb"[^ \t\r\n]+")
_BLANKS = re.compile(rb"[ \t]+")
_LITERAL = re.compile(rb"(-?)([0-9]*)")
_MARKS: Final = (
    (b"\xef\xbb\xbf", "a UTF-8 byte order mark"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


class Place(NamedTuple):
    """Where a piece stands in its file."""

    name: str
    line: int  # of the first byte, from 1
    midline: bool  # something other than blanks stands before it on its line
    open_clause: bool  # a clause has begun before it
    clauses: int  # ended before it
    variables: int  # allowed
    limit: int | None  # clauses in the header, None if they do not count


def found(data: bytes, position: int = 0) -> str:
    """Describe what stands at a position, for "expected ..., found ..."."""
    if position >= len(data):
        return END_OF_FILE
    if data[position] == 0x0A or data[position : position + 2] == b"\r\n":
        return "the end of the line"
    special = {0x0D: "a carriage return", 0x20: "a space", 0x09: "a tab"}.get(data[position])
    if special:
        return special
    for mark, text in _MARKS:
        if data.startswith(mark, position):
            return text
    match = _WORD.match(data, position, position + _SNIPPET + 1)
    word = match.group() if match else b""
    more = "..." if len(word) > _SNIPPET else ""
    word = word[:_SNIPPET]
    if all(0x20 < byte < 0x7F for byte in word):
        return f"{word.decode('ascii')!r}{more}"
    if any(byte < 0x20 or byte == 0x7F for byte in word):
        return f"binary data {_cut(word, more)}"
    return f"bytes that are not ASCII {_cut(word, more)}"


def _cut(word: bytes, more: str) -> str:
    return f"{word[:_BINARY]!r}{'...' if len(word) > _BINARY else more}"


def parse_header(name: str, line: int, text: bytes, strict: bool) -> tuple[int, int]:
    """Read the header line, newline included: the numbers of variables and clauses, or InputError."""
    blanks = rb"" if strict else rb"[ \t]*"
    steps = (
        (rb"p", HEADER),
        (rb" ", "a space after 'p' in the header"),
        (blanks + rb"cnf", "'cnf' after 'p' in the header"),
        (rb" ", "a space after 'p cnf' in the header"),
        (blanks + rb"[0-9]+", "the number of variables in the header"),
        (rb" ", "a space after the number of variables in the header"),
        (blanks + rb"[0-9]+", "the number of clauses in the header"),
        (blanks + rb"\r?\n", "the end of the line after the number of clauses in the header"),
    )
    position = 0
    numbers = []
    for pattern, expected in steps:
        match = re.compile(pattern).match(text, position)
        if match is None:
            if blanks and pattern.startswith(blanks) and (blank := _BLANKS.match(text, position)):
                position = blank.end()
            raise InputError(name, line, f"expected {expected}, found {found(text, position)}")
        if b"[0-9]" in pattern:
            numbers.append(match.group().strip(b" \t"))
        position = match.end()
    counts = []
    for digits, most, what in zip(
        numbers, (MAX_VARIABLE, _MOST_CLAUSES), ("variables", "clauses"), strict=True
    ):
        count = _integer(digits)
        if count is None or count > most:
            raise InputError(
                name, line, f"expected at most {most} {what} in the header, found {_digits(digits)}"
            )
        counts.append(count)
    return counts[0], counts[1]


def _integer(digits: bytes) -> int | None:
    """Convert digits, None if there are too many for any use."""
    digits = digits.lstrip(b"0") or b"0"
    return int(digits) if len(digits) <= _SNIPPET else None


def _digits(digits: bytes) -> str:
    text = digits.decode("ascii")
    return text if len(text) <= _SNIPPET else text[:_SNIPPET] + "..."


def diagnose(data: bytes, size: int, place: Place) -> InputError:
    """Find the first error in data[:size], a piece of the file after the header; what follows is context."""
    try:
        _scan(data, size, place)
    except InputError as error:
        return error
    return InputError(place.name, place.line, "expected clauses in the DIMACS format from here on")


def _scan(piece: bytes, size: int, place: Place) -> None:
    name, line, midline = place.name, place.line, place.midline
    clauses, open_clause = place.clauses, place.open_clause
    in_xor = xor_ended = False
    position = 0
    while position < size:
        byte = piece[position : position + 1]
        if byte in b" \t":
            position += 1
            continue
        if byte == b"\n":
            if in_xor and not xor_ended:
                raise InputError(name, line, "expected 0 at the end of the x line, found the end of the line")
            line, midline, in_xor, xor_ended = line + 1, False, False, False
            position += 1
            continue
        if byte == b"\r":
            if piece[position + 1 : position + 2] != b"\n":
                what = found(piece, position + 1)
                raise InputError(name, line, f"expected a newline after a carriage return, found {what}")
            position += 1
            continue
        if byte == b"c":
            end = piece.find(b"\n", position)
            position = size if end < 0 else end
            continue
        if in_xor and xor_ended:
            what = found(piece, position)
            raise InputError(
                name, line, f"expected the end of the line after the 0 of an x line, found {what}"
            )
        if byte == b"x" and not midline:
            if open_clause:
                raise InputError(
                    name, line, "expected 0 at the end of the clause before an x line, found 'x'"
                )
            in_xor = midline = True
            position += 1
            continue
        value, position = _literal(piece, position, line, place, first=not midline)
        midline = True
        if in_xor:
            xor_ended = value == 0
        elif value:
            open_clause = True
        else:
            clauses, open_clause = clauses + 1, False
            if place.limit is not None and clauses > place.limit:
                what = plural(place.limit, "clause")
                message = f"expected {what} as in the header (or --relaxed), found one more"
                raise InputError(name, line, message)
    if in_xor and not xor_ended:
        raise InputError(name, line, f"expected 0 at the end of the x line, found {END_OF_FILE}")


def _literal(piece: bytes, position: int, line: int, place: Place, *, first: bool) -> tuple[int, int]:
    """Read one literal, perhaps the first of its line; return its variable and the position after it."""
    name = place.name
    match = _LITERAL.match(piece, position)
    sign, digits = match.groups() if match else (b"", b"")
    end = position + len(sign) + len(digits)
    if not digits:
        if sign:
            raise InputError(name, line, f"expected a digit after '-', found {found(piece, end)}")
        what = found(piece, position)
        if piece.startswith(b"%", position):
            what += " (reading stops there without --strict)" if first and place.limit is not None else ""
        elif piece.startswith(b"p ", position):
            what = "a second header"
        elif piece.startswith(b"x", position):
            what = "'x' that does not begin its line"
        raise InputError(name, line, f"expected a literal, found {what}")
    if sign and digits.startswith(b"0"):
        what = found(piece, position + 1)
        raise InputError(name, line, f"expected a nonzero digit after '-', found {what}")
    variable = _integer(digits)
    if variable is None or variable > MAX_VARIABLE:
        raise InputError(name, line, f"expected variables up to {MAX_VARIABLE}, found {_digits(digits)}")
    if end < len(piece) and piece[end : end + 1] not in b" \t\n\rc":
        literal = _digits(sign + digits)
        raise InputError(
            name, line, f"expected white space after the literal {literal}, found {found(piece, end)}"
        )
    if variable > place.variables:
        message = (
            f"expected variables up to {place.variables} as in the header (or --relaxed), found {variable}"
        )
        raise InputError(name, line, message)
    return variable, end


def plural(count: int, noun: str) -> str:
    """Write a count with its noun: 1 clause, 2 clauses."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
