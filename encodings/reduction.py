"""A formula made smaller for a search: CaDiCaL's probing, equivalences and elimination, and the way back."""

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.formula import Formula


@dataclass(frozen=True, slots=True)
class Reduction:
    """What is left of a formula, over the same variables; those that it does without are computed from them.

    Every model of `formula` extends to one of the original, and every model of the original is one of
    `formula` in the variables that are left (Eén and Biere, SAT 2005; Järvisalo, Biere and Heule, IJCAR
    2012). With `formula` holding the empty clause, the original has no model.
    """

    formula: Formula
    left: NDArray[np.bool_]  # (variables,), whether it is among those left
    _processor: Any  # pysat.process.Processor, which knows the way back

    @property
    def variables(self) -> int:
        """The number of variables that are left."""
        return int(np.count_nonzero(self.left))

    def extend(self, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return values bool (variables,) with those of the variables left, the others computed from these.

        Where they are no model of what is left, the result is no model either, but near to one.
        """
        numbers = np.flatnonzero(self.left)
        signed = np.where(values[numbers], numbers + 1, -numbers - 1)
        full = np.array(self._processor.restore(signed.tolist()), np.int64)
        result = values.copy()
        result[np.abs(full) - 1] = full > 0
        result[numbers] = values[numbers]
        return result


def reduce(formula: Formula, frozen: NDArray[np.int32]) -> Reduction:
    """Reduce a formula without XORs; the variables of `frozen`, signed literals, are left in it.

    Takes a few times as long as reading the clauses does, and cannot be interrupted: about a second for a
    million literals.
    """
    from pysat.process import Processor

    flat = formula.literals.tolist()
    processor = Processor(
        bootstrap_with=[flat[begin:end] for begin, end in pairwise(formula.offsets.tolist())], engine="cd15"
    )
    found = processor.process(
        rounds=1,
        probe=True,
        decompose=True,
        elim=True,
        subsume=True,
        probehbr=False,
        freeze=np.abs(frozen).tolist(),
    )
    clauses = found.clauses if processor.status else [[]]
    literals = np.fromiter(chain.from_iterable(clauses), np.int32)
    offsets = np.append(0, np.cumsum([len(clause) for clause in clauses], dtype=np.int64))
    left = np.zeros(formula.variables, np.bool_)
    left[np.abs(literals) - 1] = True
    left[np.abs(frozen) - 1] = True
    return Reduction(Formula(literals, offsets, formula.variables), left, processor)
