"""The options of CaDiCaL that lanes may set, each once: name and bounds.

python-sat passes options on without a word about unknown names, and CaDiCaL cuts values to its bounds
in silence. So what is not listed here is refused. `factor` is left out on purpose: it invents variables,
and then learned clauses would not be clauses of the formula.
"""

from __future__ import annotations

from collections.abc import Mapping

from turbosat.errors import EngineError

LARGEST = 2_000_000_000

BOUNDS: dict[str, tuple[int, int]] = {
    "bump": (0, 1),
    "bumpreason": (0, 1),
    "chrono": (0, 2),
    "condition": (0, 1),
    "congruence": (0, 1),
    "cover": (0, 1),
    "elim": (0, 1),
    "elimboundmax": (-1, 2_000_000),
    "elimeffort": (1, 100_000),
    "fastelim": (0, 1),
    "forcephase": (0, 1),
    "inprobing": (0, 1),
    "inprocessing": (0, 1),
    "lucky": (0, 1),
    "minimize": (0, 1),
    "phase": (0, 1),
    "randec": (0, 1),
    "randecfocused": (0, 1),
    "randecinit": (0, LARGEST),
    "randecint": (0, LARGEST),
    "randecstable": (0, 1),
    "rephase": (0, 1),
    "rephaseint": (1, LARGEST),
    "restart": (0, 1),
    "restartint": (1, LARGEST),
    "reverse": (0, 1),
    "score": (0, 1),
    "scorefactor": (500, 1000),
    "shuffle": (0, 1),
    "shufflerandom": (0, 1),
    "stabilize": (0, 1),
    "stabilizeonly": (0, 1),
    "subsumeeffort": (1, 100_000),
    "sweep": (0, 1),
    "target": (0, 2),
    "ternary": (0, 1),
    "vivify": (0, 1),
    "walk": (0, 1),
}


def checked_options(options: Mapping[str, int], seed: int) -> dict[str, int]:
    """Return what CaDiCaL is to be configured with; EngineError for what it would ignore."""
    for name, value in options.items():
        if name not in BOUNDS:
            raise EngineError(f"cadical: unknown option {name!r}; known: {', '.join(BOUNDS)}")
        low, high = BOUNDS[name]
        if not low <= value <= high:
            raise EngineError(f"cadical: {name} must be from {low} to {high}, not {value}")
    if not 0 <= seed <= LARGEST:
        raise EngineError(f"cadical: seed must be from 0 to {LARGEST}, not {seed}")
    return {**options, "seed": seed, "factor": 0}
