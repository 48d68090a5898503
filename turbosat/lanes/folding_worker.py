"""The child side of the folding lane: find partial symmetries, send the equivalences along them.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import time

import numpy as np

from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.folding import folds, signed
from turbosat.lanes.single_task import received

READ = 150_000_000  # literals that the search for folds reads at most, about 0.8 CPU seconds,
TIMES = 800  # and times those of the formula;
CROWDED = 500_000  # literals from which on each takes three times as long


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, send folds if there are any, those of the most worth first, and end."""
    formula, task = received(channel)
    began = time.process_time()
    symmetry = Symmetry(formula)
    literals = symmetry.clauses.codes.size
    effort = min(TIMES * literals, READ if literals < CROWDED else READ // 3)
    found = [signed(each, symmetry.names) for each in folds(symmetry, effort, seed=task["seed"])]
    if found:
        figures = {
            "variables": symmetry.variables,
            "folds": [each.shape[0] for each in found],
            "seconds": round(time.process_time() - began, 4),
        }
        pairs = np.concatenate(found)
        channel.send("folds", figures, [memoryview(pairs.reshape(-1))])  # type: ignore[arg-type] # untyped
    channel.send("answer", {"status": 0, "why": "all is said" if found else "no folds"})
