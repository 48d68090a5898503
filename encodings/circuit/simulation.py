"""Simulation: 64 patterns a word of all variables at once, and single runs over time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.circuits import circuit as kernels
from turbosat.encodings.circuit.aig import Aig, Literals
from turbosat.encodings.propagation import blocks
from turbosat.errors import UsageError

WORK: Final = 1 << 20  # words written between two calls of `check`: some milliseconds

Words = NDArray[np.uint64]


def simulate(aig: Aig, leaves: Words, check: Callable[[], None] = lambda: None) -> Words:
    """Return the values of all variables, (1 + variables, words); row 0 is the constant false.

    `leaves` are the values of inputs, then latches, uint64 (inputs + latches, words): each bit of a word is
    a pattern of its own. `check` is called between blocks and may raise.
    """
    if np.ndim(leaves) != 2 or len(leaves) != aig.first_and - 1:
        raise UsageError(f"expected values of {aig.first_and - 1} leaves, found {np.shape(leaves)}")
    simulated = np.empty((1 + aig.variables, leaves.shape[1]), np.uint64)
    simulated[0] = 0
    simulated[1 : aig.first_and] = leaves
    resimulate(aig, simulated, check)
    return simulated


def resimulate(aig: Aig, simulated: Words, check: Callable[[], None] = lambda: None) -> None:
    """Compute the gates' values in place, (1 + variables, words), from what inputs and latches have there."""
    for first, last in blocks(len(aig.ands), WORK // max(simulated.shape[1], 1), check):
        kernels.simulate_gates(aig.ands, aig.first_and, simulated, first, last)


def values(simulated: Words, literals: NDArray[np.int32]) -> Words:
    """Return the values of literals (n,), uint64 (n, words), from those of all variables."""
    flips = -(np.asarray(literals) & 1).astype(np.int64)
    return np.asarray(simulated[literals >> 1] ^ flips.view(np.uint64)[:, None])


def initial_values(aig: Aig, free: NDArray[np.bool_] | bool = False) -> NDArray[np.bool_]:
    """Return the latches' first values, (latches,) bool; those without a reset value have those of `free`."""
    return np.where(aig.reset > 1, free, aig.reset == 1)


@dataclass(frozen=True, slots=True)
class Run:
    """What a graph does over time, all bool: a row for each frame, and one more for the latches."""

    outputs: NDArray[np.bool_]  # (frames, outputs)
    bad: NDArray[np.bool_]  # (frames, bad)
    constraints: NDArray[np.bool_]  # (frames, constraints)
    fairness: NDArray[np.bool_]  # (frames, fairness)
    justice: tuple[NDArray[np.bool_], ...]  # each (frames, literals)
    latches: NDArray[np.bool_]  # (frames + 1, latches), before each frame and after the last


def run(
    aig: Aig,
    stimuli: NDArray[np.bool_],
    latches: NDArray[np.bool_] | None = None,
    check: Callable[[], None] = lambda: None,
) -> Run:
    """Run a graph on inputs (frames, inputs) bool, from the latches' values (latches,) bool.

    Without these, it begins from the reset values, and 0 where there is none. UsageError for other shapes.
    """
    stimuli = np.asarray(stimuli, np.bool_)
    state = initial_values(aig) if latches is None else np.asarray(latches, np.bool_)
    if stimuli.ndim != 2 or stimuli.shape[1] != aig.inputs:
        raise UsageError(f"expected values of {aig.inputs} inputs in each frame, found {stimuli.shape}")
    if state.shape != (aig.latches,):
        raise UsageError(f"expected values of {aig.latches} latches, found {state.shape}")
    parts = [aig.outputs, aig.bad, aig.constraints, aig.fairness, *aig.justice]
    looked: Literals = np.concatenate([*parts, aig.next_state])
    seen = np.zeros((len(stimuli), looked.size), np.bool_)
    states = np.zeros((len(stimuli) + 1, aig.latches), np.bool_)
    states[0] = state
    simulated = np.zeros((1 + aig.variables, 1), np.uint64)
    for frame, inputs in enumerate(stimuli):
        check()
        simulated[1 : aig.first_and, 0] = np.concatenate([inputs, states[frame]])
        resimulate(aig, simulated, check)
        seen[frame] = values(simulated, looked)[:, 0] & np.uint64(1)
        states[frame + 1] = seen[frame, looked.size - aig.latches :]
    ends = np.cumsum([len(part) for part in parts])
    outputs, bad, constraints, fairness, *justice, _ = np.split(seen, ends, axis=1)
    return Run(outputs, bad, constraints, fairness, tuple(justice), states)
