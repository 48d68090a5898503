"""The content of an AIGER file, ASCII or binary, to a graph."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.core.circuits import circuit as kernels
from turbosat.dimacs.diagnosis import found
from turbosat.encodings.circuit.aig import Aig, Literals
from turbosat.encodings.circuit.aiger_binary import decoded
from turbosat.encodings.circuit.aiger_lines import Lines, Numbers
from turbosat.errors import InputError
from turbosat.validation import MAX_VARIABLE

LONGEST_HEADER: Final = 256  # bytes
EFFORT: Final = 1 << 18  # steps of ordering between two calls of `check`
_HEADER: Final = re.compile(rb"(aag|aig)((?: [0-9]{1,20}){5,9})(\r?)\n")
_WORDS: Final = "the header 'aag M I L O A' or 'aig M I L O A', perhaps with the numbers B C J F"
_DENSE: Final = 8  # a table has so many times as many places as there are variables, at most


class Header(NamedTuple):
    """The first line."""

    binary: bool
    largest: int  # variable
    inputs: int
    latches: int
    outputs: int
    ands: int
    bad: int
    constraints: int
    justice: int
    fairness: int
    returns: bool  # before newlines
    size: int  # bytes


class Sections(NamedTuple):
    """The literals of a file as they were read, int64."""

    following: NDArray[np.int64]  # (latches,)
    reset: NDArray[np.int64]  # (latches,)
    outputs: NDArray[np.int64]
    bad: NDArray[np.int64]
    constraints: NDArray[np.int64]
    justice: NDArray[np.int64]  # all literals
    sizes: NDArray[np.int64]  # (justice,)
    fairness: NDArray[np.int64]


def parse_header(data: bytes, name: str, *, whole: bool = True) -> Header | None:
    """Read the header, or InputError; None if its end may be still to come, unless the file is `whole`."""
    match = _HEADER.match(data)
    if match is None:
        if not whole and b"\n" not in data and len(data) < LONGEST_HEADER:
            return None
        raise InputError(name, 1, f"expected {_WORDS}, found {_first_line(data)}")
    numbers = [int(word) for word in match[2].split()]
    largest, inputs, latches, outputs, ands, *others = numbers
    binary, defined = match[1] == b"aig", inputs + latches + ands
    if largest > MAX_VARIABLE:
        raise InputError(name, 1, f"expected at most {MAX_VARIABLE} variables in the header, found {largest}")
    if largest < defined or (binary and largest > defined):
        bound = "" if binary else "at least "
        raise InputError(
            name, 1, f"expected M = {bound}I + L + A = {defined} in the header, found M = {largest}"
        )
    bad, constraints, justice, fairness = [*others, 0, 0, 0, 0][:4]
    return Header(
        *(binary, largest, inputs, latches, outputs, ands, bad, constraints, justice, fairness),
        returns=bool(match[3]),
        size=match.end(),
    )


def _first_line(data: bytes) -> str:
    line = data[:LONGEST_HEADER].partition(b"\n")[0].rstrip(b"\r")
    if line.startswith((b"aag ", b"aig ")) and line.isascii() and len(line) < 60:
        return repr(line.decode())
    return found(data)


def parse(data: bytes, name: str, check: Callable[[], None] = lambda: None) -> Aig:
    """Parse a whole file, decompressed. InputError names the line, or the byte behind binary gates."""
    header = parse_header(data, name)
    assert header is not None  # of a whole file
    lines = Lines(data, name, header.size, returns=header.returns, check=check)
    return (_binary if header.binary else _ascii)(lines, header)


def _binary(lines: Lines, header: Header) -> Aig:
    numbers = lines.take(header.latches, 1, 2, "the next value of a latch")
    first = numbers.starts[:-1]
    own = 2 * np.arange(header.inputs + 1, header.inputs + 1 + header.latches)
    sections = _sections(lines, header, numbers, first, own)
    first_and = header.inputs + header.latches + 1
    ands = decoded(lines, header.ands, first_and)
    return _assembled(header, ands, sections, _as_read, *lines.symbols(_counts(header)))


def _as_read(literals: NDArray[np.int64]) -> Literals:
    return literals.astype(np.int32)


def _ascii(lines: Lines, header: Header) -> Aig:
    inputs = lines.take(header.inputs, 1, 1, "the literal of an input")
    latches = lines.take(header.latches, 2, 3, "the literal of a latch")
    first = latches.starts[:-1]
    latch_literals = latches.values[first]
    _require_new(lines, header, inputs.values, inputs.line)
    _require_new(lines, header, latch_literals, latches.line)
    sections = _sections(lines, header, latches, first + 1, latch_literals)
    gates = lines.take(header.ands, 3, 3, "the literal of an AND gate")
    rows = gates.values.reshape(-1, 3)
    _require_new(lines, header, rows[:, 0], gates.line)
    _require_known(lines, header, rows[:, 1:], gates.line + np.arange(len(rows))[:, None])
    return _renumbered(lines, header, inputs, latches, latch_literals, sections, gates)


def _sections(
    lines: Lines,
    header: Header,
    latches: Numbers,
    following: NDArray[np.int64],
    own: NDArray[np.int64],
) -> Sections:
    """Check the latches, the places of whose next values are given, and read up to the gates."""
    ends = latches.starts[1:]
    next_state = latches.values[following]
    _require_known(lines, header, next_state, latches.line + np.arange(next_state.size))
    reset = np.zeros_like(next_state)
    told = following + 1 < ends
    reset[told] = latches.values[ends[told] - 1]
    wrong = np.flatnonzero((reset > 1) & (reset != own))
    if wrong.size:
        i = int(wrong[0])
        message = f"expected a reset value of 0, 1 or {own[i]}, the latch itself, found {reset[i]}"
        raise lines.error(message, latches.line + i)
    outputs = _literals(lines, header, header.outputs, "the literal of an output")
    bad = _literals(lines, header, header.bad, "the literal of a bad state")
    constraints = _literals(lines, header, header.constraints, "the literal of a constraint")
    sizes = lines.take(header.justice, 1, 1, "the number of literals of a justice property").values
    justice = _literals(lines, header, int(sizes.sum()), "a literal of a justice property")
    fairness = _literals(lines, header, header.fairness, "the literal of a fairness constraint")
    return Sections(next_state, reset, outputs, bad, constraints, justice, sizes, fairness)


def _literals(lines: Lines, header: Header, number: int, what: str) -> NDArray[np.int64]:
    numbers = lines.take(number, 1, 1, what)
    _require_known(lines, header, numbers.values, numbers.line + np.arange(number))
    return numbers.values


def _require_known(
    lines: Lines, header: Header, literals: NDArray[np.int64], places: NDArray[np.int64]
) -> None:
    """Raise for the first literal beyond the header's variables; the lines of literals are given."""
    if literals.size and literals.max() > 2 * header.largest + 1:
        at = np.unravel_index(np.argmax(literals > 2 * header.largest + 1), literals.shape)
        line = int(np.broadcast_to(places, literals.shape)[at])
        message = f"expected a literal of at most {2 * header.largest + 1}, found {literals[at]}"
        raise lines.error(message, line)


