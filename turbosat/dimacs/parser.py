"""The DIMACS parser: a file in blocks of any size to flat arrays, by whole arrays."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.dimacs.diagnosis import (
    END_OF_FILE,
    HEADER,
    LOOKAHEAD,
    Place,
    diagnose,
    found,
    parse_header,
    plural,
)
from turbosat.dimacs.integers import PADDING, tokenise
from turbosat.dimacs.lines import Rows, blank_comments, blank_returns, split_xors, xor_lines
from turbosat.errors import InputError
from turbosat.validation import MAX_VARIABLE

_LONGEST_TOKEN: Final = 1 << 20  # bytes; none is wanted, but leading zeros are allowed
_NONE: Final = np.zeros(0, dtype=np.int32)
_ODD: Final = re.compile(rb"[^0-9 \t-]")
_COMMENTS: Final = re.compile(rb"(?:c[^\r\n]*\r?\n)+")
_PERCENT: Final = re.compile(rb"^[ \t]*%", re.MULTILINE)


class Content(NamedTuple):
    """What a DIMACS file says: clauses and, if there are x lines, the rows of XORs, in flat arrays.

    `literals` (literals,) int32 and `offsets` (clauses + 1,) int64; a row of signed literals has an odd
    number of true ones.
    """

    literals: NDArray[np.int32]
    offsets: NDArray[np.int64]
    variables: int
    xors: tuple[NDArray[np.int32], NDArray[np.int64]] | None


class Parser:
    """Push blocks of bytes with `feed`, take the content from `finish`; InputError from either."""

    def __init__(
        self, name: str, *, strict: bool, relaxed: bool, check: Callable[[], None], limit: int
    ) -> None:
        self._name = name
        self._strict = strict
        self._relaxed = relaxed
        self._check = check
        self._limit = limit  # bytes after which a line without its end is cut
        self._header: tuple[int, int] | None = None
        self._pending: list[bytes] = []  # read, not parsed
        self._waiting = False  # for a newline
        self._line = 1
        self._last = b""  # the last byte of the file so far
        self._midline = False  # something other than blanks has been parsed on this line
        self._comment = False  # the rest of this line is a comment
        self._clauses = Rows()
        self._xors = Rows()
        self.stopped = False  # at a line with %: relaxed, the rest of the file does not matter
        self._rest = b""  # what follows the %, less the zeros and blanks at the end of SATLIB's files
        self._rest_line = 0

    def feed(self, block: bytes) -> None:
        """Parse what can be parsed of one more block."""
        self._check()
        if not block or self.done:
            return
        if self.stopped:
            self._pass_over(block)
            return
        self._last = block[-1:]
        self._pending.append(block)
        if not self._waiting or b"\n" in block:
            self._waiting = False
            self._parse(final=False)

    @property
    def done(self) -> bool:
        """Whether the rest of the file does not matter."""
        return self.stopped and self._relaxed

    @property
    def note(self) -> str:
        """What a user should know of how the file was read."""
        return f"line {self._line} begins with '%', as at the end of SATLIB's files" if self.stopped else ""

    def finish(self) -> Content:
        """Parse the rest, check the counts and join the arrays."""
        if not self.stopped:
            self._parse(final=True)
        if self._rest:
            raise self._surplus()
        last = self._line - (self._last == b"\n" and not self.stopped)
        if self._header is None:
            what = END_OF_FILE if self._last else "an empty file"
            raise InputError(self._name, max(1, last), f"expected {HEADER}, found {what}")
        variables, clauses = self._header
        if self._clauses.open:
            where = "a line with '%'" if self.stopped else END_OF_FILE
            raise InputError(self._name, last, f"expected 0 at the end of the last clause, found {where}")
        read, xors = self._clauses.count, self._xors.count
        if not self._relaxed and clauses not in (read, read + xors):
            what = plural(read, "clause") + (f" and {plural(xors, 'XOR')}" if xors else "")
            message = f"expected {plural(clauses, 'clause')} as in the header (or --relaxed), found {what}"
            raise InputError(self._name, last, message)
        rows = self._xors.arrays(self._check) if xors else None
        literals, offsets = self._clauses.arrays(self._check)
        if self._relaxed:
            variables = max(variables, self._clauses.largest, self._xors.largest)
        return Content(literals, offsets, variables, rows)

    def _parse(self, final: bool) -> None:
        data = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        self._pending = []
        if self._header is None:
            data = self._parse_header(data, final)
        if self._comment:
            end = data.find(b"\n")
            self._comment = end < 0
            data = b"" if end < 0 else data[end:]
        if self._header is not None:
            cut = len(data) if final else data.rfind(b"\n") + 1
            if not cut and len(data) >= self._limit:
                cut = self._cut_line(data)
            if cut:
                self._parse_piece(data, cut)
            if final and self._strict:
                tail = data[data.rfind(b"\n") + 1 :]
                if self._comment or b"c" in tail or tail.rstrip(b" \t") == tail != b"":
                    message = f"expected a newline before {END_OF_FILE} (--strict), found none"
                    raise InputError(self._name, self._line, message)
            data = b"" if self.stopped or self._comment else data[cut:]
        if data:
            self._pending.append(data)

    def _parse_header(self, data: bytes, final: bool) -> bytes:
        """Parse lines up to the header and return what follows, or what is not complete yet."""
        start = 0
        while start < len(data):
            if comments := _COMMENTS.match(data, start):
                self._line += data.count(b"\n", start, comments.end())
                start = comments.end()
                continue
            end = data.find(b"\n", start) + 1
            first = data[start : start + 1]
            if first not in (b"c", b"p", b"\r", b"\n"):
                if not end and not final and len(data) - start < LOOKAHEAD:
                    break
                what = found(data, start)
                raise InputError(self._name, self._line, f"expected a comment or {HEADER}, found {what}")
            if not end and not final:
                if first == b"c":
                    return self._short_comment(data, start)
                if len(data) - start > _LONGEST_TOKEN:
                    message = (
                        f"expected the end of the line, found more than {_LONGEST_TOKEN} bytes without it"
                    )
                    raise InputError(self._name, self._line, message)
                break
            line = data[start:end] if end else data[start:]
            if first == b"p":
                self._header = parse_header(self._name, self._line, line, self._strict)
                self._line += 1
                return data[end:]
            lone = line.find(b"\r")
            if lone >= 0 and line[lone + 1 :] != b"\n":
                message = f"expected a newline after a carriage return, found {found(line, lone + 1)}"
                raise InputError(self._name, self._line, message)
            if self._strict and first != b"c":
                message = f"expected a comment or {HEADER}, found an empty line (--strict)"
                raise InputError(self._name, self._line, message)
            if not end:
                message = f"expected a newline after the comment and {HEADER}, found {END_OF_FILE}"
                raise InputError(self._name, self._line, message)
            self._line += 1
            start = end
        return data[start:]

    def _short_comment(self, data: bytes, start: int) -> bytes:
        """Return what matters of a comment that goes on: it may be of any length."""
        end = max(start + 1, len(data) - LOOKAHEAD)
        lone = data.find(b"\r", start, end)
        if lone >= 0:
            message = f"expected a newline after a carriage return, found {found(data, lone + 1)}"
            raise InputError(self._name, self._line, message)
        return b"c" + data[end:]

    def _cut_line(self, data: bytes) -> int:
        """Choose how much to parse of a long line without its end; note what the next call has to know."""
        odd = _ODD.search(data)
        place = odd.start() if odd else len(data)
        blank = max(data.rfind(b" ", 0, place), data.rfind(b"\t", 0, place)) + 1
        if not odd:
            if not blank and len(data) > _LONGEST_TOKEN:
                message = f"expected a literal, found more than {_LONGEST_TOKEN} bytes without a blank"
                raise InputError(self._name, self._line, message)
            return blank
        if odd.group() == b"c" and b"-" not in data[blank:place]:
            self._comment = True
            return place
        if odd.group() == b"x" and not self._midline and not data[:place].strip():
            self._waiting = True
            return 0
        # An error, unless it is the carriage return of a newline to come; its message needs some context.
        return len(data) if len(data) - place >= LOOKAHEAD else blank

    def _parse_piece(self, data: bytes, size: int) -> None:
        """Parse whole tokens, data[:size], the first of which is not within a comment."""
        padded = data if len(data) >= size + PADDING else data + bytes(PADDING)
        tokens = tokenise(padded, size)
        xors: NDArray[np.int32] | None = _NONE
        if tokens is not None:
            values: NDArray[np.int32] | None = tokens[0]
        else:
            if not self._strict:
                size = self._stop(data, size)
            values, xors = self._parse_lines(padded, size)
        if values is None or xors is None or not self._allowed(values, xors):
            raise self._error(data, size)
        self._clauses.add(values)
        self._xors.add(xors)
        self._line += int(np.count_nonzero(np.frombuffer(data, np.uint8, size) == 0x0A))
        end = data.rfind(b"\n", 0, size)
        self._midline = bool(data[end + 1 : size].strip()) or (end < 0 and self._midline)

    def _allowed(self, values: NDArray[np.int32], xors: NDArray[np.int32]) -> bool:
        """Tell whether the variables and the clauses so far agree with the header."""
        variables, clauses = self._header or (0, 0)
        limit = MAX_VARIABLE if self._relaxed else variables
        for part in (values, xors):
            if part.size and (part.max() > limit or part.min() < -limit):
                return False
        ended = values.size - int(np.count_nonzero(values))
        return self._relaxed or self._clauses.count + ended <= clauses

    def _error(self, data: bytes, size: int) -> InputError:
        variables, clauses = self._header or (0, 0)
        place = Place(
            name=self._name,
            line=self._line,
            midline=self._midline,
            open_clause=self._clauses.open,
            clauses=self._clauses.count,
            variables=MAX_VARIABLE if self._relaxed else variables,
            limit=None if self._relaxed else clauses,
        )
        return diagnose(data, size, place)

    def _stop(self, data: bytes, size: int) -> int:
        """Find a line that begins with %, where clauses end: the size before it."""
        percent = _PERCENT.search(data, 0, size)
        if percent is None or (self._midline and percent.start() == 0):
            return size
        self.stopped = True
        self._rest_line = self._line + data.count(b"\n", 0, percent.start())
        self._pass_over(data[percent.end() :])
        return percent.start()

    def _pass_over(self, data: bytes) -> None:
        """Take what follows a %: nothing that matters, or else an error."""
        if not self._relaxed:
            data = self._rest + data
            self._rest = data.lstrip(b"0 \t\r\n")
            self._rest_line += data.count(b"\n", 0, len(data) - len(self._rest))
            if len(self._rest) >= LOOKAHEAD:
                raise self._surplus()

    def _surplus(self) -> InputError:
        message = f"expected only 0 after the line with '%' (or --relaxed), found {found(self._rest)}"
        return InputError(self._name, self._rest_line, message)

    def _parse_lines(
        self, data: bytes, size: int
    ) -> tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]:
        """Parse a piece with comments, x lines or carriage returns: values of clauses and XORs, or None."""
        text = np.frombuffer(data, dtype=np.uint8, count=size + PADDING).copy()
        newlines = np.append(np.flatnonzero(text[:size] == 0x0A), size)
        blank_comments(text[:size], newlines)
        lines = xor_lines(text[:size], newlines, self._midline)
        if lines is None or not blank_returns(text[:size]):
            return None, None
        tokens = tokenise(text, size)
        if tokens is None:
            return None, None
        values, starts = tokens
        return (values, _NONE) if not lines[0].size else split_xors(values, starts, lines, self._clauses.open)
