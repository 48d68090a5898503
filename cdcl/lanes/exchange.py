"""Learned clauses on their way between lanes: short ones, each once, to every lane but the one it came from.

As in portfolios of CDCL solvers since ManySAT (Hamadi, Jabbour, Sais, JSAT 2009): units and binary clauses
always, others while they are short and few.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from turbosat.formula.clauses import Clauses

KEPT = 1 << 20  # hashes of clauses seen: beyond, duplicates may pass
BATCHES = 4096  # that wait for lanes: who is further behind misses the oldest


@dataclass(slots=True)
class Account:
    """What one lane gave and got."""

    offered: int = 0  # clauses that came from it
    fresh: int = 0  # of these, clauses nobody had offered before
    delivered: int = 0
    at: int = 0  # the first batch it has not read
    sizes: Counter[int] = field(default_factory=Counter)  # of its fresh clauses


class Exchange:
    """The clauses of a run. `longest` and `most` bound what one lane is handed at a time, units aside."""

    def __init__(self, longest: int, most: int) -> None:
        self.longest = longest
        self.most = most
        self.accounts: dict[str, Account] = {}
        self._seen: set[int] = set()
        self._log: deque[tuple[str, Clauses]] = deque(maxlen=BATCHES)
        self._end = 0  # batches ever

    def offer(self, lane: str, clauses: Clauses, longest: int | None = None) -> Clauses:
        """Take clauses of a lane, all implied by the formula, in; return those that are new.

        `longest` replaces the bound on their length.
        """
        account = self._account(lane)
        account.offered += len(clauses)
        short = clauses.kept(clauses.sizes <= (longest or self.longest))
        fresh = np.zeros(len(short), np.bool_)
        for index, key in enumerate(short.keys().tolist()):
            if key not in self._seen:
                self._seen.add(key)
                fresh[index] = True
        if len(self._seen) > KEPT:
            self._seen.clear()
        new = short.kept(fresh)
        if len(new):
            account.fresh += len(new)
            account.sizes.update(new.sizes.tolist())
            self._log.append((lane, new))
            self._end += 1
        return new

    def take(self, lane: str, longest: int | None = None) -> Clauses | None:
        """Return what a lane has not been handed yet, the shortest of it; None for nothing."""
        account = self._account(lane)
        first = max(0, account.at - (self._end - len(self._log)))
        parts = [clauses for source, clauses in islice(self._log, first, None) if source != lane]
        account.at = self._end
        if not parts:
            return None
        clauses = Clauses.join(parts)
        if longest is not None:
            clauses = clauses.kept(clauses.sizes <= longest)
        count = max(self.most, int((clauses.sizes == 1).sum()))
        clauses = clauses.shortest(count)
        account.delivered += len(clauses)
        return clauses if len(clauses) else None

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

    def _account(self, lane: str) -> Account:
        return self.accounts.setdefault(lane, Account())
