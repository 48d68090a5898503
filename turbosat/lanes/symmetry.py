"""The symmetry and the folding lane: symmetries of clauses sought in child processes, driven as engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbosat.cdcl.engines.engine import Answer
from turbosat.errors import EngineError
from turbosat.lanes.single_task import SingleTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula

LARGEST = 5_000_000  # literals of a formula that is looked at
LARGE = 500_000  # literals from which on the lane looks itself: it takes 0.1 microseconds for each
LEAST = 0.05  # of the literals left by unit propagation that share their colour with another


def promising(formula: Formula, check: Callable[[], None] = lambda: None) -> bool:
    """Say whether a formula may have symmetries that matter: literals that look alike, without compiled code.

    Most formulas have none. Of a large one nothing is known before the lane has looked. `check` is called
    now and then and may raise.
    """
    if len(formula.xors) or formula.literals.size > LARGEST:
        return False
    if formula.literals.size > LARGE:
        return True
    from turbosat.encodings.symmetries.likeness import alike

    return alike(formula, LEAST, check) >= LEAST


def hiding(formula: Formula) -> bool:
    """Say whether auxiliary variables may hide symmetries; 20 ms for the largest formula it looks at."""
    if len(formula.xors) or formula.literals.size > LARGE:
        return False
    from turbosat.encodings.symmetries import indicators

    return indicators.promising(formula)


class SymmetrySearch(SingleTask):
    """The search for symmetries of one formula without XORs of its own. It answers UNKNOWN in the end.

    Once there are some that matter, `figures` says which, and `breaking` are clauses over the formula's
    variables and `auxiliary` ones behind them: with these clauses, the formula has a model if it has one
    without. They do not follow from it.
    """

    name = "symmetry"

    def __init__(self, *, memory_limit: int | None = None) -> None:
        super().__init__("turbosat.lanes.symmetry_worker", {}, memory_limit)
        self.breaking: Clauses | None = None
        self.auxiliary = 0

    def _take(self, message: Message) -> None:
        import numpy as np

        from turbosat.formula.clauses import Clauses

        literals, offsets = map(np.asarray, message.arrays)
        self._figures = message.data
        self.auxiliary = message.data["auxiliary"]
        self.breaking = Clauses(literals, offsets)

    def _refuted(self, message: Message) -> Answer:
        raise EngineError("a search for symmetries refutes nothing")


class FoldSearch(SingleTask):
    """The search for folds of a formula without XORs of its own, along hidden symmetries or partial ones.

    It answers UNKNOWN in the end.

    Once there are some, `folds` are clauses for each: equivalences along it, in order, of two clauses each.
    They do not follow from the formula, nor do they keep its satisfiability.
    """

    name = "folding"

    def __init__(self, seed: int, *, memory_limit: int | None = None) -> None:
        super().__init__("turbosat.lanes.folding_worker", {"seed": seed}, memory_limit)
        self.folds: list[Clauses] = []

    def _take(self, message: Message) -> None:
        import numpy as np

        from turbosat.formula.clauses import Clauses

        self._figures = message.data
        pairs = np.frombuffer(message.arrays[0], np.int32).reshape(-1, 2)
        ends = np.cumsum(message.data["folds"])
        for each in np.split(pairs, ends[:-1]):
            first, second = each.T
            literals = np.stack([first, -second, -first, second], axis=1).reshape(-1)
            self.folds.append(Clauses(literals, np.arange(0, literals.size + 1, 2)))

    def _refuted(self, message: Message) -> Answer:
        raise EngineError("a search for folds refutes nothing")
