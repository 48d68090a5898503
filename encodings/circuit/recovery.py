"""From clauses to a graph: each variable that is a function of others by its clauses becomes a gate.

A variable is defined where the clauses that are left of it force it to 0 or to 1, and nowhere to both, for
every assignment of their other variables: by truth table over at most eight, or as a conjunction of any
width.
Outputs come first. What they are made of has their clauses no more, and may be an output of the rest; so no
definition uses itself, and no clause serves twice. Where nobody is left that all open clauses define, as few
as possible are set aside as constraints on a variable that the others define.

Every model of the formula gives a variable the value that its literal of the graph has at the model's values
of the leaves: the clauses of a definition say so, by induction from the leaves up. So what holds for the
graph at all leaves follows from the formula.

A formula that needs a gate in one direction only may have only that half of its clauses (D. Plaisted and S.
Greenbaum, "A structure-preserving clause form translation", J. Symb. Comput. 2, 1986). Where the clauses left
of a variable have one literal of it, and all those closed the other, they say that it implies a function, or
is implied by one, and it is defined as that function. That is more than follows from the formula. But no
model is lost for it but others in its place: with the values of the leaves kept, and variables taken from the
leaves up, each that has not the function's value can be given it. Its own clauses hold then, and the others
have the literal that has become true. So the formula has a model if and only if the graph has one that
satisfies the constraints, and that is one of the formula. What holds for the graph follows from the formula
where it is not about these variables themselves: no others depend on them, since who does has, in its
definition of both sides, both of their literals.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.circuits import definitions as kernels
from turbosat.core.circuits.definitions import FOUND, GATES, ROOM, SUPPORT, TAIL, USED
from turbosat.encodings.circuit.aig import FALSE, TRUE, Aig
from turbosat.encodings.propagation import advance, literal_codes, tidied, transpose
from turbosat.formula.formula import Formula

EFFORT: Final = 1 << 21  # entries between two calls of `check`, some milliseconds
_ROUNDS: Final = 40  # of setting clauses aside
_WORK: Final = 1 << 23  # clauses looked at in all rounds together, some tenths of a second
_PROGRESS: Final = 0.01  # of the variables looked at in a round, that it must define
_SHARE: Final = 0.5  # of a variable's clauses that its definition must use

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Circuit:
    """A graph that a formula contains, and the clauses that only constrain it.

    A model of the formula whose leaves it evaluates at becomes another one, with other values of the free
    variables at most.
    """

    aig: Aig
    literals: NDArray[np.int32]  # (variables,), the graph's literal of each variable
    leaves: NDArray[np.int32]  # (inputs,), the variable of each input, from 1
    constraints: NDArray[np.int64]  # (constraints,), clauses of the formula that no definition satisfies
    definitions: kernels.Definitions  # what the variables that are gates are

    @property
    def defined(self) -> int:
        """How many variables are gates."""
        return int(self.definitions.counters[FOUND])

    @property
    def free(self) -> NDArray[np.bool_]:
        """Which variables (variables,) are defined by clauses of one side."""
        return self.definitions.sided > 0

    def values(self, simulated: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return values (variables,) of the formula from those (1 + variables,) of the graph."""
        result: NDArray[np.bool_] = simulated[self.literals >> 1] ^ (self.literals & 1).astype(np.bool_)
        return result


def recover_circuit(formula: Formula, check: Check = lambda: None) -> Circuit:
    """Find a graph in the formula's clauses, in time about linear in their size.

    Variables that units fix are constants. XORs of the formula's own are left alone. `check` is called every
    few milliseconds and may raise.
    """
    codes, offsets, rows = _tidied(formula, check)
    starts, occurrences = transpose(codes, offsets, 2 * formula.variables, check)
    clausal = kernels.Clausal(
        offsets=offsets,
        codes=codes,
        starts=starts,
        occurrences=occurrences,
        state=np.zeros(offsets.size - 1, np.uint8),
    )
    definitions = _definitions(clausal, formula)
    if rows.size < formula.clauses:  # clauses that always hold have variables of both signs
        definitions.touched[_variables_besides(formula, rows)] = 2
    units = np.flatnonzero(np.diff(offsets) <= 1)
    for clause in units.tolist():
        kernels.set_clause_aside(clausal, definitions, clause)
    _define(clausal, definitions, check)
    fixed = codes[offsets[units[np.diff(offsets)[units] == 1]]]
    aig, literals, leaves = _emitted(clausal, definitions, fixed, check)
    constraints = rows[clausal.state != USED]
    return Circuit(aig, literals, leaves, constraints, definitions)


def _tidied(formula: Formula, check: Check) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Return codes and offsets of clauses without repeated literals, and which clauses these were."""
    codes, offsets = tidied(formula.literals, formula.offsets, formula.variables, check=check)
    rows = np.arange(len(formula.offsets) - 1)
    if offsets.size != formula.offsets.size:  # some always hold
        rows = rows[~_tautologies(formula)]
    return codes, offsets, rows


def _tautologies(formula: Formula) -> NDArray[np.bool_]:
    """Return which clauses (clauses,) have a literal and its negation."""
    sizes = np.diff(formula.offsets)
    row = np.repeat(np.arange(sizes.size), sizes)
    codes = literal_codes(formula.literals)
    order = np.lexsort((codes, row))
    codes, row = codes[order], row[order]
    first = np.append(True, (np.diff(codes) != 0) | (np.diff(row) != 0))[: codes.size]
    codes, row = codes[first], row[first]
    both = (row[1:] == row[:-1]) & (codes[1:] >> 1 == codes[:-1] >> 1)
    result = np.zeros(sizes.size, np.bool_)
    result[row[1:][both]] = True
    return result


def _variables_besides(formula: Formula, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the variables, from 0, of clauses that are not among these."""
    besides = np.ones(formula.clauses, np.bool_)
    besides[rows] = False
    found = formula.literals[np.repeat(besides, np.diff(formula.offsets))]
    return np.unique(np.abs(found)).astype(np.int64) - 1


