"""What flows between lanes: learned clauses, cores of refuted guesses, facts of the algebra."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Ability

if TYPE_CHECKING:
    from turbosat.cdcl.lanes.exchange import Exchange
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.formula.formula import Formula

LONGEST = 8  # literals of a learned clause that travels
CORE = 30  # literals of a core that travels, as a clause
MOST = 1500  # literals handed to a lane at a time
INTERVAL = 0.5  # seconds between two hand-outs
TO_DESCENT = 1  # literals of a learned clause that a population is given: units make its problem smaller


class ClauseSharing:
    """Clauses on their way between the lanes of a race. With `sharing` off, none travel."""

    def __init__(self, race: Race, *, sharing: bool) -> None:
        self._race = race
        self._sharing = sharing
        self._exchange: Exchange | None = None
        self._at = 0.0  # of the last hand-out
        self._strengthened: tuple[Formula, int, Formula] | None = None  # of which, by how many facts, itself

    def move(self) -> None:
        """Collect what lanes have learned; hand it out now and then."""
        for lane in self._race.running():
            learned = lane.engine.learned()
            if learned is not None and len(learned) and self._sharing:
                self._opened().offer(lane.spec.name, learned)
        self._take_cores()
        if self._exchange is not None and time.monotonic() - self._at >= INTERVAL:
            self._at = time.monotonic()
            for lane in self._race.running():
                self._hand_out(lane)

    def strengthened(self, formula: Formula) -> Formula:
        """Return the formula with the units and binary clauses that lanes have learned, for one that starts.

        Kissat hears nothing later. A proof of it would prove nothing of the formula as it was read.
        """
        facts = 0 if self._exchange is None else self._exchange.facts
        if self._exchange is None or not facts:
            return formula
        last = self._strengthened
        if last is None or last[0] is not formula or last[1] != facts:
            known = self._exchange.known()
            last = formula, facts, formula.with_clauses(known.literals, known.offsets)
            self._strengthened = last
        return last[2]

    def statistics(self) -> dict[str, Any] | None:
        """Return what each lane gave and got."""
        return None if self._exchange is None else self._exchange.statistics()

    def _take_cores(self) -> None:
        """Turn cores of refuted guesses into clauses."""
        if not self._race.cores:
            return
        from turbosat.formula.clauses import Clauses

        cores, self._race.cores = self._race.cores, []
        for lane, clause in cores:
            self._race.tell("core", lane, literals=len(clause))
            if self._sharing and len(clause) <= CORE:
                found = Clauses.of(clause)
                self._opened().offer(lane.spec.name, found, CORE)
                if len(clause) > TO_DESCENT:  # others reach descents like all that lanes learn
                    self._race.share(found, [each for each in self._race.running() if _descends(each)])

    def _hand_out(self, lane: Lane) -> None:
        assert self._exchange is not None
        if Ability.IMPORT not in lane.engine.abilities:
            return
        clauses = self._exchange.take(lane.spec.name, TO_DESCENT if _descends(lane) else None)
        if clauses is not None:
            self._race.share(clauses, [lane])
            self._race.tell("shared", lane, clauses=len(clauses), units=int((clauses.sizes == 1).sum()))

    def _opened(self) -> Exchange:
        if self._exchange is None:
            from turbosat.cdcl.lanes.exchange import Exchange

            self._exchange = Exchange(LONGEST, MOST)
        return self._exchange


def _descends(lane: Lane) -> bool:
    return Ability.GUIDANCE in lane.engine.abilities
