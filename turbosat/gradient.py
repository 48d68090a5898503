"""The gradient engine as a run of its own: slices until a model, a limit, or nothing left to search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbosat.deadline import Deadline
from turbosat.events import Event, Sink
from turbosat.options import Options, worker_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.formula import Formula

LANE = "gradient"
SLICE = 0.2  # seconds between two looks at what the search reports
NEWS_INTERVAL = 1.0  # seconds between two progress events


def descend(
    formula: Formula,
    assumptions: NDArray[np.int32] | None,
    options: Options,
    deadline: Deadline,
    sink: Sink,
    statistics: dict[str, Any],
) -> NDArray[np.bool_] | None:
    """Return values bool (variables,) that should satisfy the formula, None when the search gave up.

    It gives up only where unit propagation refutes the formula: that claim is left to CDCL. Figures go
    into `statistics`, also when Expired is raised at a limit. Raises UnsupportedError for a device that
    cannot be had.
    """
    from turbosat.gpu.search import GradientSearch

    clauses = formula.expanded()
    search = GradientSearch(
        clauses,
        lanes=options["lanes"],
        seed=options["seed"],
        workers=worker_count(options),
        device=options["device"],
        optimizer=options["optimizer"],
        check=deadline.check,
    )

    def tell(kind: str, **data: Any) -> None:
        sink(Event(kind, deadline.elapsed(), LANE, data))

    try:
        if assumptions is not None:
            search.freeze(assumptions)
        tell("started", device=search.device, seed=options["seed"], **_comment(search.comment))
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
        return None if found is None else found[: formula.variables]  # less what long XORs needed
    finally:
        statistics["gradient"] = search.statistics()
        search.close()


def _comment(comment: str | None) -> dict[str, str]:
    return {} if comment is None else {"comment": comment}
