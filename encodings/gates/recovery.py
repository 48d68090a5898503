"""Recovery of gate definitions from clauses: conjunctions (and by signs disjunctions) and multiplexers."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.formula import Formula
from turbosat.formula.rows import repeats, sorted_rows

if TYPE_CHECKING:
    from turbosat.encodings.clause_sets import ClauseSets

AND: Final = 0
ITE: Final = 1

SHORT: Final = 6  # repeated clauses up to this length are known as such; the table must hold them

_PAIRED: Final = 2  # multiplexers of one output and selector: up to this many inputs on each side
_LOOK_UPS: Final = 24  # of binary clauses, for each literal of the formula at most

BLOCK: Final = 1 << 15  # clauses a kernel looks at between two calls of `check`
EFFORT: Final = 1 << 18  # its steps, where they are more


@dataclass(frozen=True, slots=True)
class Gates:
    """Definitions found in clauses: gate i says that outputs[i] is equal to a function of its inputs.

    Literals are signed, variables count from 1. For kind AND, outputs[i] = inputs[0] & inputs[1] & ... (two
    or more); with the signs of all of them changed that is a disjunction. For kind ITE the inputs are c, t, e
    and outputs[i] = (c ? t : e), over four variables, all literals but t and e positive. The full equivalence
    follows from the formula, by reverse unit propagation: one-sided encodings are no gates. Where the inputs
    are assigned, unit propagation assigns the output.

    A variable may have several definitions, and definitions may be cyclic: two gates can define each other's
    inputs. XORs are not among them (see xor.recover), nor are equivalences; variables that unit propagation
    fixes do not occur. Gates are in order of discovery: conjunctions by their clause, then multiplexers.
    """

    outputs: NDArray[np.int32]  # (gates,)
    kinds: NDArray[np.uint8]  # (gates,), AND or ITE
    inputs: NDArray[np.int32]  # (flat,)
    offsets: NDArray[np.int64]  # (gates + 1,), gate i has inputs[offsets[i] : offsets[i + 1]]

    def __len__(self) -> int:
        return self.outputs.size

    def __iter__(self) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        """Yield output, kind and inputs of each gate."""
        ends = itertools.pairwise(self.offsets.tolist())
        for output, kind, (low, high) in zip(self.outputs.tolist(), self.kinds.tolist(), ends, strict=True):
            yield output, kind, tuple(self.inputs[low:high].tolist())


def find_gates(formula: Formula, check: Callable[[], None] = lambda: None) -> Gates:
    """Recover AND and ITE gates from the clauses, in time linear in their size.

    A conjunction g = x1 & ... & xk is a clause (g -x1 ... -xk) with the binary clauses (-g xi); one clause
    gives at most four. A multiplexer g = (c ? t : e) is four clauses (-c -g t), (-c g -t), (c -g e),
    (c g -e). They are looked for after unit propagation. `check` is called every few milliseconds and may
    raise. Eén and Biere (SAT 2005) recover definitions in this way.
    """
    from turbosat.encodings.clause_sets import clause_sets

    sets = clause_sets(formula, SHORT, check)
    return named(gate_codes(sets, check), sets.names)


def named(gates: Gates, names: NDArray[np.int32]) -> Gates:
    """Turn the literal codes of gate_codes into signed literals of the formula."""
    outputs, inputs = (names[codes >> 1] * (1 - 2 * (codes & 1)) for codes in (gates.outputs, gates.inputs))
    return Gates(outputs.astype(np.int32), gates.kinds, inputs.astype(np.int32), gates.offsets)


def joined(first: Gates, second: Gates) -> Gates:
    """Return the gates of both, one after the other."""
    return Gates(
        np.append(first.outputs, second.outputs),
        np.append(first.kinds, second.kinds),
        np.append(first.inputs, second.inputs),
        np.append(first.offsets, first.offsets[-1] + second.offsets[1:]),
    )


def chosen(gates: Gates, kept: NDArray[np.bool_]) -> Gates:
    """Return the gates kept (gates,) bool, in their order."""
    sizes = np.diff(gates.offsets)
    inputs = gates.inputs[np.repeat(kept, sizes)]
    return Gates(gates.outputs[kept], gates.kinds[kept], inputs, np.append(0, np.cumsum(sizes[kept])))


def gate_codes(sets: "ClauseSets", check: Callable[[], None] = lambda: None) -> Gates:
    """Find the gates in clauses that are at hand already; literals are codes over the sets' variables.

    The table must hold all clauses of up to SHORT literals.
    """
    outputs, inputs, lengths = _conjunctions(sets, check)
    found = _multiplexers(sets, check)  # (gates, 4)
    lengths = np.append(lengths, np.full(len(found), 3))
    return Gates(
        np.append(outputs, found[:, 0]),
        np.repeat(np.array([AND, ITE], np.uint8), [outputs.size, len(found)]),
        np.append(inputs, found[:, 1:].ravel()),
        np.append(0, np.cumsum(lengths)),
    )


def _conjunctions(
    sets: "ClauseSets", check: Callable[[], None]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return outputs (gates,), inputs (flat,) as codes and the number of inputs of each (gates,)."""
    from turbosat.core import gates as kernels
    from turbosat.encodings.propagation import blocks

    table = sets.table
    sizes = np.diff(table.offsets)
    pairs = int((sizes == 2).sum())
    if pairs < 2:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64)
    known = kernels.Pairs(
        slots=np.full(1 << max(2 * pairs, 2).bit_length(), -1, np.int64),
        degrees=np.zeros(2 * sets.variables, np.int32),
    )
    for first, last in blocks(sets.clauses, BLOCK, check):
        kernels.enter_pairs(table.codes, table.offsets, first, last, known)
    parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]] = []
    most = _LOOK_UPS * table.codes.size + 1024
    counters = np.zeros(kernels.COUNTERS, np.int64)
    first = 0
    while first < sets.clauses:
        check()
        counters[[kernels.GATES, kernels.INPUTS]] = 0
        last = min(first + BLOCK, sets.clauses)
        outputs = np.empty(kernels.OUTPUTS * (last - first), np.int32)
        inputs = np.empty(kernels.OUTPUTS * int(table.offsets[last] - table.offsets[first]), np.int32)
        ends = np.empty(outputs.size, np.int64)
        first = kernels.conjunctions(
            table.codes, table.offsets, table.repeated, known, first, last, EFFORT, most,
            outputs, inputs, ends, counters,
        )  # fmt: skip
        gates, flat = int(counters[kernels.GATES]), int(counters[kernels.INPUTS])
        parts.append((outputs[:gates].copy(), inputs[:flat].copy(), np.diff(ends[:gates], prepend=0)))
    outputs, inputs, lengths = (np.concatenate(each) for each in zip(*parts, strict=True))
    long = lengths >= SHORT  # their clauses may be repeated ones
    offsets = np.append(0, np.cumsum(lengths[long]))
    ordered = sorted_rows(inputs[np.repeat(long, lengths)], offsets)
    kept = np.ones(lengths.size, np.bool_)
    kept[np.flatnonzero(long)[repeats(ordered, offsets, outputs[long].astype(np.int64))]] = False
    return outputs[kept], inputs[np.repeat(kept, lengths)], lengths[kept]


