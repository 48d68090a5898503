"""The text in AIGER files: lines of numbers by whole arrays, the symbols, and where an error stands."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.dimacs.diagnosis import END_OF_FILE, found
from turbosat.dimacs.integers import PADDING, tokenise
from turbosat.errors import InputError

DIGITS: Final = 10  # of a number at most, leading zeros included
BLOCK: Final = 1 << 13  # lines between two calls of `check`: their arrays stay in the cache
KINDS: Final = b"ilobcjf"  # of symbols: inputs, latches, outputs, bad states, constraints, justice, fairness
_NUMBER: Final = re.compile(rb"[0-9]+")
_SYMBOL: Final = re.compile(rb"([ilobcjf])([0-9]{1,10}) ([^\n]*)\n")
_COMMENT: Final = re.compile(rb"c(?![0-9])\n?")
_COMMENT_RETURNS: Final = re.compile(rb"c(?![0-9])(\r?\n)?")
_SYMBOLS: Final = 1 << 12  # between two calls of `check`


@dataclass(frozen=True, slots=True)
class Numbers:
    """Consecutive lines of numbers."""

    values: NDArray[np.int64]  # (numbers,)
    starts: NDArray[np.int64]  # (lines + 1,), line i has values[starts[i] : starts[i + 1]]
    line: int  # in the file, of the first one


class Lines:
    """An AIGER file after its header, read from its start to its end.

    All lines end in a newline, or all in a carriage return and a newline. Errors name the line, or in what
    follows binary gates the byte. `check` is called between blocks.
    """

    def __init__(
        self, data: bytes, name: str, start: int, *, returns: bool, check: Callable[[], None]
    ) -> None:
        self.data, self.name = data, name
        self.position = start
        self.line = 2
        self.counting = True  # lines; not behind binary gates
        self.check = check
        self._returns = returns

    def error(self, message: str, line: int | None = None) -> InputError:
        """Return an error in a line, the next one unless it is given, or at the next byte."""
        if self.counting:
            return InputError(self.name, self.line if line is None else line, message)
        return InputError(self.name, None, f"byte {self.position}: {message}")

    def take(self, count: int, low: int, high: int, what: str) -> Numbers:
        """Read lines of `low` to `high` numbers each; `what` says what stands in one, "an input"."""
        line = self.line
        values, counts = [np.zeros(0, np.int64)], [np.zeros(1, np.int64)]
        for first in range(0, count, BLOCK):
            self.check()
            part, sizes = self._take(min(BLOCK, count - first), low, high, what)
            values.append(part)
            counts.append(sizes)
        return Numbers(np.concatenate(values), np.cumsum(np.concatenate(counts)), line)

    def _take(
        self, count: int, low: int, high: int, what: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the numbers in the next lines, and how many each has."""
        room = min(len(self.data) - self.position, count * (high * (DIGITS + 1) + 2))
        text = np.frombuffer(self.data, np.uint8, room, self.position)
        newlines = np.flatnonzero(text == 0x0A)[:count]
        size = int(newlines[-1]) + 1 if newlines.size else 0
        wrong, values, counts = self._numbers(text[:size], newlines, low, high)
        if wrong is not None or newlines.size < count:
            wrong = newlines.size if wrong is None else wrong
            start = self.position + (int(newlines[wrong - 1]) + 1 if wrong else 0)
            raise self._explain(start, self.line + wrong, low, high, what)
        self.position += size
        self.line += count
        return values, counts

    def _numbers(
        self, text: NDArray[np.uint8], newlines: NDArray[np.int64], low: int, high: int
    ) -> tuple[int | None, NDArray[np.int64], NDArray[np.int64]]:
        """Return the first line that is wrong, if any, the numbers, and how many each line has."""
        wrong: list[int] = []
        if self._returns:
            returned = text[newlines - 1] == 0x0D
            if not returned.all():
                wrong.append(int(np.argmin(returned)))
            text = np.delete(text, newlines[returned] - 1)
            newlines = np.flatnonzero(text == 0x0A)
        digit = text - np.uint8(0x30) < 10
        separates = (text == 0x0A) | (text == 0x20)
        before = np.append(False, digit[:-1])[: text.size]
        odd = ~(digit | separates) | (separates & ~before)
        starts = np.flatnonzero(digit & ~before)
        long = np.flatnonzero(separates & before) - starts > DIGITS if not odd.any() else odd[:0]
        counts = np.diff(np.searchsorted(starts, newlines), prepend=0)
        strange = (counts < low) | (counts > high)
        wrong += [int(np.argmax(strange))] if strange.any() else []
        for places in (np.flatnonzero(odd)[:1], starts[: long.size][long][:1]):
            wrong += np.searchsorted(newlines, places).tolist()
        none = np.zeros(0, np.int64)
        if wrong:
            return min(wrong), none, none
        tokens = tokenise(np.append(text, np.zeros(PADDING, np.uint8)), text.size)
        assert tokens is not None  # digits, blanks and newlines only
        return None, tokens[0].astype(np.int64), counts

    def _explain(self, start: int, number: int, low: int, high: int, what: str) -> InputError:
        """Say what is wrong with the line that starts at a byte: the slow way."""
        line = self.data[start : start + (high + 1) * (DIGITS + 2)]
        position = 0
        for k in range(high):
            match = _NUMBER.match(line, position)
            if match is None:
                wanted = what if k == 0 else "another number"
                return self.error(f"expected {wanted}, found {found(line, position)}", number)
            if match.end() - position > DIGITS:
                return self.error(f"expected a number of at most {DIGITS} digits, found more", number)
            position = match.end()
            blank = line[position : position + 1] == b" "
            if not blank and k + 1 < low:
                there = found(line, position)
                return self.error(f"expected a space and another number, found {there}", number)
            if not blank or k + 1 == high:
                break
            position += 1
        wanted = "a newline"
        if self._returns:
            wanted = "a carriage return and a newline, as after the header"
        odd = {b"\n": "a newline", b"\r": "a carriage return"}.get(line[position : position + 1])
        return self.error(f"expected {wanted}, found {odd or found(line, position)}", number)

    def symbols(self, counts: dict[str, int]) -> tuple[dict[tuple[str, int], bytes], bytes, bool]:
        """Read the rest: names of symbols, of which there are `counts` of each kind, and comments.

        A `c` that no number follows begins the comments; last is whether they follow it at once.
        """
        names: dict[tuple[str, int], bytes] = {}
        comment = _COMMENT_RETURNS if self._returns else _COMMENT
        while self.position < len(self.data):
            if len(names) % _SYMBOLS == 0:
                self.check()
            if begin := comment.match(self.data, self.position):
                comments = self.data[begin.end() :]
                return names, comments, bool(comments) and begin.end() == self.position + 1
            match = _SYMBOL.match(self.data, self.position)
            if match is None:
                raise self._no_symbol()
            kind, place, name = match[1].decode(), int(match[2]), match[3]
            if self._returns:
                if not name.endswith(b"\r"):
                    raise self.error("expected a carriage return and a newline, as in the header")
                name = name[:-1]
            if place >= counts[kind]:
                raise self.error(f"expected a symbol of {kind} below {counts[kind]}, found {kind}{place}")
            if (kind, place) in names:
                raise self.error(f"expected one symbol for {kind}{place}, found a second")
            names[kind, place] = name
            self.position = match.end()
            self.line += 1
        return names, b"", False

    def _no_symbol(self) -> InputError:
        """Say what is wrong where neither a symbol nor the comments begin."""
        data, position = self.data, self.position
        if data[position] not in KINDS:
            return self.error(
                f"expected a symbol, 'c' for comments, or {END_OF_FILE}, found {found(data, position)}"
            )
        match = _NUMBER.match(data, position + 1)
        if match is None:
            return self.error(
                f"expected a number after {chr(data[position])!r}, found {found(data, position + 1)}"
            )
        if match.end() - match.start() > DIGITS:
            return self.error(f"expected a number of at most {DIGITS} digits, found more")
        if data[match.end() : match.end() + 1] != b" ":
            return self.error(f"expected a space before the symbol's name, found {found(data, match.end())}")
        return self.error(f"expected a newline after the symbol's name, found {END_OF_FILE}")
