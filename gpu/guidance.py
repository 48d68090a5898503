"""What the elites know, for complete solvers: phases, partial assignments, cubes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix
from turbosat.gpu.controller import Controller

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Guidance:
    """Hints from a population; literals are signed, from 1, of the formula.

    Values fixed by unit propagation are part of `phases` but of no partial assignment: they are implied.
    Nor are those of variables that a reduction does without (see GradientSearch): they follow from the rest.
    """

    phases: NDArray[np.bool_]  # (formula variables,), the assignment with the fewest false clauses
    false: int  # its false clauses
    ranked: NDArray[np.int32]  # (variables,), its literals, the most certain first
    confidence: NDArray[np.float64]  # (variables,), from 0 to 1, falling, as `ranked`
    splits: NDArray[np.int32]  # (variables,), positive literals, the most disputed first

    @classmethod
    def of(cls, controller: Controller) -> Self:
        """Read a controller's elites."""
        controller.collect()
        matrix, elites = controller.matrix, controller.elites
        if not len(elites):
            return cls.trivial(matrix)
        best = elites.values[0]
        # A variable that would break many of its clauses is firm.
        degree = matrix.degrees
        firmness = np.clip(-matrix.margins(best) / np.maximum(degree, 1), 0.0, 1.0)  # (variables,)
        agreement = elites.agreement() * np.where(best, 1.0, -1.0)  # (variables,), with the best values
        confidence = np.clip(0.5 * (agreement + firmness), 0.0, 1.0)
        literals = (matrix.names + 1) * np.where(best, 1, -1).astype(np.int32)
        order = np.argsort(-confidence, kind="stable")
        # A good split divides the elites evenly and matters in many clauses.
        dispute = (1.0 - np.abs(agreement)) * degree
        return cls(
            phases=matrix.extend(best),
            false=int(elites.false[0]),
            ranked=literals[order].astype(np.int32),
            confidence=confidence[order],
            splits=(matrix.names[np.argsort(-dispute, kind="stable")] + 1).astype(np.int32),
        )

    @classmethod
    def trivial(cls, matrix: Matrix) -> Self:
        """Return the guidance of a search that has seen nothing."""
        nothing = np.zeros(0, np.int32)
        values = np.zeros(matrix.variables, np.bool_)
        return cls(matrix.extend(values), 0, nothing, np.zeros(0), nothing)

    def packed(self) -> tuple[dict[str, Any], tuple[NDArray[Any], ...]]:
        """Return plain values and arrays to travel between processes; confidence is kept to a millionth."""
        confidence = (self.confidence * MILLION).astype(np.int32)
        return {"false": self.false}, (self.phases.view(np.int8), self.ranked, confidence, self.splits)

    @classmethod
    def unpacked(cls, data: Mapping[str, Any], arrays: Sequence[Any]) -> Self:
        """Return the guidance that was packed, from its arrays or views of their memory."""
        phases, ranked, confidence, splits = (np.asarray(array) for array in arrays)
        return cls(phases.view(np.bool_), data["false"], ranked, confidence / MILLION, splits)

    def within(self, variables: int) -> "Guidance":
        """Return what is about the variables 1 to `variables`: not those that cut long XORs."""
        known = np.abs(self.ranked) <= variables
        return replace(
            self,
            phases=self.phases[:variables],
            ranked=self.ranked[known],
            confidence=self.confidence[known],
            splits=self.splits[self.splits <= variables],
        )

    def partial(self, size: int) -> NDArray[np.int32]:
        """Return the `size` most certain literals, int32 (size,)."""
        return self.ranked[:size]

    def cubes(self, depth: int) -> NDArray[np.int32]:
        """Return cubes int32 (2^depth, depth) over the best split variables; together they cover everything.

        The first follows the phases, and the further down a cube is, the more it contradicts them.
        """
        variables = self.splits[:depth]
        signs = np.where(self.phases[variables - 1], 1, -1).astype(np.int32)  # (depth,)
        patterns = np.arange(1 << variables.size)
        bits = patterns[:, None] >> np.arange(variables.size)[::-1] & 1  # (cubes, depth)
        order = np.argsort(bits.sum(axis=1), kind="stable")
        return (variables * signs * np.where(bits[order], -1, 1)).astype(np.int32)