def _multiplexers(sets: "ClauseSets", check: Callable[[], None]) -> NDArray[np.int32]:
    """Return output, c, t and e of each multiplexer as codes (gates, 4)."""
    from turbosat.core import gates as kernels
    from turbosat.encodings.propagation import advance, blocks

    table = sets.table
    triples = np.flatnonzero((sets.sizes == 3) & (table.counts[: sets.sets] > 1))
    heads, patterns = table.heads[triples], table.patterns[triples]
    counters = np.zeros(kernels.COUNTERS, np.int64)
    parts = [np.zeros((0, 4), np.int32)]
    for first, last in blocks(triples.size, BLOCK, check):
        counters[:] = 0
        rows = np.empty((kernels.CONDITIONS * (last - first), 4), np.int32)
        kernels.conditional(table.codes, table.offsets, heads, patterns, first, last, rows, counters)
        parts.append(rows[: counters[kernels.ROWS]].copy())
    rows = np.concatenate(parts)
    check()
    keys = rows[:, 0].astype(np.int64) << 32 | rows[:, 1]
    order = np.argsort(keys, kind="stable")
    found = np.empty((_PAIRED * len(rows), 4), np.int32)
    advance(
        lambda first: kernels.multiplexers(rows, order, first, BLOCK, _PAIRED, found, counters),
        len(rows),
        check,
    )
    return found[: counters[kernels.GATES]]
