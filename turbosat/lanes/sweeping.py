"""The sweeping lane: the formula's own circuit swept in a child process, driven as an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbosat.cdcl.engines.engine import Answer
from turbosat.lanes.single_task import SingleTask
from turbosat.result import Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.formula import Formula


class Sweeping(SingleTask):
    """SAT sweeping of the gates in one formula without XORs of its own.

    After each pass, and now and then during long ones, `figures` and `representatives` are what is known by
    then (see turbosat.cdcl.sweeping.facts), each time another array; after the second pass, or the last,
    `merged` is the formula with equal variables replaced, if these are many. It answers UNSATISFIABLE where
    the circuit's constraints cannot hold, SATISFIABLE with a model that it came upon, and UNKNOWN when passes
    find little more. `progress` tells the nodes merged and the conflicts that took. With `proof`,
    UNSATISFIABLE comes with a DRAT proof of the formula.
    """

    name = "sweeping"

    def __init__(
        self,
        *,
        proof: bool = False,
        binary_proof: bool = True,
        seed: int = 0,
        memory_limit: int | None = None,
    ) -> None:
        task = {"proof": proof, "binary_proof": binary_proof, "seed": seed}
        super().__init__("turbosat.lanes.sweeping_worker", task, memory_limit)
        self.representatives: NDArray[np.int32] | None = None
        self.merged: Formula | None = None

    def _take(self, message: Message) -> None:
        import numpy as np

        if message.kind == "merged":
            from turbosat.formula.formula import Formula

            literals, offsets = map(np.asarray, message.arrays)
            self.merged = Formula(literals, offsets, message.data["variables"])
            return
        self._figures, (array,) = message.data, message.arrays
        self.representatives = np.asarray(array)

    def _refuted(self, message: Message) -> Answer:
        return Answer(Status.UNSATISFIABLE, proof=message.arrays[0] if message.arrays else None)
