"""Compile a formula into a program that computes its variables from a few inputs.

Variables become known one after the other. Fixed ones hold in every model (unit propagation, elimination).
Some are *inputs*. Any other variable y becomes known in one of these ways, when others are known:

- an XOR, or a sum of XORs, has y as its only unknown variable;
- *exactly*: known clauses with y force it to 0 or to 1 in each assignment of their other variables (AND, OR,
  if-then-else, majority … recognised by truth table, wide AND and OR by shape);
- *one-sided*: every clause with the literal y has no other unknown variable, and y is in no XOR that is a
  constraint of its own. Then y := 1 where one of these clauses forces it, else 0. The same with -y: y := 0
  only where forced. Counters, totalizers and other Plaisted-Greenbaum encodings are computed like this.

No model is lost: if a model M of the formula extends the inputs, then some model extends all values that
the program computes. Proof by induction over the order. Suppose M agrees with the program on all variables
before y. A fixed or exactly known y, and one given by an XOR that the formula implies, has in M the program's
value, as in every model that agrees on what is before y. A one-sided y that a clause forces to 1 is 1 in M.
If no clause forces it and M(y) = 1, flip it in M: clauses with -y only gain, each clause with y has a true
literal before y, since it does not force y, and no XOR constraint has y; so M stays a model, and agrees with
the program on y and on all variables before it. The signs in which other one-sided variables occur do not
matter: what counts is that the clauses on y's side are over variables settled before y.

It follows that a candidate on which a check fails (a clause or XOR over known variables only) extends to no
model, since the program's values would be in one; and if every variable is known, a candidate that passes all
checks is a model. Checks that a definition makes true are left out: clauses that a one-sided or exact
definition satisfies, clauses that an XOR implies, XORs that are sums of those used as definitions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings import kernels_closure as kernels
from turbosat.encodings.closure_emit import emit
from turbosat.encodings.closure_root import Root, simplify
from turbosat.encodings.closure_state import COUNTERS, INPUT, KNOWN, Problem, State
from turbosat.encodings.gf2 import Elimination
from turbosat.encodings.program import Program
from turbosat.encodings.propagation import transpose
from turbosat.encodings.xor import GATES, Recovered
from turbosat.formula import Formula
from turbosat.xors import Xors

MOST_ROWS = 3000  # XORs of a dense matrix: its words, squared, are what a step costs
GREEDY_WORK = 3e7  # entries the look-ahead may visit, some tenths of a second
DELETION_WORK = 3e7  # the same for the attempts to do without an input
EXTRA = 8  # inputs to take besides variables of XORs, if they make the program cover everything


def compile_program(
    formula: Formula,
    xors: Xors | None = None,
    *,
    implied: Xors | None = None,
    units: NDArray[np.int32] | None = None,
    free: NDArray[np.int32] | None = None,
    limit: int = 34,
    check: Callable[[], None] = lambda: None,
) -> Program | None:
    """Compile a formula, or return None if it would need more than `limit` inputs.

    `xors` are implied by the formula and stand for the clauses they imply (recovered from clauses);
    `implied` only serve to define variables (composed of gates, derived); `units` are signed literals that
    hold in every model; `free` are variables from 1 that would be good inputs (Elimination.free). The x lines
    of the formula need not be among `xors`. `check` is called now and then and may raise to stop.
    """
    root = simplify(formula, xors or Xors.empty(), implied or Xors.empty(), units)
    check()
    if root.contradiction:
        return emit(root, None, None)
    problem = _problem(root)
    primary = problem.bound > 0
    if not primary.any():
        primary[:] = True
    hint = np.zeros(0, np.int32) if free is None else (free - 1).astype(np.int32)
    chosen = _best_inputs(root, problem, primary, hint, limit, check)
    if chosen is None:
        return None
    state = _run(root, problem, chosen)
    if state.counters[KNOWN] < root.variables:
        more = _extended(root, problem, chosen, min(limit, chosen.size + EXTRA), check)
        if more is not None:
            state = _run(root, problem, more)
    check()
    return emit(root, problem, state)


def compile_recovered(
    formula: Formula,
    recovered: Recovered,
    elimination: Elimination | None = None,
    *,
    limit: int = 34,
    check: Callable[[], None] = lambda: None,
) -> Program | None:
    """Compile a formula with what recovery and elimination found out; see compile_program."""
    composed = recovered.sources == GATES
    implied = [_selected(recovered.xors, composed)]
    units = free = None
    if elimination is not None:
        pairs = elimination.equivalences  # equal literals: the XOR of one and the negation of the other holds
        rows = (pairs * np.array([1, -1], np.int32)).ravel()
        implied += [elimination.short, Xors(rows, np.arange(0, rows.size + 1, 2))]
        units, free = elimination.units, elimination.free
    joined = Xors(
        np.concatenate([part.literals for part in implied]),
        np.append(0, np.cumsum(np.concatenate([np.diff(part.offsets) for part in implied]))),
        np.concatenate([(np.diff(part.offsets) > 0) | part.parities for part in implied]),
    )
    xors = _selected(recovered.xors, ~composed)
    return compile_program(formula, xors, implied=joined, units=units, free=free, limit=limit, check=check)


def _selected(xors: Xors, rows: NDArray[np.bool_]) -> Xors:
    """Return some of the XORs."""
    sizes = np.diff(xors.offsets)
    parities = (sizes > 0) | xors.parities
    return Xors(xors.literals[np.repeat(rows, sizes)], np.append(0, np.cumsum(sizes[rows])), parities[rows])


def _problem(root: Root) -> Problem:
    """Index the clauses and XORs that are left."""
    starts, occurrences = transpose(root.codes, root.offsets, 2 * root.variables)
    sizes = np.diff(root.row_offsets)
    rows = np.repeat(np.arange(sizes.size, dtype=np.int32), sizes)
    order = np.argsort(root.row_variables, kind="stable")
    row_starts = np.zeros(root.variables + 1, np.int64)
    np.cumsum(np.bincount(root.row_variables, minlength=root.variables), out=row_starts[1:])
    bound = np.zeros(root.variables, np.uint8)
    bound[root.row_variables[root.row_active[rows]]] = 1
    variable = np.unique(root.row_variables).astype(np.int32)
    column = np.full(root.variables, -1, np.int32)
    column[variable] = np.arange(variable.size, dtype=np.int32)
    return Problem(
        root.offsets,
        root.codes,
        starts,
        occurrences,
        root.row_offsets,
        root.row_variables,
        row_starts,
        rows[order].astype(np.int32),
        bound,
        column,
        variable,
    )


def _state(root: Root, problem: Problem) -> State:
    """Make room for a state."""
    variables, clauses, rows = root.variables, root.offsets.size - 1, root.row_offsets.size - 1
    dense = rows if rows <= MOST_ROWS else 0
    words = -(-problem.variable.size // 64)

    def ints(size: int) -> NDArray[np.int32]:
        return np.zeros(size, np.int32)

    matrix = np.zeros((dense, words + 1), np.uint64)
    if dense:
        row = np.repeat(np.arange(rows), np.diff(root.row_offsets))
        column = problem.column[root.row_variables]
        np.bitwise_or.at(matrix, (row, column >> 6), np.uint64(1) << (column & 63).astype(np.uint64))
        matrix[:, words] = root.row_parities
    return State(
        rank=ints(variables),
        how=np.zeros(variables, np.int8),
        which=ints(variables),
        order=ints(variables),
        unknown=ints(clauses),
        last=ints(clauses),
        row_unknown=ints(rows),
        row_last=ints(rows),
        open=ints(2 * variables),
        weight=np.zeros(variables),
        tests=ints(variables),
        used=np.zeros(root.codes.size, np.uint8),
        disjoint=np.zeros(variables, np.uint8),
        matrix=matrix,
        pivot=ints(dense),
        hidden=np.zeros(words, np.uint64),
        dense=np.zeros_like(matrix),
        stamp=ints(2 * variables),
        counters=np.zeros(COUNTERS, np.int64),
    )


@dataclass(frozen=True, slots=True)
class _Start:
    """The state before any input is chosen, and one to work in."""

    problem: Problem
    before: State
    now: State
    trial: State

    def reset(self) -> State:
        kernels.copied(self.before, self.now)
        return self.now


def _start(root: Root, problem: Problem) -> _Start:
    before = _state(root, problem)
    kernels.begin(problem, before)
    kernels.open_up(problem, before)
    kernels.cover(problem, before, np.zeros(0, np.int32), 0)
    return _Start(problem, before, _state(root, problem), _state(root, problem))


def _inputs(state: State) -> NDArray[np.int32]:
    """Return the inputs of a state in the order they were taken."""
    order = state.order[: state.counters[KNOWN]]
    inputs: NDArray[np.int32] = order[state.how[order] == INPUT].copy()
    return inputs


def _run(root: Root, problem: Problem, inputs: NDArray[np.int32]) -> State:
    start = _start(root, problem)
    state = start.reset()
    kernels.cover(problem, state, inputs, inputs.size)
    return state


def _best_inputs(
    root: Root,
    problem: Problem,
    primary: NDArray[np.bool_],
    hint: NDArray[np.int32],
    limit: int,
    check: Callable[[], None],
) -> NDArray[np.int32] | None:
    """Choose inputs from which all `primary` variables follow: several orders, look-ahead, deletion."""
    start = _start(root, problem)
    wanted = np.flatnonzero(primary).astype(np.int32)
    degree = np.diff(problem.row_starts)[wanted] * 4 + np.diff(problem.starts)[::2][wanted]
    hinted = np.zeros(root.variables, np.bool_)
    hinted[root.inner[hint[root.inner[hint] >= 0]]] = True
    orders = (
        wanted,
        wanted[np.argsort(-degree, kind="stable")],
        wanted[np.argsort(~hinted[wanted], kind="stable")],
        wanted[::-1],
    )
    best: NDArray[np.int32] | None = None
    bound = limit
    for order in orders:
        state = start.reset()
        if kernels.cover(problem, state, np.ascontiguousarray(order), bound) <= bound:
            best = _inputs(state)
            bound = best.size - 1
        check()
    if best is None or best.size > 1:
        state = start.reset()
        if _look_ahead(start, state, primary, bound, GREEDY_WORK, check):
            best = _inputs(state)
    if best is None:
        return None
    attempts = min(best.size, int(DELETION_WORK / max(1, problem.codes.size)))
    for v in best[::-1][:attempts].tolist():
        rest = best[best != v]
        state = start.reset()
        kernels.cover(problem, state, rest, rest.size)
        if (state.rank[wanted] >= 0).all():
            best = rest
        check()
    return best


def _look_ahead(
    start: _Start,
    state: State,
    allowed: NDArray[np.bool_],
    limit: int,
    work: float,
    check: Callable[[], None],
) -> bool:
    """Take inputs by look-ahead until all allowed variables are known; False where that is too much."""
    problem = start.problem
    scores = np.zeros(state.rank.size)
    step = kernels.CANDIDATES * (problem.codes.size + state.matrix.size)
    for _ in range(limit + 1):
        work -= step
        best = kernels.look_ahead(problem, state, start.trial, allowed, scores)
        check()
        if best < 0:
            return True
        if work < 0:
            return False
        kernels.cover(problem, state, np.array([best], np.int32), 1)
    return False


def _extended(
    root: Root, problem: Problem, chosen: NDArray[np.int32], limit: int, check: Callable[[], None]
) -> NDArray[np.int32] | None:
    """Add inputs until everything is known, None if that takes more than `limit` in all."""
    start = _start(root, problem)
    state = start.reset()
    kernels.cover(problem, state, chosen, chosen.size)
    everything = np.ones(root.variables, np.bool_)
    done = _look_ahead(start, state, everything, limit - chosen.size, GREEDY_WORK, check)
    return _inputs(state) if done else None
