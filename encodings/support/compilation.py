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

import functools
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.gf2.elimination import Elimination
from turbosat.encodings.support.emission import emit
from turbosat.encodings.support.problem import Root, simplify
from turbosat.encodings.support.program import Program
from turbosat.encodings.support.state import Derivation
from turbosat.encodings.xor.recovery import GATES, Recovered
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors

GREEDY_WORK: Final = 3e7  # entries the look-aheads may visit, some tenths of a second
DELETION_WORK: Final = 3e7  # the same for the attempts to do without an input
LARGEST: Final = 400_000  # literals of clauses up to which gates are looked for: a tenth of a second
SWEPT_INPUTS: Final = 34  # at most, to try all assignments of them: minutes for a thousand instructions
ENOUGH: Final = 12  # inputs that are swept in a moment: nobody needs fewer
EXTRA: Final = 8  # inputs to take besides variables of XORs, if they make the program cover everything


def compile_program(
    formula: Formula,
    xors: Xors | None = None,
    *,
    implied: Xors | None = None,
    units: NDArray[np.int32] | None = None,
    free: NDArray[np.int32] | None = None,
    limit: int = SWEPT_INPUTS,
    uncovered: float = 1.0,
    swept: int = SWEPT_INPUTS,
    check: Callable[[], None] = lambda: None,
) -> Program | None:
    """Compile a formula, or return None if no `limit` inputs are found that do.

    `xors` are implied by the formula and stand for the clauses they imply (recovered from clauses);
    `implied` only serve to define variables (composed of gates, derived); `units` are signed literals that
    hold in every model; `free` are variables from 1 that would be good inputs (Elimination.free). The x lines
    of the formula need not be among `xors`. At most the share `uncovered` of the variables is left out. Up to
    `swept` inputs are looked for among all variables, not only those of XORs.
    `check` is called now and then and may raise to stop.
    """
    root = simplify(formula, xors or Xors.empty(), implied or Xors.empty(), units, check)
    check()
    if root.contradiction:
        return emit(root, None, None)
    derivation = Derivation(root, check)
    choice = _Choice(root, derivation, free, (limit, swept), uncovered * formula.variables, check)
    if choice.best() is None:
        return None
    check()
    return emit(root, derivation.problem, derivation.state)


def compile_recovered(
    formula: Formula,
    recovered: Recovered,
    elimination: Elimination | None = None,
    *,
    limit: int = SWEPT_INPUTS,
    uncovered: float = 1.0,
    swept: int = SWEPT_INPUTS,
    check: Callable[[], None] = lambda: None,
) -> Program | None:
    """Compile a formula with what recovery and elimination found out; see compile_program.

    With XORs in the place of their clauses programs are shorter, and sums of XORs define variables, too;
    without, more variables may be one-sided. Of both programs the one with fewer inputs is returned.
    """
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
    compiled = functools.partial(
        compile_program, formula, units=units, uncovered=uncovered, swept=swept, check=check
    )
    first = compiled(xors, implied=joined, free=free, limit=limit)
    limit = min(limit, swept if first is None else _cost(first.inputs.size, first.uncovered.size) - 1)
    if not len(xors) or (first is not None and limit < ENOUGH):
        return first
    plain = compiled(limit=limit)
    found = [each for each in (first, plain) if each is not None]
    return min(found, key=lambda each: _cost(each.inputs.size, each.uncovered.size), default=None)


def _selected(xors: Xors, rows: NDArray[np.bool_]) -> Xors:
    """Return some of the XORs."""
    sizes = np.diff(xors.offsets)
    parities = (sizes > 0) | xors.parities
    return Xors(xors.literals[np.repeat(rows, sizes)], np.append(0, np.cumsum(sizes[rows])), parities[rows])


def _cost(inputs: int, uncovered: int) -> int:
    """Return what a program costs, in inputs: better more of them than variables that are not covered."""
    return inputs + EXTRA * (uncovered > 0)


