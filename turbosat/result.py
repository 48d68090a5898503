"""What a run found out: Status, Reason, Winner, Result."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

from turbosat.records import field, record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Status(IntEnum):
    """The answer; its value is the exit code of the SAT Competition."""

    UNKNOWN = 0
    SATISFIABLE = 10
    UNSATISFIABLE = 20

    def __str__(self) -> str:
        return self.name


class Reason(Enum):
    """Why a run ended without an answer."""

    TIME = "time"
    MEMORY = "memory"
    INTERRUPTED = "interrupted"
    LIMIT = "limit"  # of conflicts, decisions, or frames
    GAVE_UP = "gave up"

    def __str__(self) -> str:
        return self.value


@record(frozen=True)
class Winner:
    """The lane that answered, with what it takes to replay it."""

    lane: str
    engine: str
    seed: int
    options: tuple[str, ...] = ()


@record(frozen=True)
class Result:
    """The checked outcome of a run.

    `model`: signed literals, int32, (variables,), entry v-1 for variable v; only with SATISFIABLE.
    `core`: the assumptions that cannot hold together, int32; only with UNSATISFIABLE under assumptions.
    `reason`: why there is no answer; only with UNKNOWN.
    `statistics`: plain data for JSON: seconds by stage, sizes, one entry a lane.
    """

    status: Status
    model: NDArray[np.int32] | None = None
    core: NDArray[np.int32] | None = None
    reason: Reason | None = None
    winner: Winner | None = None
    statistics: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        raise TypeError("a Result is not true or false: compare its status")
