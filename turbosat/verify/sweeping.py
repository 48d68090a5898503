"""SAT sweeping of a circuit whose outputs should all be false: what is equal is merged, little is left."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.cdcl.sweeping.sweep import Sweep
from turbosat.deadline import Deadline
from turbosat.encodings.circuit.aig import FALSE, Aig
from turbosat.encodings.circuit.builder import AigBuilder, renamed
from turbosat.events import Event, Sink
from turbosat.options import Options

BUDGETS: Final = 10, 100, 1_000, 10_000  # conflicts for each query, pass by pass
PATIENCE: Final = 64  # queries given up in a row that end a pass
THROUGH: Final = 0.5, 4.0  # seconds that all assignments may take, after the first pass, after the others
LONGEST: Final = 10.0  # seconds after which it is left to others
MOST: Final = 200_000  # conflicts and models after which a run that must not look at clocks leaves it


class _Long(Exception):
    """The others have their turn."""


def sweeping(
    graph: Aig, deadline: Deadline, sink: Sink, options: Options
) -> tuple[NDArray[np.bool_] | None, str] | Aig:
    """Sweep until that tells whether an output can be true: inputs for which one is, or None where none is.

    Where it does not tell, return the circuit with what is equal merged; with the option `sweeping` off, or
    with another engine than `auto`, the circuit as it is. Raises Expired.
    """
    if not options["sweeping"] or options["engine"] != "auto":
        return graph
    outputs = np.unique(graph.outputs[graph.outputs != FALSE])
    began = deadline.elapsed()
    sweep = Sweep(graph, [outputs], seed=options["seed"])

    def check() -> None:
        deadline.check()
        if options["deterministic"]:
            long = sweep.figures["conflicts"] + sweep.figures["models"] > MOST
        else:
            long = deadline.elapsed() - began > LONGEST
        if long:
            raise _Long

    with suppress(_Long):  # what is known by then stays known
        sweep.simulate(check)
        for number, budget in enumerate(BUDGETS):
            sweep.merge_parities(check)
            went_on = sweep.run_pass(budget, PATIENCE, check)
            sink(Event("sweep", deadline.elapsed(), "sweeping", {"budget": budget, **sweep.figures}))
            if sweep.run_through(THROUGH[min(number, 1)], check) or not went_on:
                break
    if sweep.decided:
        return sweep.model, "sweeping"
    return merged(graph, outputs, sweep.literals)


def merged(graph: Aig, outputs: NDArray[np.int32], literals: NDArray[np.int32]) -> Aig:
    """Return a circuit in which each variable is the literal it is equal to, the smallest one.

    It has the same inputs, and the given outputs.
    """
    made = AigBuilder()
    inputs = made.add_inputs(graph.inputs)
    alike = Aig(inputs=graph.inputs, ands=renamed(graph.ands, literals))
    names = made.copy(alike, inputs)
    return made.build(outputs=renamed(renamed(outputs, literals), names), trim=True)
