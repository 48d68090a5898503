"""An engine that searches in this process: slices until a model, a limit, or nothing left to search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from turbosat.events import Event, Sink
from turbosat.result import Status, Winner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.deadline import Deadline
    from turbosat.formula.xors import Xors
    from turbosat.gpu.search import GradientSearch
    from turbosat.options import Options

SLICE = 0.2  # seconds between two looks at what the search reports
NEWS_INTERVAL = 1.0  # seconds between two progress events


@dataclass(frozen=True, slots=True)
class Claim:
    """What an engine says it found, still to be checked.

    `values` bool (variables,) with SATISFIABLE. With UNSATISFIABLE, `conflict` where XORs alone refute, and
    `core`, the assumptions that cannot hold.
    """

    status: Status
    winner: Winner
    values: NDArray[np.bool_] | None = None
    conflict: Xors | None = None
    core: NDArray[np.int32] | None = None


def teller(lane: str, deadline: Deadline, sink: Sink) -> Callable[..., None]:
    """Return what tells an event of a lane: called with its kind, and its data as keywords."""

    def tell(kind: str, **data: Any) -> None:
        sink(Event(kind, deadline.elapsed(), lane, data))

    return tell


def winner(lane: str, options: Options, device: str, *more: str) -> Winner:
    """Return the winner that an engine in this process is."""
    return Winner(lane, lane, options["seed"], (f"--device={device}", *more))


def descend(
    search: GradientSearch, deadline: Deadline, tell: Callable[..., None]
) -> NDArray[np.bool_] | None:
    """Return values bool (search's variables,) that should be a model, None when the search gave up.

    It gives up only where unit propagation refutes the formula. Raises Expired at a limit.
    """
    told = deadline.elapsed()
    while search.solution is None and not search.contradiction:
        progress = search.advance(SLICE)
        if deadline.elapsed() - told >= NEWS_INTERVAL:
            told = deadline.elapsed()
            shares = {f"share_{name}": round(share, 3) for name, share in progress.shares.items()}
            tell(
                "progress",
                best=progress.best,
                mean=round(progress.mean, 1),
                flips_per_second=round(progress.flips_per_second),
                **shares,
                flips=progress.flips,
            )
    found = search.solution
    tell("answered" if found is not None else "stopped")
    return found