def _definitions(clausal: kernels.Clausal, formula: Formula) -> kernels.Definitions:
    """Return the state in which nothing is defined, and every variable is to be looked at."""
    variables = formula.variables
    counters = np.zeros(kernels.COUNTERS, np.int64)
    counters[TAIL] = variables
    touched = np.zeros(variables, np.uint8)
    touched[formula.xors.variables - 1] = 2
    return kernels.Definitions(
        kinds=np.zeros(variables, np.uint8),
        inputs=np.full((variables, SUPPORT), -1, np.int32),
        tables=np.zeros((variables, kernels.WORDS), np.uint64),
        clauses_of=np.full(variables, -1, np.int32),
        sided=np.zeros(variables, np.uint8),
        order=np.zeros(variables, np.int32),
        open=(np.diff(clausal.starts)[::2] + np.diff(clausal.starts)[1::2]).astype(np.int32),
        touched=touched,
        queue=np.arange(variables, dtype=np.int32),
        one_sided=np.zeros(variables, np.int32),
        late=np.zeros(variables, np.int32),
        queued=np.ones(variables, np.uint8),
        stamps=np.full(2 * variables, -1, np.int32),
        counters=counters,
    )


def _define(clausal: kernels.Clausal, definitions: kernels.Definitions, check: Check) -> None:
    """Define what can be, setting clauses aside where it must be, fewest first."""
    advance(
        lambda first: kernels.set_wide_aside(clausal, definitions, first, EFFORT),
        clausal.state.size,
        check,
    )
    _peel(clausal, definitions, check)
    work = 0
    for _ in range(_ROUNDS):
        left = np.flatnonzero((definitions.kinds == kernels.LEAF) & (definitions.open > 0))
        sizes = definitions.open[left].astype(np.int64)
        order = np.argsort(sizes, kind="stable")
        costs = work + np.cumsum(sizes[order] * np.minimum(sizes[order], kernels.BASES) ** 2)
        left = left[order[: np.searchsorted(costs, _WORK)]]
        if not left.size:
            return
        work = int(costs[left.size - 1])
        found = np.empty(left.size, np.int64)
        for i, variable in enumerate(left.tolist()):
            if i % 256 == 0:
                check()
            found[i] = kernels.excess_clauses(clausal, definitions, variable, -1)
        good = (found >= 0) & (found <= (1 - _SHARE) * definitions.open[left])
        if not good.any():
            return
        before = int(definitions.counters[FOUND])
        least = int(found[good].min())
        for variable in left[good & (found == least)].tolist():
            if kernels.excess_clauses(clausal, definitions, variable, least) >= 0:
                _peel(clausal, definitions, check)
        if definitions.counters[FOUND] - before < _PROGRESS * left.size:
            return


def _peel(clausal: kernels.Clausal, definitions: kernels.Definitions, check: Check) -> None:
    while not kernels.peel_definitions(clausal, definitions, EFFORT):
        check()


def _emitted(
    clausal: kernels.Clausal,
    definitions: kernels.Definitions,
    fixed: NDArray[np.int32],
    check: Check,
) -> tuple[Aig, NDArray[np.int32], NDArray[np.int32]]:
    """Return the graph of the definitions, each variable's literal, and the variables of the inputs."""
    variables = definitions.kinds.size
    literals = np.full(variables, -1, np.int32)
    literals[fixed >> 1] = np.where(fixed & 1, FALSE, TRUE)
    defined = definitions.kinds != kernels.LEAF
    literals[defined] = -1
    leaves = np.flatnonzero(~defined & (literals < 0))
    literals[leaves] = 2 * np.arange(1, leaves.size + 1)
    definitions.counters[GATES] = leaves.size
    room = 4 * int(definitions.counters[FOUND]) + ROOM + 1024
    ands, slots = np.zeros((room, 2), np.int32), _slots(room)
    first = leaves.size + 1
    while True:
        check()
        gates = kernels.Gates(ands=ands, slots=slots, literals=literals)
        status = kernels.emit_definitions(clausal, definitions, gates, first, EFFORT)
        if status == 1:
            break
        if status == 2:  # all over again, with more room
            room = 2 * room + int(np.diff(clausal.offsets).max())
            ands, slots = np.zeros((room, 2), np.int32), _slots(room)
            definitions.counters[GATES], definitions.counters[kernels.PLACE] = leaves.size, 0
    made = int(definitions.counters[GATES]) - leaves.size
    return Aig(leaves.size, ands[:made].copy()), literals, (leaves + 1).astype(np.int32)


def _slots(room: int) -> NDArray[np.int32]:
    return np.full(1 << (2 * room).bit_length(), -1, np.int32)
