"""The child side of the folding lane: find partial symmetries, send the equivalences along them.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.folding import MOST, folds, signed
from turbosat.encodings.symmetries.hidden import revealed
from turbosat.formula.formula import Formula
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
    own = np.arange(formula.variables, dtype=np.int32)
    hidden = [signed(each, own) for each in revealed(formula)[:MOST]]
    if found := hidden or _partial(formula, task["seed"]):
        figures = {
            "variables": formula.variables,
            "hidden": len(hidden),
            "folds": [each.shape[0] for each in found],
            "seconds": round(time.process_time() - began, 4),
        }
        pairs = np.concatenate(found)
        channel.send("folds", figures, [memoryview(pairs.reshape(-1))])  # type: ignore[arg-type] # untyped
    channel.send("answer", {"status": 0, "why": "all is said" if found else "no folds"})


def _partial(formula: Formula, seed: int) -> list[NDArray[np.int32]]:
    """Return the equivalent literals of folds along partial symmetries, signed, (pairs, 2) each."""
    symmetry = Symmetry(formula)
    literals = symmetry.clauses.codes.size
    effort = min(TIMES * literals, READ if literals < CROWDED else READ // 3)
    return [signed(each, symmetry.names) for each in folds(symmetry, effort, seed=seed)]
