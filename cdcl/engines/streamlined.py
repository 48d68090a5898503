"""Kissat under one guess after another: clauses are added that need not hold, so that only models count."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Ability, Answer, Budget, Engine, FileName
from turbosat.cdcl.process.child import Spent
from turbosat.errors import UsageError
from turbosat.records import record
from turbosat.result import Status
from turbosat.system import set_rank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula

FIRST = 8.0  # CPU seconds for each guess in the first round; twice as many in each that follows
FRESH = 5.0  # of the first ones, those in which most that hold are settled: nobody is to wait for the rest
ROUNDS = 6, 4, 2  # guesses in each
PATIENCE = 8  # seconds of wall time for each CPU second, where nothing is heard of these
HALVINGS = 2  # times that a refuted guess is made weaker


@record(frozen=True)
class Guess:
    """Clauses to be added, and how often they were halved."""

    clauses: Clauses
    halved: int = 0

    def half(self) -> Guess:
        """Return the first half of its pairs of clauses: the two sides of equivalences stay together."""
        from turbosat.formula.clauses import Clauses

        kept = (len(self.clauses) + 2) // 4 * 2
        offsets = self.clauses.offsets[: kept + 1]
        return Guess(Clauses(self.clauses.literals[: offsets[-1]], offsets), self.halved + 1)


class Streamlined(Engine):
    """Searches for models of a formula in which a guess holds, for a while each, then longer.

    Streamlining (Gomes and Sellmann, CP 2004). It never answers UNSATISFIABLE: a guess that is refuted says
    nothing of the formula; half of it is tried later. It gives up when all are refuted, or after some rounds.
    `build` makes an engine; `nice` is how far its child gives way, while a guess is fresh and later.
    """

    name = "kissat"
    abilities = frozenset[Ability]()

    def __init__(
        self, guesses: Sequence[Clauses], build: Callable[[], Engine], *, nice: tuple[int, int] = (0, 0)
    ) -> None:
        self._waiting = deque(Guess(each) for each in guesses[: ROUNDS[0]])
        self._open: list[Guess] = []  # for the next round, neither refuted nor found to hold,
        self._weaker: list[Guess] = []  # and halves of refuted ones, which come behind these
        self._build, self._nice = build, nice
        self._formula: Formula | None = None
        self._guess: Guess | None = None
        self._current: Engine | None = None
        self._round = self._begun = self.refuted = 0
        self._fresh = True
        self._spent = Spent()
        self._asked = self._stopped = False

    def start(self, source: Formula | FileName) -> None:
        """Take the formula, as arrays."""
        from turbosat.formula.formula import Formula

        if self._formula is not None or self._stopped or not isinstance(source, Formula):
            raise UsageError("an engine takes one formula, once, here as arrays")
        self._formula = source

    def advance(self, budget: Budget) -> None:
        """Begin; the one slice there is has no budget."""
        self.require_budget(budget)
        if self._formula is None or self._asked:
            raise UsageError("advance comes after start, once")
        self._asked = True
        self._begin()

    def poll(self, timeout: float | None = 0.0) -> Answer | None:
        """Return a model, or UNKNOWN when no guess is left, or None; goes on to the next guess."""
        if not self._asked:
            raise UsageError("poll comes after advance")
        end = None if timeout is None else time.monotonic() + timeout
        while self._current is not None:
            answer = self._current.poll(None if end is None else max(0.0, end - time.monotonic()))
            if answer is not None and answer.status is Status.SATISFIABLE:
                return answer
            if answer is None and (spent := self._current.progress.get("seconds", 0.0)) < self._limit:
                if self._fresh and spent >= FRESH:
                    self._fresh = False
                    self._rank()
                return None
            self._settle(refuted=answer is not None and answer.status is Status.UNSATISFIABLE)
            self._begin()
        return Answer(Status.UNKNOWN)

    def _settle(self, *, refuted: bool) -> None:
        """Note what became of the guess, and end its search."""
        guess = self._guess
        assert guess is not None
        self.refuted += refuted
        if not refuted:
            self._open.append(guess)
        elif guess.halved < HALVINGS and len(guess.clauses) > 2:
            self._weaker.append(guess.half())
        self._end()

    def _begin(self) -> None:
        """Begin with the next guess, if one is left."""
        if not self._waiting and self._round + 1 < len(ROUNDS):
            self._round += 1
            self._waiting.extend((*self._open, *self._weaker)[: ROUNDS[self._round]])
            self._open, self._weaker = [], []
        if not self._waiting:
            return
        formula, guess = self._formula, self._waiting.popleft()
        assert formula is not None
        engine = self._build()
        self._begun += 1
        self._guess, self._current = guess, engine
        engine.check = self.check
        engine.start(formula.with_clauses(guess.clauses.literals, guess.clauses.offsets))
        engine.advance(Budget(seconds=PATIENCE * self._limit))
        self._fresh = self._round == 0
        self._rank()

    def _rank(self) -> None:
        """Let the child give way as far as it should by now."""
        if self.pid is not None:
            set_rank(self.pid, self._nice[not self._fresh])

    @property
    def _limit(self) -> float:
        """How many CPU seconds a guess has in the present round."""
        return FIRST * (1 << self._round)

    def _end(self) -> None:
        if self._current is not None:
            self._current.stop()
            spent = self._current.spent
            self._spent = Spent(self._spent.seconds + spent.seconds, max(self._spent.peak, spent.peak))
            self._current = None

    @property
    def progress(self) -> dict[str, float]:
        """How far the search under the present guess is."""
        return {} if self._current is None else self._current.progress

    @property
    def figures(self) -> dict[str, Any]:
        """How many guesses were begun with, again or anew, and how many were refuted."""
        return {"guesses": self._begun, "refuted": self.refuted}

    def fileno(self) -> int:
        """Return the output of the present search; UsageError where there is none."""
        if self._current is None:
            raise UsageError("no guess is tried")
        return self._current.fileno()

    @property
    def pid(self) -> int | None:
        """The present child process."""
        return None if self._current is None else self._current.pid

    @property
    def spent(self) -> Spent:
        """What all child processes took that have ended."""
        return self._spent

    @property
    def over(self) -> bool:
        """Whether no guess is left."""
        return self._current is None

    def stop(self) -> None:
        """End the child process and reap it."""
        self._stopped = True
        self._waiting.clear()
        self._end()
