"""SAT sweeping of a circuit whose outputs should all be false: what is equal is merged, little is left."""

from __future__ import annotations

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
LONGEST: Final = 10.0  # seconds after which the next pass is left to others


def sweeping(
    graph: Aig, deadline: Deadline, sink: Sink, options: Options
) -> tuple[NDArray[np.bool_] | None, str] | Aig:
    """Sweep until that tells whether an output can be true: inputs for which one is, or None where none is.

    Where it does not tell, return the circuit with what is equal merged. Raises Expired.
    """
    outputs = np.unique(graph.outputs[graph.outputs != FALSE])
    began = deadline.elapsed()
    sweep = Sweep(graph, [outputs], seed=options["seed"])
    sweep.simulate(deadline.check)
    for number, budget in enumerate(BUDGETS):
        if sweep.decided or deadline.elapsed() - began > LONGEST:
            break
        went_on = sweep.run_pass(budget, PATIENCE, deadline.check)
        sink(Event("sweep", deadline.elapsed(), "sweeping", {"budget": budget, **sweep.figures}))
        if sweep.run_through(THROUGH[min(number, 1)], deadline.check) or not went_on:
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
