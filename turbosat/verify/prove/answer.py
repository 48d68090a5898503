"""What an engine finds: clauses that prove, or a run that refutes. Nothing of it is checked yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Found:
    """Either an invariant, see turbosat.verify.verdict, or a run from a first state to a bad one."""

    clauses: list[tuple[int, ...]] | None = None
    depth: int = 1
    distinct: bool = False
    latches: NDArray[np.bool_] | None = None  # (latches,), of the first frame
    inputs: NDArray[np.bool_] | None = None  # (frames, inputs)
