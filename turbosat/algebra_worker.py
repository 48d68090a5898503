"""The child side of the algebra lane: recover, eliminate, say what follows; then sweep what is small.

In a process of its own, because compiled loops cannot be interrupted and the first run on a machine
compiles them for some seconds.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from turbosat.algebra import Facts, find
from turbosat.cdcl.channel import Channel, Message
from turbosat.cdcl.serving import serve
from turbosat.formula import Formula
from turbosat.xors import Xors

if TYPE_CHECKING:
    from turbosat.gpu.kernel_completion import Verdict

MOST_INPUTS = 34  # of a sweep: minutes for a thousand instructions
NICE = 10  # of the sweep
NEWS_INTERVAL = 0.5  # seconds between two words on its progress


class OutOfTime(Exception):
    """The stage has used up its share of the time limit."""


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, report what follows from its XORs, end with an answer or with none."""
    load, task = channel.receive(None), channel.receive(None)
    assert load is not None
    assert task is not None
    formula = _formula(load)
    find(Formula.from_clauses([[1, 2], [-1, -2], [1, -2, 3]]))  # compiles the kernels, or loads them
    end = None if task.data["seconds"] is None else time.monotonic() + task.data["seconds"]

    def check() -> None:
        if end is not None and time.monotonic() > end:
            raise OutOfTime

    try:
        facts = find(formula, check)
    except OutOfTime:
        channel.send("answer", {"status": 0, "why": "its share of the time is over"})
        return
    _send_facts(channel, formula, facts)
    if facts.conflict is not None:
        _refute(channel, facts.conflict, _proof(formula, facts.conflict, task.data))
        return
    verdict = _swept(channel, formula, facts, task.data["seed"]) if task.data["sweep"] else None
    if verdict is None or not (verdict.unsatisfiable or verdict.values is not None):
        channel.send("answer", {"status": 0, "why": "all that follows is said"})
    elif verdict.values is None:
        channel.send("answer", {"status": 20})
    else:
        channel.send("answer", {"status": 10}, _views(verdict.values.view(np.int8)))


def _formula(message: Message) -> Formula:
    literals, offsets, xor_literals, xor_offsets, parities = (np.asarray(array) for array in message.arrays)
    xors = Xors(xor_literals, xor_offsets, parities.astype(np.bool_))
    return Formula(literals, offsets, message.data["variables"], xors)


def _send_facts(channel: Channel, formula: Formula, facts: Facts) -> None:
    derived = facts.clauses(formula)
    figures = {**facts.figures(), "clauses_derived": derived.clauses}
    channel.send("facts", figures, _views(derived.literals, derived.offsets))


def _proof(formula: Formula, conflict: Xors, task: dict[str, Any]) -> bytes:
    """Return the DRAT proof that these XORs cannot hold together, nothing if none is asked for."""
    if not task["proof"]:
        return b""
    from turbosat.parity_proof import parity_proof

    return parity_proof(formula, conflict, binary=task["binary_proof"])


def _refute(channel: Channel, conflict: Xors, proof: bytes) -> None:
    """Answer UNSATISFIABLE, with the XORs that sum to 0 = 1 and the proof."""
    parities, data = conflict.parities.astype(np.int8), np.frombuffer(proof, np.int8)
    channel.send("answer", {"status": 20}, _views(conflict.variables, conflict.offsets, parities, data))


def _views(*arrays: NDArray[Any]) -> list[memoryview]:
    return [memoryview(array) for array in arrays]  # type: ignore[arg-type] # numpy's buffers are untyped


def _swept(channel: Channel, formula: Formula, facts: Facts, seed: int) -> Verdict | None:
    """Try every assignment of the free variables where they are few; None where they are not."""
    from turbosat.encodings.closure import compile_recovered

    program = compile_recovered(formula, facts.recovered, facts.elimination, limit=MOST_INPUTS)
    if program is None:
        return None
    from turbosat.completion import completion
    from turbosat.gpu.kernel_completion import Settler, decide
    from turbosat.gpu.kernel_sweep import Sweep

    os.nice(NICE)
    sweep = Sweep(program, seed)
    told = 0.0

    def check() -> None:
        nonlocal told
        if time.monotonic() - told >= NEWS_INTERVAL:
            told = time.monotonic()
            channel.send("progress", {"inputs": program.inputs.size, "swept": round(100 * sweep.progress, 1)})

    check()
    return decide(
        sweep, Settler(formula, program, completion(formula) if program.uncovered.size else None), check
    )
