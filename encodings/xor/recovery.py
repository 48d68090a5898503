"""Recovery of XORs from CNF: sign patterns, x lines, gates that compose into parities."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.gates.recovery import SHORT, Gates, chosen, gate_codes, joined
from turbosat.encodings.xor.promise import promising
from turbosat.errors import UsageError
from turbosat.formula.formula import Formula
from turbosat.formula.rows import repeats, row_of, sorted_rows
from turbosat.formula.xors import Xors

if TYPE_CHECKING:
    from turbosat.encodings.clause_sets import ClauseSets

LINES: Final = 0
CLAUSES: Final = 1
GATES: Final = 2  # the sources of a recovered XOR

LONGEST: Final = 10  # variables of an XOR found in clauses, if not told otherwise: 512 clauses
LARGEST: Final = 12

_STEPS: Final = 1 << 12  # sets that are tried as parts of one set of variables, and for all of them together:
_WORK: Final = 64  # steps for each literal of the formula

Codes = NDArray[np.int32]
Rows = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]  # variables, offsets, right sides


__all__ = ["CLAUSES", "GATES", "LINES", "Recovered", "promising", "recover"]


@dataclass(frozen=True, slots=True)
class Recovered:
    """XORs that a formula implies, all distinct, variables rising within a row, and where they come from."""

    xors: Xors
    sources: NDArray[np.uint8]  # (rows,), LINES, CLAUSES or GATES, rising


def recover(
    formula: Formula, *, longest: int = LONGEST, check: Callable[[], None] = lambda: None
) -> Recovered:
    """Find XORs in a formula; the same ones in the same order at each call.

    First the formula's own XORs (LINES), of any length, without those that always hold. Then, after unit
    propagation (CLAUSES), what it fixes, as XORs of one variable, and the XORs of 2 to `longest` variables of
    which all sign patterns of one parity are covered: a clause covers those that it is a part of, and at
    least one clause must have all the variables (Soos and Meel, AAAI 2019). If propagation ends in a conflict
    the empty XOR 0 = 1 is all. Then what gate definitions compose to (GATES), see gate_parity.

    None is false: each clause of each XOR follows from formula.expanded() by reverse unit propagation, so a
    proof may add them one after the other. The time is linear in the number of literals: work that could be
    more (parts of sets of variables that share many clauses) is bounded, and what lies beyond is not found.
    `longest` is 2 to 12. `check` is called every few milliseconds and may raise.
    """
    from turbosat.encodings.clause_sets import clause_sets
    from turbosat.encodings.gates.parity import composed_parities

    if not 2 <= longest <= LARGEST:
        raise UsageError(f"expected longest from 2 to {LARGEST}, found {longest}")
    sets = clause_sets(formula, max(longest, SHORT), check)
    lines = formula.xors.variables, formula.xors.offsets, formula.xors.parities
    if sets.contradiction:
        conflict = np.zeros(0, np.int32), np.zeros(2, np.int64), np.ones(1, np.bool_)
        return _distinct([lines, conflict])
    fixed = sets.values >= 0
    units = sets.names[fixed], np.arange(fixed.sum() + 1), sets.values[fixed] == 1
    variables, offsets, sides = _parities(sets, longest, check)
    gates = _gates(formula, sets, check)
    equal = np.concatenate([_equal(variables, offsets, sides), _equal(*_renamed(lines, sets.names))])
    cones = composed_parities(sets.values, gates, equal, check)
    clauses = _joined([units, (sets.names[variables], offsets, sides)])
    return _distinct([lines, clauses, (sets.names[cones[0]], cones[1], cones[2])])


def _parities(sets: "ClauseSets", longest: int, check: Callable[[], None]) -> Rows:
    """Find the XORs among the clauses, over the sets' variables."""
    from turbosat.core import xor as kernels
    from turbosat.encodings.clause_sets import EFFORT, lists_of
    from turbosat.encodings.propagation import advance, blocks

    table, number, sizes = sets.table, sets.sets, sets.sizes
    shortest = int(sizes.min(initial=longest))
    starts, watching = np.zeros(sets.variables + 1, np.int64), np.zeros(0, np.int32)
    signatures = np.zeros(table.heads.size, np.uint64)
    least = np.full(sets.variables, 255, np.uint8)
    if number and shortest < sizes.max():
        degrees = np.zeros(sets.variables, np.int32)
        watches = np.zeros(table.heads.size, np.int32)
        for first, last in blocks(number, EFFORT // 4, check):
            kernels.count_variables(table, first, last, degrees)
        for first, last in blocks(number, EFFORT // 4, check):
            kernels.watch(table, first, last, degrees, signatures, watches, least)
        starts, watching = lists_of(watches[:number], sets.variables, check)
    parts = kernels.Parts(starts=starts, watching=watching, signatures=signatures[watching], least=least)
    marks = np.full(1 << longest, -1, np.int64)
    rows, counters = np.zeros(2 * number, np.int64), np.zeros(kernels.COUNTERS, np.int64)
    most = _WORK * table.codes.size
    advance(
        lambda first: kernels.parities(
            table, parts, longest, shortest, _STEPS, most, first, number, EFFORT, marks, rows, counters
        ),
        number,
        check,
    )
    rows = rows[: counters[kernels.ROWS]]
    heads = table.heads[rows >> 1]
    lengths = sizes[rows >> 1]
    offsets = np.append(0, np.cumsum(lengths))
    places = np.arange(offsets[-1]) + np.repeat(table.offsets[heads] - offsets[:-1], lengths)
    return table.codes[places] >> 1, offsets, (rows & 1).astype(np.bool_)


def _gates(formula: Formula, sets: "ClauseSets", check: Callable[[], None]) -> Gates:
    """Find the gates left after unit propagation, and those that it settles in part, as literal codes.

    A fixed output dissolves its gate: of x = a ^ b with x = 0 one clause over the two gates behind x is left.
    """
    from turbosat.encodings.clause_sets import clause_sets

    gates = gate_codes(sets, check)
    fixed = sets.values >= 0
    if not fixed.any():
        return gates
    every = gate_codes(clause_sets(formula, SHORT, check, settled=False), check)
    rows = row_of(every.offsets)[fixed[every.inputs >> 1]]
    touched = fixed[every.outputs >> 1] | (np.bincount(rows, minlength=len(every)) > 0)
    return joined(gates, chosen(every, touched))


def _renamed(rows: Rows, names: NDArray[np.int32]) -> Rows:
    """Change the formula's variables to the sets' numbers of them; rows with others are left out."""
    variables, offsets, sides = rows
    places = np.searchsorted(names, variables)
    places[places == names.size] = 0
    known = names[places] == variables if names.size else np.zeros(variables.size, np.bool_)
    whole = np.bincount(row_of(offsets)[~known], minlength=sides.size) == 0
    sizes = np.diff(offsets)
    return (
        places[np.repeat(whole, sizes)].astype(np.int32),
        np.append(0, np.cumsum(sizes[whole])),
        sides[whole],
    )


def _equal(variables: NDArray[np.int32], offsets: NDArray[np.int64], sides: NDArray[np.bool_]) -> Codes:
    """Return the XORs of two variables as literal codes that are equal, (pairs, 2)."""
    pairs = np.flatnonzero(np.diff(offsets) == 2)
    first = 2 * variables[offsets[pairs]]
    return np.stack([first, 2 * variables[offsets[pairs] + 1] + sides[pairs]], axis=1).astype(np.int32)


def _joined(parts: list[Rows]) -> Rows:
    """Put rows behind each other."""
    lengths = np.concatenate([np.diff(offsets) for _, offsets, _ in parts])
    return (
        np.concatenate([variables for variables, _, _ in parts]),
        np.append(0, np.cumsum(lengths)),
        np.concatenate([sides for _, _, sides in parts]),
    )


def _distinct(parts: list[Rows]) -> Recovered:
    """Sort the variables of each row, drop rows that came before and those that say nothing."""
    sources = np.repeat(np.arange(len(parts), dtype=np.uint8), [part[2].size for part in parts])
    variables, offsets, sides = _joined(parts)
    variables = sorted_rows(variables, offsets)
    lengths = np.diff(offsets)
    kept = ((lengths > 0) | sides) & ~repeats(variables, offsets, sides.astype(np.int64))
    flat = variables[np.repeat(kept, lengths)]
    ends = np.append(0, np.cumsum(lengths[kept]))
    return Recovered(Xors(flat, ends, sides[kept]), sources[kept])
