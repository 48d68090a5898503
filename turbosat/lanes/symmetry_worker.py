"""The child side of the symmetry and the folding lane: find symmetries, write clauses for them.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.folding import folds, signed
from turbosat.encodings.symmetries.interchange import reduced
from turbosat.encodings.symmetries.lex_leaders import break_symmetries
from turbosat.lanes.single_task import received
from turbosat.lanes.symmetry import LEAST

if TYPE_CHECKING:
    from turbosat.encodings.symmetries.automorphisms import Permutation
    from turbosat.formula.formula import Formula

EFFORT = 300_000_000  # edges that the search reads at most: about 3 CPU seconds
READ = 150_000_000  # literals that the search for folds reads at most, about 0.8 CPU seconds,
TIMES = 800  # and times those of the formula;
CROWDED = 500_000  # literals from which on each takes three times as long
WORTH = 0.2  # of the variables left by unit propagation that symmetries must move, all together,
LARGE = 0.02  # and one of them: what changes places in small parts only, a search settles part by part
FEW = 3  # symmetries, of which each doubles the group at least: one of 2 or 4 is not worth a lane


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, send breaking clauses if there are symmetries that matter, or folds, and end."""
    formula, task = received(channel)
    if "seed" in task:
        find_folds(channel, formula, task["seed"])
        return
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


def find_folds(channel: Channel, formula: Formula, seed: int) -> None:
    """Send folds if there are any, those of the most worth first, and end."""
    began = time.process_time()
    symmetry = Symmetry(formula)
    literals = symmetry.clauses.codes.size
    effort = min(TIMES * literals, READ if literals < CROWDED else READ // 3)
    found = [signed(each, symmetry.names) for each in folds(symmetry, effort, seed=seed)]
    if found:
        figures = {
            "variables": symmetry.variables,
            "folds": [each.shape[0] for each in found],
            "seconds": round(time.process_time() - began, 4),
        }
        pairs = np.concatenate(found)
        channel.send("folds", figures, [memoryview(pairs.reshape(-1))])  # type: ignore[arg-type] # untyped
    channel.send("answer", {"status": 0, "why": "all is said" if found else "no folds"})


def worth(generators: list[Permutation], variables: int) -> bool:
    """Whether symmetries move enough of the variables to matter."""
    if len(generators) < FEW:
        return False
    largest = max(each.sources.size for each in generators)
    moved = np.unique(np.concatenate([each.sources for each in generators])).size
    return bool(moved >= WORTH * variables and largest >= LARGE * variables)
