"""Write XORs as clauses of a DRAT proof, text or binary, by whole arrays."""

import itertools
from collections.abc import Callable, Sequence
from functools import cache
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.dimacs.writer import format_numbers

_BATCH: Final = 1 << 18  # tokens formatted in one step: some 10 ms
# The values a step's tokens are taken from: three marks, then the codes 2v or 2v + 1 of its literals.
_END, _ADDED, _DELETED, _FIRST = range(4)


class _Template(NamedTuple):
    """How a step becomes tokens: token i is value source[i], with the lowest bit flipped by flip[i]."""

    literals: int
    source: NDArray[np.intp]  # (tokens,)
    flip: NDArray[np.uint32]  # (tokens,) 1 where the literal is negated


def halves(splits: int, signs: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """List the signs of split literals, shortest last: each clause follows from the two that halve it.

    The second half is not written: what propagates in it does so under its own literal, too.
    """
    if len(signs) == splits:
        return [signs]
    return [*halves(splits, (*signs, 0)), *halves(splits, (*signs, 1))[:-1], signs]


@cache
def _template(mark: int, width: int, splits: int) -> _Template:
    """Lay out the 2**(width - 1) clauses of an XOR, each after the clauses that split it, deleted again."""
    tokens: list[tuple[int, int]] = []
    parts = halves(splits)
    for signs in itertools.product((0, 1), repeat=width):
        if sum(signs) % 2 == 0:
            for begin, chosen in ((mark, parts), (_DELETED, parts[:-1])):
                for part in chosen:
                    tokens.append((begin, 0))
                    tokens.extend((_FIRST + place, sign) for place, sign in enumerate((*signs, *part)))
                    tokens.append((_END, 0))
    source, flip = zip(*tokens, strict=True)
    return _Template(width + splits, np.array(source, np.intp), np.array(flip, np.uint32))


class DratWriter:
    """Collects steps and writes them in batches; `check` is called between batches.

    A step adds or deletes the 2**(k-1) clauses of an XOR of k literals that is true, for k = 0 the empty one.
    OSError if the file cannot be written.
    """

    def __init__(self, file: BinaryIO, *, binary: bool, check: Callable[[], None]) -> None:
        self.size = 0  # bytes written
        self._file = file
        self._binary = binary
        self._check = check
        self._kinds: dict[tuple[int, int, int], int] = {}
        self._templates: list[_Template] = []
        self._steps: list[int] = []  # (steps,) their templates
        self._literals: list[int] = []
        self._room = _BATCH

    def add(self, literals: Sequence[int], splits: Sequence[int] = ()) -> None:
        """Add an XOR; its first literal is the pivot should it be a definition.

        Where an assignment of the XOR's variables is refuted by unit propagation only once the variables
        `splits` have values, too, these make a case split, by clauses that are deleted at once.
        """
        self._step(_ADDED, literals, splits)

    def delete(self, literals: Sequence[int]) -> None:
        """Delete an XOR added before, in any order of its literals."""
        self._step(_DELETED, literals, ())

    def _step(self, mark: int, literals: Sequence[int], splits: Sequence[int]) -> None:
        key = mark, len(literals), len(splits)
        kind = self._kinds.get(key, -1)
        if kind < 0:
            kind = self._kinds[key] = len(self._templates)
            self._templates.append(_template(*key))
        self._steps.append(kind)
        self._literals += literals
        self._literals += splits
        self._room -= self._templates[kind].source.size
        if self._room < 0:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        self._check()
        if not self._steps:
            return
        steps = np.array(self._steps)
        literals = np.array(self._literals, np.int32)
        codes = (np.abs(literals).astype(np.uint32) << 1) | (literals < 0)
        ends = np.cumsum(np.array([template.literals for template in self._templates])[steps])
        stops = np.cumsum(np.array([template.source.size for template in self._templates])[steps])
        tokens = np.empty(stops[-1], np.uint32)
        marks = np.empty(stops[-1], np.bool_)
        for kind, (width, source, flip) in enumerate(self._templates):
            chosen = np.flatnonzero(steps == kind)
            values = np.empty((chosen.size, _FIRST + width), np.uint32)
            values[:, _END], values[:, _ADDED], values[:, _DELETED] = 0, ord("a"), ord("d")
            values[:, _FIRST:] = codes[ends[chosen, None] - width + np.arange(width)]
            places = stops[chosen, None] - source.size + np.arange(source.size)  # (chosen, tokens)
            tokens[places] = values[:, source] ^ flip
            marks[places] = source < _FIRST
        data = _binary(tokens) if self._binary else _text(tokens, marks)
        self._file.write(data)
        self.size += len(data)
        self._steps.clear()
        self._literals.clear()
        self._room = _BATCH


def added_clauses(literals: NDArray[np.int32], sizes: NDArray[np.int64], *, binary: bool) -> bytes:
    """Return steps that add clauses, one after the other: literals (flat,), sizes (clauses,)."""
    if not sizes.size:
        return b""
    ends = np.cumsum(sizes + 2)
    tokens = np.zeros(ends[-1], np.uint32)
    marks = np.zeros(tokens.size, np.bool_)
    tokens[ends - sizes - 2] = ord("a")
    marks[ends - sizes - 2] = marks[ends - 1] = True
    tokens[~marks] = np.abs(literals).astype(np.uint32) << 1 | (literals < 0)
    return _binary(tokens) if binary else _text(tokens, marks)


def _binary(tokens: NDArray[np.uint32]) -> bytes:
    """Encode tokens (tokens,) seven bits a byte, lowest first; the marks fit in one."""
    sizes = np.ones(tokens.size, np.int64)
    for bits in range(7, 32, 7):
        sizes += tokens >= 1 << bits
    ends = np.cumsum(sizes)
    data = np.empty(ends[-1], np.uint8)
    rest: NDArray[np.uint32] = tokens
    places = ends - sizes
    while rest.size:
        more = rest >= 128
        data[places] = (rest & 127) | (more.astype(np.uint32) << 7)
        rest, places = np.right_shift(rest[more], 7, dtype=np.uint32), places[more] + 1
    return data.tobytes()


def _text(tokens: NDArray[np.uint32], marks: NDArray[np.bool_]) -> bytes:
    """Write tokens (tokens,) as text: nothing stands before an added clause."""
    kept = ~marks | (tokens != ord("a"))
    tokens, marks = tokens[kept], marks[kept]
    numbers = (tokens >> 1).astype(np.int32)
    numbers[(tokens & 1 == 1) & ~marks] *= -1
    numbers[marks] = 0
    text = format_numbers(numbers, np.flatnonzero(marks & (tokens == 0)))
    # Only a mark that is no end of a clause is a 0 with a blank behind it at the start of a line.
    return (b"\n" + text).replace(b"\n0 ", b"\nd ")[1:]
