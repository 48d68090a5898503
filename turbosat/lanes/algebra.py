"""The algebra and the counting lane: searches in child processes for what sums up, driven as engines.

Algebra sums XORs and sweeps what is small, counting sums cardinality constraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Answer
from turbosat.lanes.single_task import SingleTask
from turbosat.result import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from turbosat.cdcl.process.channel import Message
    from turbosat.encodings.adders.rebuilt import Rebuilt
    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula

LARGEST_COUNTED = 3_000_000  # literals of a formula in which cardinality constraints are looked for
LONGEST_SWEEP = 3600.0  # seconds, where the run has no limit


class _Summing(SingleTask):
    """A task that tells, once, figures and `clauses` that follow from the formula: None until then."""

    clauses: Clauses | None = None

    def _take(self, message: Message) -> None:
        import numpy as np

        from turbosat.formula.clauses import Clauses

        self._figures, self.clauses = message.data, Clauses(*map(np.asarray, message.arrays))


class Algebra(_Summing):
    """Linear algebra over GF(2) on one formula.

    First it says what follows from the XORs: until then `figures` are empty, and `clauses` None. It answers
    UNSATISFIABLE with the recovered XORs that sum to 0 = 1, or after a complete sweep over few free
    variables, which may also find a model; and UNKNOWN when it has nothing more to say.

    CPU `seconds` bound recovery and elimination; `sweep` lets it go on to the search in the solution space,
    given up where it would not end in the seconds `remaining` to the run, on a CUDA device if `device` is
    "auto" and there is one; unless `timed`, what it does depends on the formula alone, and no device does it.
    With `rebuild`, it looks for sums of words then, `rebuilding` until it has: where there are, `rebuilt`
    is the formula with these built again, and `sums` are figures of that; else None and empty.
    `progress` tells the inputs that are searched in, and the share of assignments `swept` and the CPU seconds
    `left` for the others, the `fewest` false checks, or the `weight` of the noise that is looked for. With
    `proof`, XORs that refute the formula come with a DRAT proof of it.
    """

    name = "algebra"

    def __init__(
        self,
        *,
        seconds: float | None = None,
        sweep: bool = True,
        rebuild: bool = False,
        proof: bool = False,
        binary_proof: bool = True,
        seed: int = 0,
        remaining: float | None = None,
        timed: bool = True,
        device: str = "cpu",
        memory_limit: int | None = None,
    ) -> None:
        task = {
            "seconds": seconds,
            "sweep": sweep,
            "rebuild": rebuild,
            "proof": proof,
            "binary_proof": binary_proof,
            "seed": seed,
            "timed": timed,
            "device": device if timed else "cpu",  # what a device breaks off depends on the device
            "remaining": LONGEST_SWEEP if remaining is None else remaining,
        }
        super().__init__("turbosat.lanes.algebra_worker", task, memory_limit)
        self.rebuilt: Rebuilt | None = None
        self.rebuilding = rebuild
        self.sums: dict[str, Any] = {}

    def _take(self, message: Message) -> None:
        if message.kind != "rebuilt":
            super()._take(message)
            return
        self.rebuilding, self.sums = False, message.data
        if message.arrays:
            import numpy as np

            from turbosat.encodings.adders.rebuilt import Rebuilt
            from turbosat.formula.formula import Formula

            literals, offsets, steps = map(np.asarray, message.arrays)
            formula = Formula(literals, offsets, self.sums["variables"])
            self.rebuilt = Rebuilt(formula, steps.reshape(-1, 5), self.sums["sums"], self.sums["adders"])

    def _refuted(self, message: Message) -> Answer:
        import numpy as np

        from turbosat.formula.xors import Xors

        if not message.arrays:
            return Answer(Status.UNSATISFIABLE)
        variables, offsets, parities = (np.asarray(array) for array in message.arrays[:3])
        conflict = Xors(variables, offsets, parities.astype(np.bool_))
        proof = message.arrays[3] if self._task["proof"] else None
        return Answer(Status.UNSATISFIABLE, conflict=conflict, proof=proof)


class Counting(_Summing):
    """Cardinality constraints of one formula, and their sums: modulo small primes, and as a linear program.

    It answers UNSATISFIABLE where they contradict each other, else UNKNOWN. Before, `figures` says how many
    there are and what refutes them, and `clauses` are literals that must be true, None until then.
    """

    name = "counting"

    def __init__(self, *, memory_limit: int | None = None) -> None:
        super().__init__("turbosat.lanes.counting_worker", {}, memory_limit)

    def _refuted(self, message: Message) -> Answer:
        return Answer(Status.UNSATISFIABLE)


def countable(formula: Formula, check: Callable[[], None] = lambda: None) -> bool:
    """Say whether a formula may have cardinality constraints that matter, without compiled code.

    15 to 90 ms for a million literals. `check` is called now and then and may raise.
    """
    if not 0 < formula.literals.size <= LARGEST_COUNTED or formula.variables > 4 * formula.literals.size:
        return False
    from turbosat.encodings.cardinalities import likely_binomial
    from turbosat.encodings.exclusion import likely, pairs_of
    from turbosat.encodings.propagation import literal_codes

    codes = literal_codes(formula.literals)
    check()
    if likely(pairs_of(codes, formula.offsets), 2 * formula.variables):
        return True
    check()
    return likely_binomial(codes, formula.offsets, check)
