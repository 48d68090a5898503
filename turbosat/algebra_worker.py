"""The child side of the algebra lane: recover, eliminate, say what follows; then sweep what is small.

In a process of its own, because compiled loops cannot be interrupted and the first run on a machine
compiles them for some seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from turbosat.algebra import Facts, find
from turbosat.cdcl.channel import Channel, Message
from turbosat.cdcl.serving import serve
from turbosat.formula import Formula
from turbosat.xors import Xors


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
    end = None if task.data["seconds"] is None else time.monotonic() + task.data["seconds"]

    def check() -> None:
        if end is not None and time.monotonic() > end:
            raise OutOfTime

    try:
        facts = find(formula, check)
        conflict = facts.conflict
        if conflict is not None:
            proof = _proof(formula, conflict, task.data, check)
            _send_facts(channel, facts)
            _refute(channel, conflict, proof)
            return
    except OutOfTime:
        channel.send("answer", {"status": 0, "why": "its share of the time is over"})
        return
    _send_facts(channel, facts)
    channel.send("answer", {"status": 0, "why": "all that follows is said"})


def _formula(message: Message) -> Formula:
    literals, offsets, xor_literals, xor_offsets, parities = (np.asarray(array) for array in message.arrays)
    xors = Xors(np.abs(xor_literals), xor_offsets, parities.astype(np.bool_))
    return Formula(literals, offsets, message.data["variables"], xors)


def _send_facts(channel: Channel, facts: Facts) -> None:
    literals, offsets = facts.clauses()
    channel.send("facts", facts.figures(), [memoryview(literals), memoryview(offsets)])


def _proof(formula: Formula, conflict: Xors, task: dict[str, Any], check: Callable[[], None]) -> bytes:
    """Return the DRAT proof that these XORs cannot hold together, nothing if none is asked for."""
    if not task["proof"]:
        return b""
    from turbosat.parity_proof import parity_proof

    return parity_proof(formula, conflict, binary=task["binary_proof"], check=check)


def _refute(channel: Channel, conflict: Xors, proof: bytes) -> None:
    """Answer UNSATISFIABLE, with the XORs that sum to 0 = 1 and the proof."""
    arrays = (
        conflict.variables,
        conflict.offsets,
        conflict.parities.astype(np.int8),
        np.frombuffer(proof, np.int8),
    )
    channel.send("answer", {"status": 20}, [memoryview(array) for array in arrays])
