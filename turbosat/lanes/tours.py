"""The tours lane: cycles through all vertices of a graph, sought in a child process, driven as an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbosat.cdcl.engines.engine import Answer
from turbosat.errors import EngineError
from turbosat.lanes.single_task import SingleTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.formula import Formula

LARGEST = 10_000_000  # literals of a formula that is looked at
LARGE = 1_000_000  # literals from which on the lane looks itself: it takes 0.1 microseconds for each


def promising(formula: Formula, check: Callable[[], None] = lambda: None) -> bool:
    """Say whether a formula may have a circuit, by counts of its literals, without compiled code.

    Of a large one nothing is known before the lane has looked. `check` is called now and then and may raise.
    """
    if len(formula.xors) or not 0 < formula.literals.size <= LARGEST:
        return False
    if formula.variables > formula.literals.size:
        return False
    return formula.literals.size > LARGE or countable(formula, check)


def countable(formula: Formula, check: Callable[[], None] = lambda: None) -> bool:
    """Say whether there may be enough sets of literals of which one is true."""
    from turbosat.encodings.propagation import literal_codes
    from turbosat.encodings.tours import likely

    codes = literal_codes(formula.literals)
    check()
    return likely(codes, formula.offsets, 2 * formula.variables)


class ToursSearch(SingleTask):
    """The search for a circuit and a cycle in one formula without XORs of its own.

    It answers SATISFIABLE with a model, or UNKNOWN; `figures` then say what the circuit was, if there is one.
    """

    name = "tours"

    def __init__(self, *, memory_limit: int | None = None) -> None:
        super().__init__("turbosat.lanes.tours_worker", {}, memory_limit)

    def _take(self, message: Message) -> None:
        self._figures = message.data

    def _refuted(self, message: Message) -> Answer:
        raise EngineError("a search for cycles refutes nothing")
