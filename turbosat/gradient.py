"""The gradient engine as a run of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbosat.events import Sink
from turbosat.local import Claim, descend, teller, winner
from turbosat.options import Options, worker_count
from turbosat.result import Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.deadline import Deadline
    from turbosat.formula import Formula

LANE = "gradient"


def search(
    formula: Formula,
    assumptions: NDArray[np.int32] | None,
    options: Options,
    deadline: Deadline,
    sink: Sink,
    statistics: dict[str, Any],
) -> Claim | None:
    """Return a model, not checked yet, or None where unit propagation refutes: that is left to CDCL.

    Figures go into `statistics`, also when Expired is raised at a limit. Raises UnsupportedError for a
    device that cannot be had.
    """
    from turbosat.gpu.search import GradientSearch

    engine = GradientSearch(
        formula.expanded(),
        lanes=options["lanes"],
        seed=options["seed"],
        workers=worker_count(options),
        device=options["device"],
        optimizer=options["optimizer"],
        check=deadline.check,
    )
    tell = teller(LANE, deadline, sink)
    try:
        if assumptions is not None:
            engine.freeze(assumptions)
        comment = {} if engine.comment is None else {"comment": engine.comment}
        tell("started", device=engine.device, seed=options["seed"], **comment)
        found = descend(engine, deadline, tell)
        if found is None:
            return None
        who = winner(LANE, options, engine.device, f"--optimizer={options['optimizer']}")
        return Claim(Status.SATISFIABLE, who, found[: formula.variables])  # less what long XORs needed
    finally:
        statistics[LANE] = engine.statistics()
        engine.close()
