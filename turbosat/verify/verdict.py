"""What is found out about a circuit: Answer, Witness, Invariant, Verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from turbosat.result import Reason

LARGEST: Final = 10_000  # depth of an invariant: so many frames its check takes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Answer(Enum):
    """Whether a property holds, or two circuits are equal."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, eq=False)
class Witness:
    """A run of a circuit: where it starts and what it is given.

    The last frame is the one in which the property fails; a combinational circuit has one frame.
    """

    latches: NDArray[np.bool_]  # (latches,), in frame 0
    inputs: NDArray[np.bool_]  # (frames, inputs)

    @property
    def frames(self) -> int:
        """Return how many frames there are, at least 1."""
        return len(self.inputs)


@dataclass(frozen=True, slots=True)
class Invariant:
    """Why a property holds in all reachable states.

    `clauses`: over latches, each a tuple of AIGER literals of the graph that was asked about; their
    conjunction I holds in all first states. `depth`: I and the property, held in so many frames in a row
    under the constraints, hold in the next; 1 for an inductive invariant. `distinct`: that is so as long as
    the states of these frames differ (k-induction along simple paths: Sheeran, Singh, Stålmarck: Checking
    Safety Properties Using Induction and a SAT-Solver, FMCAD 2000).
    """

    clauses: tuple[tuple[int, ...], ...]
    depth: int = 1
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The checked answer about one property.

    `property`: its position among the bad states, or among the outputs where a circuit has no bad states.
    `bound`: the last frame, counted from 0, up to which it is known to hold; None where that is none, or for
    all frames. `witness`: a run that was simulated; only with FAILS. `invariant`: with HOLDS where there is
    one to show, checked. `reason`: why there is no answer; only with UNKNOWN: LIMIT where the bound was
    reached. `statistics`: plain data for JSON.
    """

    answer: Answer
    property: int = 0
    reason: Reason | None = None
    bound: int | None = None
    witness: Witness | None = None
    invariant: Invariant | None = None
    method: str = ""  # who answered
    seconds: float = 0.0  # since the question was asked
    statistics: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        raise TypeError("a Verdict is not true or false: compare its answer")
