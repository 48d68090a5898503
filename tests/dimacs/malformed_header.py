"""Files that are malformed before the end of their header, or no DIMACS at all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Malformed:
    """A file, the options it is read with, and the message, in which {file} stands for its path."""

    name: str
    data: bytes
    message: str
    options: tuple[str, ...] = ()


HEAD = b"p cnf 3 2\n"
HEADER = "the header 'p cnf VARIABLES CLAUSES'"
STRICT = ("--strict",)
RELAXED = ("--relaxed",)

IN_HEADER = (
    Malformed("empty", b"", "{file}:1: expected " + HEADER + ", found an empty file"),
    Malformed("empty_relaxed", b"", "{file}:1: expected " + HEADER + ", found an empty file", RELAXED),
    Malformed("only_newlines", b"\n\n", "{file}:2: expected " + HEADER + ", found the end of the file"),
    Malformed(
        "only_comments", b"c one\nc two\n", "{file}:2: expected " + HEADER + ", found the end of the file"
    ),
    Malformed(
        "comment_without_newline",
        b"c one\nc two",
        "{file}:2: expected a newline after the comment and " + HEADER + ", found the end of the file",
    ),
    Malformed("no_header", b"1 -2 0\n2 3 0\n", "{file}:1: expected a comment or " + HEADER + ", found '1'"),
    Malformed(
        "no_header_relaxed",
        b"c text\n1 -2 0\n",
        "{file}:2: expected a comment or " + HEADER + ", found '1'",
        RELAXED,
    ),
    Malformed(
        "blank_before_header",
        b" p cnf 3 2\n1 -2 0\n2 3 0\n",
        "{file}:1: expected a comment or " + HEADER + ", found a space",
    ),
    Malformed(
        "other_word",
        b"cnf\nhello world\np cnf 1 1\n1 0\n",
        "{file}:2: expected a comment or " + HEADER + ", found 'hello'",
    ),
    Malformed("wcnf", b"p wcnf 3 2 10\n", "{file}:1: expected 'cnf' after 'p' in the header, found 'wcnf'"),
    Malformed(
        "header_without_space",
        b"pcnf 3 2\n",
        "{file}:1: expected a space after 'p' in the header, found 'cnf'",
    ),
    Malformed(
        "header_tab", b"p\tcnf 3 2\n", "{file}:1: expected a space after 'p' in the header, found a tab"
    ),
    Malformed(
        "header_alone", b"p", "{file}:1: expected a space after 'p' in the header, found the end of the file"
    ),
    Malformed(
        "header_no_numbers",
        b"p cnf\n",
        "{file}:1: expected a space after 'p cnf' in the header, found the end of the line",
    ),
    Malformed(
        "header_no_clauses",
        b"p cnf 3\n",
        "{file}:1: expected a space after the number of variables in the header, found the end of the line",
    ),
    Malformed(
        "header_no_newline",
        b"c text\np cnf 3 2",
        "{file}:2: expected the end of the line after the number of clauses in the header, "
        "found the end of the file",
    ),
    Malformed(
        "header_negative_variables",
        b"p cnf -3 2\n",
        "{file}:1: expected the number of variables in the header, found '-3'",
    ),
    Malformed(
        "header_negative_clauses",
        b"p cnf 3 -2\n",
        "{file}:1: expected the number of clauses in the header, found '-2'",
    ),
    Malformed(
        "header_fraction",
        b"p cnf 3.5 2\n",
        "{file}:1: expected a space after the number of variables in the header, found '.5'",
    ),
    Malformed(
        "header_word",
        b"p cnf three 2\n",
        "{file}:1: expected the number of variables in the header, found 'three'",
    ),
    Malformed(
        "header_third_number",
        b"p cnf 3 2 1\n1 0\n2 0\n",
        "{file}:1: expected the end of the line after the number of clauses in the header, found '1'",
    ),
    Malformed(
        "header_variables_too_large",
        b"p cnf 536870912 1\n1 0\n",
        "{file}:1: expected at most 536870911 variables in the header, found 536870912",
    ),
    Malformed(
        "header_variables_64_bits",
        b"p cnf 99999999999999999999 1\n1 0\n",
        "{file}:1: expected at most 536870911 variables in the header, found 99999999999999999999",
    ),
    Malformed(
        "header_clauses_64_bits",
        b"p cnf 1 18446744073709551616\n1 0\n",
        "{file}:1: expected at most 18446744073709551615 clauses in the header, found 18446744073709551616",
    ),
    Malformed(
        "header_endless_number",
        b"p cnf 1" + b"0" * 200 + b" 1\n",
        "{file}:1: expected at most 536870911 variables in the header, found 100000000000000000000000...",
    ),
    Malformed(
        "header_carriage_return",
        b"p cnf 3 2\r1 -2 0\n",
        "{file}:1: expected the end of the line after the number of clauses in the header, "
        "found a carriage return",
    ),
    Malformed(
        "header_two_blanks_strict",
        b"p  cnf 3 2\n1 -2 0\n2 3 0\n",
        "{file}:1: expected 'cnf' after 'p' in the header, found a space",
        STRICT,
    ),
    Malformed(
        "header_trailing_blank_strict",
        b"p cnf 3 2 \n1 -2 0\n2 3 0\n",
        "{file}:1: expected the end of the line after the number of clauses in the header, found a space",
        STRICT,
    ),
    Malformed(
        "empty_line_strict",
        b"c text\n\np cnf 3 2\n1 -2 0\n2 3 0\n",
        "{file}:2: expected a comment or " + HEADER + ", found an empty line (--strict)",
        STRICT,
    ),
    Malformed(
        "comment_carriage_return",
        b"c one\rc two\np cnf 3 2\n",
        "{file}:1: expected a newline after a carriage return, found 'c'",
    ),
    Malformed(
        "utf8_mark",
        b"\xef\xbb\xbfp cnf 3 2\n1 -2 0\n2 3 0\n",
        "{file}:1: expected a comment or " + HEADER + ", found a UTF-8 byte order mark",
    ),
    Malformed(
        "utf16_little",
        b"\xff\xfe" + "p cnf 1 1\n1 0\n".encode("utf-16-le"),
        "{file}:1: expected a comment or " + HEADER + ", found UTF-16 text",
    ),
    Malformed(
        "utf16_big",
        b"\xfe\xff" + "p cnf 1 1\n1 0\n".encode("utf-16-be"),
        "{file}:1: expected a comment or " + HEADER + ", found UTF-16 text",
    ),
    Malformed(
        "binary",
        b"\x7fELF\x02\x01\x01" + bytes(9) + bytes(range(256)),
        "{file}:1: expected a comment or "
        + HEADER
        + ", found binary data b'\\x7fELF\\x02\\x01\\x01\\x00'...",
    ),
    Malformed(
        "binary_after_header",
        HEAD + b"1 2 0\n" + bytes(range(1, 9)) + b"\xfe\xfd 0\n",
        "{file}:3: expected a literal, found binary data b'\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08'...",
    ),
    Malformed(
        "nul_bytes",
        bytes(64),
        "{file}:1: expected a comment or "
        + HEADER
        + ", found binary data b'\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'...",
    ),
    Malformed(
        "nul_in_clause",
        HEAD + b"1 -2 0\n2 \x003 0\n",
        "{file}:3: expected a literal, found binary data b'\\x003'",
    ),
    Malformed(
        "not_ascii",
        HEAD + b"1 -2 0\n2 \xe2\x88\x9a 0\n",
        "{file}:3: expected a literal, found bytes that are not ASCII b'\\xe2\\x88\\x9a'",
    ),
)
