"""The child side of the symmetry lane: find symmetries, write the clauses that break them.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.interchange import reduced
from turbosat.encodings.symmetries.lex_leaders import break_symmetries
from turbosat.lanes.single_task import received
from turbosat.lanes.symmetry import LEAST

if TYPE_CHECKING:
    from turbosat.encodings.symmetries.automorphisms import Permutation

EFFORT = 300_000_000  # edges that the search reads at most: about 3 CPU seconds
WORTH = 0.2  # of the variables left by unit propagation that symmetries must move, all together,
LARGE = 0.02  # and one of them: what changes places in small parts only, a search settles part by part
FEW = 3  # symmetries, of which each doubles the group at least: one of 2 or 4 is not worth a lane


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, send breaking clauses if there are symmetries that matter, and end."""
    formula, _ = received(channel)
    began = time.process_time()
    symmetry = Symmetry(formula)
    found, ended = symmetry.generators(EFFORT) if symmetry.coloured() >= LEAST else ([], True)
    generators = reduced(found, symmetry.variables)
    if not worth(generators, symmetry.variables):
        channel.send("answer", {"status": 0, "why": "hardly any symmetries"})
        return
    breaking = break_symmetries(symmetry, generators, formula.variables)
    figures = {
        **breaking.figures,
        "auxiliary": breaking.auxiliary,
        "ended": ended,
        "seconds": round(time.process_time() - began, 4),
    }
    clauses = breaking.clauses
    views = [memoryview(each) for each in (clauses.literals, clauses.offsets)]  # type: ignore[arg-type] # untyped
    channel.send("breaking", figures, views)
    channel.send("answer", {"status": 0, "why": "all is said"})


def worth(generators: list[Permutation], variables: int) -> bool:
    """Whether symmetries move enough of the variables to matter."""
    if len(generators) < FEW:
        return False
    largest = max(each.sources.size for each in generators)
    moved = np.unique(np.concatenate([each.sources for each in generators])).size
    return bool(moved >= WORTH * variables and largest >= LARGE * variables)
