"""Straight-line programs: from the values of a few inputs to those of all variables, and to a verdict.

    inputs ──► DEFINE / XOR instructions, one a variable, in order ──► CHECK instructions: all must hold

Made by turbosat.encodings.support.compilation; `Program.values` here is the slow reference of every
faster evaluation.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DEFINE: Final = 0  # literal := OR over terms of AND over the term's literals
XOR: Final = 1  # literal := XOR of literals, in one term
CHECK: Final = 2  # one term: the OR of its literals must be true
CHECK_XOR: Final = 3  # one term: the XOR of its literals must be true


@dataclass(frozen=True, slots=True)
class Program:
    """Instructions over the variables of a formula; literals are signed as in DIMACS.

    Covered variables are the fixed ones, the inputs and the targets. A program without `uncovered` variables
    decides: an assignment of the inputs passes all checks if and only if a model extends it, and then the
    values are one. With uncovered variables it only refutes: if a check fails, no model extends the inputs;
    otherwise a model extends the inputs if and only if one extends the values of all covered variables.
    """

    variables: int  # of the formula
    inputs: NDArray[np.int32]  # (inputs,), from 1
    fixed: NDArray[np.int32]  # (fixed,), signed literals that hold in every model
    kinds: NDArray[np.uint8]  # (instructions,)
    targets: NDArray[np.int32]  # (instructions,), signed literal that is defined, 0 for checks
    terms: NDArray[np.int64]  # (instructions + 1,), where an instruction's terms begin
    offsets: NDArray[np.int64]  # (terms + 1,), where a term's literals begin
    literals: NDArray[np.int32]  # (literals,)
    uncovered: NDArray[np.int32]  # (uncovered,), variables from 1, rising
    open_clauses: int  # clauses and XORs with an uncovered variable

    @property
    def checks(self) -> int:
        """The number of checks."""
        return int(np.count_nonzero(self.kinds >= CHECK))

    def term(self, number: int) -> NDArray[np.int32]:
        """Return the literals of a term."""
        return self.literals[self.offsets[number] : self.offsets[number + 1]]

    def values(self, inputs: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Run candidates (n, inputs): return values (n, variables) and the number of false checks int64 (n,).

        Uncovered variables are false.
        """
        count = inputs.shape[0]
        values = np.zeros((count, self.variables), np.bool_)
        values[:, self.inputs - 1] = inputs
        values[:, np.abs(self.fixed) - 1] = self.fixed > 0
        false = np.zeros(count, np.int64)
        for i, (kind, target) in enumerate(zip(self.kinds.tolist(), self.targets.tolist(), strict=True)):
            result = np.zeros(count, np.bool_)
            for number in range(int(self.terms[i]), int(self.terms[i + 1])):
                literals = self.term(number)
                true = values[:, np.abs(literals) - 1] ^ (literals < 0)  # (candidates, literals)
                if kind == DEFINE:
                    result |= true.all(axis=1)
                elif kind == CHECK:
                    result |= true.any(axis=1)
                else:
                    result ^= np.logical_xor.reduce(true, axis=1)
            if kind >= CHECK:
                false += ~result
            else:
                values[:, abs(target) - 1] = result ^ (target < 0)
        return values, false

    def bits(self, numbers: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return the inputs bool (candidates, inputs) of numbered candidates: bit i is input i."""
        places = np.arange(self.inputs.size, dtype=np.uint64)
        return (numbers[:, None] >> places[None, :] & np.uint64(1)).astype(np.bool_)

    def assumptions(self, values: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return the covered variables of a candidate with values (variables,) as literals, inputs first."""
        variables = np.concatenate(
            [self.inputs, np.abs(self.targets[self.targets != 0]), np.abs(self.fixed)]
        ).astype(np.int32)
        return np.where(values[variables - 1], variables, -variables).astype(np.int32)
