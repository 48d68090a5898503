"""The child side of the folding lane: find hidden or partial symmetries, send the equivalences along them.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import time

import numpy as np

from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.folding import Fold, folds, signed
from turbosat.encodings.symmetries.hidden import revealed
from turbosat.lanes.single_task import received

READ = 150_000_000  # literals that the search for folds reads at most, about 0.8 CPU seconds,
TIMES = 800  # and times those of the formula;
CROWDED = 500_000  # literals from which on each takes three times as long


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, send folds if there are any, those that look best first, and end.

    Partial symmetries are not sought where indicators hide whole ones.
    """
    formula, task = received(channel)
    began = time.process_time()
    symmetry = Symmetry(formula)
    hidden = revealed(symmetry)
    if folded := hidden or _partial(symmetry, task["seed"]):
        found = [signed(each, symmetry.names) for each in folded]
        figures = {
            "variables": symmetry.variables,
            "hidden": len(hidden),
            "folds": [each.shape[0] for each in found],
            "seconds": round(time.process_time() - began, 4),
        }
        pairs = np.concatenate(found)
        channel.send("folds", figures, [memoryview(pairs.reshape(-1))])  # type: ignore[arg-type] # untyped
    channel.send("answer", {"status": 0, "why": "all is said" if folded else "no folds"})


def _partial(symmetry: Symmetry, seed: int) -> list[Fold]:
    """Return folds along partial symmetries."""
    literals = symmetry.clauses.codes.size
    effort = min(TIMES * literals, READ if literals < CROWDED else READ // 3)
    return folds(symmetry, effort, seed=seed)
