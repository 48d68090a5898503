"""Check a model: every clause holds a true literal, every xor an odd number of them."""

import numpy as np
import numpy.typing as npt

from turbosat.check.clock import Clock
from turbosat.check.kernels import XOR
from turbosat.check.reading.dimacs import Formula
from turbosat.check.reading.solution import Solution
from turbosat.check.verdict import Outcome, Verdict


def _signs(solution: Solution, variables: int) -> npt.NDArray[np.int8] | str:
    """Return the sign of each variable, 0 for unassigned, (V+1,), or what is wrong with the literals."""
    literals = solution.literals
    beyond = np.flatnonzero(np.abs(literals) > variables)
    if len(beyond):
        return f"the solution holds the literal {literals[beyond[0]]}, the formula has {variables} variables"
    signs = np.zeros(variables + 1, np.int8)
    signs[np.abs(literals)] = np.sign(literals)
    clash = np.flatnonzero(signs[np.abs(literals)] != np.sign(literals))
    if len(clash):
        variable = abs(int(literals[clash[0]]))
        return f"the solution holds both {variable} and -{variable}"
    return signs


def _false_item(formula: Formula, signs: npt.NDArray[np.int8]) -> tuple[int, str] | None:
    """Return the first item that does not hold and why not."""
    flat, ends, kinds, _ = formula.items
    value = signs[np.abs(flat)] * np.sign(flat).astype(np.int8)  # (L,) 1 true, -1 false, 0 open
    true = np.concatenate(([0], np.cumsum(value > 0, dtype=np.int64)))  # (L+1,)
    starts = np.concatenate(([0], ends[:-1]))
    count = true[ends] - true[starts]  # (N,)
    xors = kinds == XOR
    bad = np.where(xors, count % 2 == 0, count == 0)
    if xors.any():
        unset = np.concatenate(([0], np.cumsum(value == 0, dtype=np.int64)))
        for index in np.flatnonzero(xors & (unset[ends] > unset[starts])).tolist():
            # An unassigned variable matters unless it occurs an even number of times, and cancels out.
            literals = flat[starts[index] : ends[index]]
            open_ = literals[signs[np.abs(literals)] == 0]
            _, times = np.unique(np.abs(open_), return_counts=True)
            odd = (count[index] + np.count_nonzero(open_ < 0)) % 2  # x ^ x = 0, x ^ -x = 1
            bad[index] = bool((times % 2).any()) or odd == 0
    found = np.flatnonzero(bad)
    if not len(found):
        return None
    index = int(found[0])
    return index, formula.describe(index)


def judge_model(formula: Formula, solution: Solution, clock: Clock) -> Verdict:
    """Check a parsed solution against a parsed formula."""

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        clauses = len(formula.items.ends)
        return Verdict(outcome, "model", reason, formula.notes, clauses=clauses, seconds=clock.elapsed())

    if solution.status not in (None, "SATISFIABLE"):
        return verdict("not verified", f"the solution says {solution.status}: there is no model to check")
    signs = _signs(solution, formula.variables)
    if isinstance(signs, str):
        return verdict("not verified", signs)
    found = _false_item(formula, signs)
    if found is not None:
        return verdict("not verified", f"the model does not satisfy {found[1]}")
    return verdict("verified", f"the model satisfies all {len(formula.items.ends)} clauses")