def _require_new(lines: Lines, header: Header, literals: NDArray[np.int64], line: int) -> None:
    """Raise for the first literal that cannot be defined: a constant, a negation, one that is too large."""
    wrong = np.flatnonzero((literals < 2) | (literals & 1 == 1) | (literals > 2 * header.largest))
    if wrong.size:
        message = f"expected an even literal from 2 to {2 * header.largest}, found {literals[wrong[0]]}"
        raise lines.error(message, line + int(wrong[0]))


class _Names:
    """New numbers for the variables of a file: where each is defined, and 0 for the constant."""

    def __init__(self, defined: NDArray[np.int64], largest: int) -> None:
        order = np.argsort(defined, kind="stable")
        ranked = defined[order]
        self.repeated = np.sort(order[1:][ranked[1:] == ranked[:-1]])  # later definitions
        self._sorted = np.append(0, ranked)
        self._places = np.append(0, order + 1)
        self._table: NDArray[np.int64] | None = None
        if largest <= _DENSE * (defined.size + 1):
            self._table = np.full(largest + 1, -1)
            self._table[self._sorted] = self._places

    def of(self, variables: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the place of each, from 1, or -1."""
        if self._table is not None:
            return self._table[variables]
        at = np.minimum(np.searchsorted(self._sorted, variables), self._sorted.size - 1)
        return np.where(self._sorted[at] == variables, self._places[at], -1)


def _renumbered(
    lines: Lines,
    header: Header,
    inputs: Numbers,
    latches: Numbers,
    latch_literals: NDArray[np.int64],
    sections: Sections,
    gates: Numbers,
) -> Aig:
    rows = gates.values.reshape(-1, 3)
    names = _Names(np.concatenate([inputs.values, latch_literals, rows[:, 0]]) >> 1, header.largest)
    lines.check()
    places = np.concatenate(
        [each.line + np.arange(each.starts.size - 1) for each in (inputs, latches, gates)]
    )  # the lines of definitions
    if names.repeated.size:
        i = int(names.repeated[0])
        defined = np.concatenate([inputs.values, latch_literals, rows[:, 0]])
        raise lines.error(f"expected one definition of {defined[i]}, found a second", int(places[i]))
    # The lines of what is used: next values stand with their latches, the other sections between.
    used = latches.line + np.arange(header.latches)
    between = latches.line + header.latches
    for part, extra in (
        (sections.following, None),
        (sections.outputs, 0),
        (sections.bad, 0),
        (sections.constraints, 0),
        (sections.justice, header.justice),
        (sections.fairness, 0),
    ):
        if extra is not None:
            between += extra
            used = between + np.arange(part.size)
            between += part.size
        _require_defined(lines, names, part, used)
    operands = names.of(rows[:, 1:] >> 1)
    _require_defined(lines, names, rows[:, 1:], gates.line + np.arange(len(rows))[:, None])
    first_and = header.inputs + header.latches + 1
    order = _order(lines, operands - first_and, gates.line)
    numbers = np.arange(first_and + len(rows))
    numbers[first_and + order] = np.arange(first_and, first_and + len(rows))

    def renumber(literals: NDArray[np.int64]) -> Literals:
        return (2 * numbers[names.of(literals >> 1)] + (literals & 1)).astype(np.int32)

    ands = renumber(rows[order, 1:])
    ands.sort(axis=1)
    rest = lines.symbols(_counts(header))
    return _assembled(header, np.ascontiguousarray(ands[:, ::-1]), sections, renumber, *rest)


def _require_defined(
    lines: Lines, names: _Names, literals: NDArray[np.int64], places: NDArray[np.int64]
) -> None:
    missing = names.of(literals >> 1) < 0
    if missing.any():
        at = np.unravel_index(np.argmax(missing), literals.shape)
        line = int(np.broadcast_to(places, literals.shape)[at])
        raise lines.error(f"expected a literal that is defined, found {literals[at]}", line)


def _order(lines: Lines, operands: NDArray[np.int64], line: int) -> NDArray[np.int64]:
    """Return gates behind their operands (gates, 2), gates or below 0: as in the file if they are already."""
    count = len(operands)
    if (operands < np.arange(count)[:, None]).all():
        return np.arange(count)
    progress = np.zeros(kernels.PROGRESS, np.int64)
    states, stack = np.zeros(count, np.uint8), np.empty(count, np.int32)
    order = np.empty(count, np.int32)
    below = np.maximum(operands, -1).astype(np.int32)
    while not (done := kernels.order_ands(below, states, stack, order, progress, EFFORT)):
        lines.check()
    if done < 0:
        i = int(progress[kernels.CYCLE])
        raise lines.error("expected gates without a cycle, found one that needs itself", line + i)
    return order.astype(np.int64)


def _counts(header: Header) -> dict[str, int]:
    """Return how many there are of what has symbols."""
    return {
        "i": header.inputs,
        "l": header.latches,
        "o": header.outputs,
        "b": header.bad,
        "c": header.constraints,
        "j": header.justice,
        "f": header.fairness,
    }


def _assembled(
    header: Header,
    ands: Literals,
    sections: Sections,
    renumber: Callable[[NDArray[np.int64]], Literals],
    symbols: dict[tuple[str, int], bytes],
    comments: bytes,
    extended: bool,
) -> Aig:
    justice = renumber(sections.justice)
    own = 2 * np.arange(header.inputs + 1, header.inputs + 1 + header.latches)
    return Aig(
        inputs=header.inputs,
        ands=ands,
        next_state=renumber(sections.following),
        reset=np.where(sections.reset > 1, own, sections.reset).astype(np.int32),
        outputs=renumber(sections.outputs),
        bad=renumber(sections.bad),
        constraints=renumber(sections.constraints),
        justice=tuple(np.split(justice, np.cumsum(sections.sizes)[:-1])) if header.justice else (),
        fairness=renumber(sections.fairness),
        symbols=symbols,
        comments=comments,
        extended=extended,
    )
