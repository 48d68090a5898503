"""The child side of the symmetry lane: find symmetries, write the clauses that break them.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.lex_leaders import break_symmetries
from turbosat.encodings.symmetry import Symmetry
from turbosat.formula.formula import unpack

if TYPE_CHECKING:
    from turbosat.encodings.symmetry import Permutation

EFFORT = 300_000_000  # edges that the search reads at most: about 3 CPU seconds
WORTH = 0.2  # of the variables left by unit propagation that symmetries must move


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, send breaking clauses if there are symmetries that matter, and end."""
    load, task = channel.receive(None), channel.receive(None)
    assert load is not None
    assert task is not None
    formula = unpack(load.arrays, load.data["variables"])
    began = time.process_time()
    symmetry = Symmetry(formula)
    generators, ended = symmetry.generators(EFFORT) if symmetry.coloured() else ([], True)
    if moved_part(generators, symmetry.variables) < WORTH:
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


def moved_part(generators: list[Permutation], variables: int) -> float:
    """Return which part of the variables some generator moves."""
    if not generators:
        return 0.0
    return np.unique(np.concatenate([each.sources for each in generators])).size / variables
