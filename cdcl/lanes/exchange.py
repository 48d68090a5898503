"""Learned clauses on their way between lanes: short ones, each once, to every lane but those it came from.

As in portfolios of CDCL solvers since ManySAT (Hamadi, Jabbour, Sais, JSAT 2009), with a budget of literals
for what a lane is handed at a time, the shortest first, as in HordeSat (Balyo, Sanders, Sinz, SAT 2015): how
long clauses may be then depends on how many there are. Units and binary clauses are kept for lanes that start
later.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from turbosat.formula.clauses import Clauses

KEPT = 1 << 17  # hashes of clauses seen, twice: of older ones duplicates may pass
BATCHES = 4096  # that wait for lanes: who is further behind misses the oldest
FACT = 2  # literals of a clause that lanes get when they start
FACTS = 1 << 17  # such clauses at most


@dataclass(slots=True)
class Account:
    """What one lane gave and got."""

    bit: int  # the lane's
    offered: int = 0  # clauses that came from it
    fresh: int = 0  # of these, clauses nobody had offered before
    delivered: int = 0
    at: int = 0  # the first batch it has not read
    sizes: Counter[int] = field(default_factory=Counter)  # of its fresh clauses


class Exchange:
    """The clauses of a run.

    `longest` bounds their literals, `most` those that one lane is handed at a time, units aside.
    """

    def __init__(self, longest: int, most: int) -> None:
        self.longest = longest
        self.most = most
        self.accounts: dict[str, Account] = {}
        self._seen: dict[int, int] = {}  # by hash, the lanes that it came from, a bit for each
        self._before: dict[int, int] = {}
        self._log: deque[tuple[str, Clauses, list[int]]] = deque(maxlen=BATCHES)
        self._end = 0  # batches ever
        self._facts: list[Clauses] = []
        self.facts = 0  # clauses of them

    def offer(self, lane: str, clauses: Clauses, longest: int | None = None) -> Clauses:
        """Take clauses of a lane, all implied by the formula, in; return those that are new.

        `longest` replaces the bound on their length.
        """
        account = self._account(lane)
        account.offered += len(clauses)
        short = clauses.kept(clauses.sizes <= (longest or self.longest))
        fresh = np.zeros(len(short), np.bool_)
        keys = short.keys().tolist()
        for index, key in enumerate(keys):
            sources = self._sources(key)
            fresh[index] = not sources
            self._seen[key] = sources | account.bit
        if len(self._seen) > KEPT:
            self._seen, self._before = {}, self._seen
        new = short.kept(fresh)
        if len(new):
            account.fresh += len(new)
            account.sizes.update(new.sizes.tolist())
            self._log.append((lane, new, [key for key, first in zip(keys, fresh, strict=True) if first]))
            self._end += 1
            facts = new.kept(new.sizes <= FACT)
            if len(facts) and self.facts < FACTS:
                self._facts.append(facts)
                self.facts += len(facts)
        return new

    def take(self, lane: str, longest: int | None = None) -> Clauses | None:
        """Return what a lane has not been handed yet, the shortest of it; None for nothing."""
        account = self._account(lane)
        first = max(0, account.at - (self._end - len(self._log)))
        batches = [batch for batch in islice(self._log, first, None) if batch[0] != lane]
        account.at = self._end
        if not batches:
            return None
        clauses = Clauses.join(batch[1] for batch in batches)
        own = (self._sources(key) & account.bit for batch in batches for key in batch[2])
        wanted = ~np.fromiter(own, np.bool_, len(clauses))
        if longest is not None:
            wanted &= clauses.sizes <= longest
        clauses = clauses.kept(wanted)
        sizes = np.sort(clauses.sizes)
        count = int(np.searchsorted(np.cumsum(sizes), self.most, "right"))
        clauses = clauses.shortest(max(count, int((sizes == 1).sum())))
        account.delivered += len(clauses)
        return clauses if len(clauses) else None

    def known(self) -> Clauses:
        """Return the units and binary clauses so far, for a lane that starts."""
        self._facts = [Clauses.join(self._facts)]
        return self._facts[0]

    def statistics(self) -> dict[str, Any]:
        """Return what each lane gave and got, as plain data."""
        return {
            name: {
                "offered": each.offered,
                "fresh": each.fresh,
                "delivered": each.delivered,
                "sizes": {str(size): count for size, count in sorted(each.sizes.items())},
            }
            for name, each in self.accounts.items()
        }

    def _sources(self, key: int) -> int:
        return self._seen.get(key) or self._before.get(key) or 0

    def _account(self, lane: str) -> Account:
        return self.accounts.setdefault(lane, Account(1 << len(self.accounts)))
