"""The child side of a proof: one engine on one property."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.circuit.aig import Aig

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from turbosat.verify.prove.answer import Found


def main(descriptor: int) -> None:
    """Serve the race at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a circuit, report frames, end with what the engine found."""
    load = channel.receive(None)
    assert load is not None
    inputs, bad, engine = load.data["inputs"], load.data["bad"], load.data["engine"]
    ands, following, reset, constraints = (np.array(each, np.int32) for each in load.arrays)
    aig = Aig(inputs, ands.reshape(-1, 2), following, reset, constraints=constraints)

    def report(frame: int, **data: int) -> None:
        if channel.roomy():
            channel.send("frame", {"frame": frame, **data})

    found: Found | None
    if engine == "ic3":
        from turbosat.verify.prove.ic3 import Ic3

        found = Ic3(aig, bad, lambda frame, clauses: report(frame, clauses=clauses)).run()
    else:
        from turbosat.verify.prove.induction import search

        found = search(aig, bad, report, distinct=load.data["distinct"])
    _answer(channel, found)


def _answer(channel: Channel, found: Found | None) -> None:
    if found is None:
        channel.send("nothing")
    elif found.clauses is not None:
        literals = np.array([literal for clause in found.clauses for literal in clause], np.int32)
        lengths = np.array([len(clause) for clause in found.clauses], np.int32)
        data = {"depth": found.depth, "distinct": found.distinct}
        channel.send("proof", data, _views(literals, lengths))
    else:
        assert found.latches is not None
        assert found.inputs is not None
        latches, inputs = found.latches.astype(np.int8), found.inputs.astype(np.int8).ravel()
        channel.send("run", {"frames": len(found.inputs)}, _views(latches, inputs))


def _views(*arrays: NDArray[Any]) -> list[memoryview]:
    return [memoryview(array) for array in arrays]  # type: ignore[arg-type]