class _Choice:
    """The search for few inputs.

    `free` are variables of the formula, from 1, that would be good ones, int32. `limits` are how many
    inputs there may be, and up to how many they are swept; there may be `uncovered` variables that do not
    follow from them.
    """

    def __init__(
        self,
        root: Root,
        derivation: Derivation,
        free: NDArray[np.int32] | None,
        limits: tuple[int, int],
        uncovered: float,
        check: Callable[[], None],
    ) -> None:
        self._root, self._derivation, self._check = root, derivation, check
        limit, self._swept = limits
        self._limit, self._uncovered = limit, uncovered
        self._best: NDArray[np.int32] | None = None
        self._cost = limit + EXTRA + 1
        self._work = GREEDY_WORK
        self._hinted = np.zeros(root.variables, np.bool_)
        if free is not None:
            inner = root.inner[free - 1]
            self._hinted[inner[inner >= 0]] = True

    def best(self) -> NDArray[np.int32] | None:
        """Return inputs, int32 (inputs,), and leave the derivation with what follows from them; else None.

        First they are looked for among the variables of XORs, which may define all of each other, and EXTRA
        others; then among all variables, if so many can be swept: inputs of a circuit need not be in an XOR.
        """
        bound = self._derivation.problem.bound > 0
        if bound.any():
            self._work = GREEDY_WORK / 2
            self._among(bound)
            self._limit = min(self._limit, self._swept)
        if (self._best is None or self._cost > ENOUGH) and not (bound.any() and bound.all()):
            self._among(np.ones_like(bound))
        best = self._best
        if best is not None:
            self._derivation.cover(best, best.size)
        return best

    def _among(self, wanted: NDArray[np.bool_]) -> None:
        """Look for inputs from which the variables `wanted`, bool (variables,), follow."""
        derivation, root = self._derivation, self._root
        chosen = self._chosen(wanted)
        if chosen is None:
            return
        derivation.cover(chosen, chosen.size)
        if derivation.known < root.variables:
            everything = np.ones(root.variables, np.bool_)
            if derivation.look_ahead(everything, min(self._limit - chosen.size, EXTRA), self._work):
                chosen = derivation.inputs
            else:
                derivation.cover(chosen, chosen.size)
        left = root.variables - derivation.known
        if left <= self._uncovered and _cost(chosen.size, left) < self._cost:
            self._best, self._cost = chosen, _cost(chosen.size, left)
            self._limit = min(self._limit, self._cost - 1)
        self._check()

    def _orders(self, wanted: NDArray[np.int32]) -> list[NDArray[np.int32]]:
        """Return orders in which to take variables, (wanted,), as inputs.

        As they are numbered, up and down; the most frequent ones first, or those that elimination left free;
        and before the outputs of gates what can be none.
        """
        problem = self._derivation.problem
        degree = np.diff(problem.row_starts)[wanted] * 4 + np.diff(problem.starts)[::2][wanted]
        keys = [-degree, ~self._hinted[wanted]]
        if wanted.size == problem.bound.size and problem.codes.size <= LARGEST:
            keys.append(2 * self._derivation.defined() + (problem.bound > 0))
        return [wanted, *(wanted[np.argsort(key, kind="stable")] for key in keys), wanted[::-1].copy()]

    def _chosen(self, primary: NDArray[np.bool_]) -> NDArray[np.int32] | None:
        """Return inputs from which all `primary` variables follow: several orders, look-ahead, deletion."""
        derivation = self._derivation
        wanted = np.flatnonzero(primary).astype(np.int32)
        best: NDArray[np.int32] | None = None
        bound = self._limit
        for order in self._orders(wanted):
            if derivation.cover(order, bound):
                best = derivation.inputs
                bound = best.size - 1
            self._check()
        if best is None or best.size > 1:
            derivation.cover(np.zeros(0, np.int32), 0)
            if derivation.look_ahead(primary, bound, self._work):
                best = derivation.inputs
        if best is None:
            return None
        attempts = min(best.size, int(DELETION_WORK / max(1, derivation.problem.codes.size)))
        for v in best[::-1][:attempts].tolist():
            rest = best[best != v]
            derivation.cover(rest, rest.size)
            if (derivation.state.rank[wanted] >= 0).all():
                best = rest
            self._check()
        return best
