"""Survivors become models or are refuted, by clause learning where variables are left."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.support.program import Program
from turbosat.formula.formula import Formula
from turbosat.gpu.sweep.devices import AnySweep

BATCH: Final = 1 << 22  # values looked at in one step


@dataclass(frozen=True, slots=True)
class Completion:
    """What a search of the whole formula under assumptions found; with neither field it gave up."""

    values: NDArray[np.bool_] | None = None  # (variables,), a model
    core: NDArray[np.int32] | None = None  # assumptions that no model satisfies together


# Takes signed literals to assume, int32 (n,). Only an unbounded call can refute every survivor, but one that
# gives up after some conflicts is sound, too: its survivors count as undecided.
Complete = Callable[[NDArray[np.int32]], Completion]


@dataclass(slots=True)
class Settler:
    """Turns candidates that pass all checks into models or refutes them.

    A program that covers everything needs no `complete`: its values are models. Else the values of all
    covered variables are assumed, which loses nothing: if a model extends the inputs, one extends these, too.
    Cores are kept as clauses over covered variables (in `cores`, their negations are implied by the formula)
    and refute later candidates without a call. What an exception of `check` kept from being settled waits for
    the next call: a sweep that goes on does not tell it again.
    """

    formula: Formula
    program: Program
    complete: Complete | None = None
    cores: list[NDArray[np.int32]] = field(default_factory=list)
    refuted: int = 0
    undecided: int = 0
    waiting: NDArray[np.bool_] | None = None  # (n, inputs)

    def settle(
        self, candidates: NDArray[np.bool_], check: Callable[[], None] = lambda: None
    ) -> NDArray[np.bool_] | None:
        """Return a model (variables,) that extends one of candidates (n, inputs), None if none was found.

        Those that wait come first. `check` may raise to end it.

        AssertionError if a program that covers everything lets pass what is no model, or if a core is none
        of the assumptions: either would make refutations worthless.
        """
        if self.waiting is not None:
            candidates = np.concatenate([self.waiting, candidates])
        step = max(1, BATCH // max(1, self.program.variables))
        for first in range(0, candidates.shape[0], step):
            self.waiting = candidates[first:]
            check()
            values, false = self.program.values(candidates[first : first + step])
            for row in np.flatnonzero(false == 0).tolist():
                model = self._settle(values[row])
                if model is not None:
                    return model
                self.waiting = candidates[first + row + 1 :]
                check()
        self.waiting = None
        return None

    def _settle(self, values: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        if not self.program.uncovered.size:
            if not self.formula.satisfied(values):
                raise AssertionError("a candidate that passes all checks is no model")
            return values
        if any((values[np.abs(core) - 1] == (core > 0)).all() for core in self.cores):
            self.refuted += 1
            return None
        if self.complete is None:
            self.undecided += 1
            return None
        assumptions = self.program.assumptions(values)
        found = self.complete(assumptions)
        if found.values is not None and self.formula.satisfied(found.values):
            return found.values
        if found.core is None:
            self.undecided += 1
            return None
        if not np.isin(found.core, assumptions).all():
            raise AssertionError("a core has literals that were not assumed")
        self.cores.append(found.core)
        self.refuted += 1
        return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A model, or that there is none; with neither, some survivor is undecided."""

    values: NDArray[np.bool_] | None  # (variables,)
    unsatisfiable: bool


def decide(
    sweep: AnySweep, settler: Settler, check: Callable[[], None] = lambda: None, seconds: float = 0.05
) -> Verdict:
    """Run a sweep to its end or to the first model; `check` is called about every `seconds` and may raise."""
    while True:
        sweep.advance(seconds)
        check()
        candidates = sweep.candidates()
        values = settler.settle(candidates, check)
        if values is not None:
            return Verdict(values, unsatisfiable=False)
        if sweep.done:
            return Verdict(None, unsatisfiable=not settler.undecided)
