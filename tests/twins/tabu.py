"""The tabu rule in plain Python: the best move of a unit in conflict, and no way back for a while."""

from dataclasses import dataclass, field

from tests.twins.gradient import below, step
from turbosat.core.gradient import FLIP
from turbosat.encodings.conflicts import Conflicts

PERIOD, SPREAD, SCANNED, COUNTED = 16384, 10, 256, 16


@dataclass
class TabuTwin:
    """A candidate with one true place in each unit."""

    graph: Conflicts
    values: list[int]
    random: int
    current: list[int] = field(init=False)
    banned: list[int] = field(init=False)
    clashing: list[int] = field(init=False)  # units in conflict
    owed: int = 0  # false clauses of the rest, when they were last counted
    low: int = 0  # fewest pairs
    factor: int = 0
    flips: int = 0
    spent: int = 0
    fewest: int = 0
    best: list[int] = field(init=False)

    def __post_init__(self) -> None:
        graph = self.graph
        self.places = [list(range(a, b)) for a, b in zip(graph.begins[:-1], graph.begins[1:], strict=True)]
        self.others = [
            graph.others[a:b].tolist() for a, b in zip(graph.heads[:-1], graph.heads[1:], strict=True)
        ]
        self.rest = [
            graph.literals[a:b].tolist() for a, b in zip(graph.offsets[:-1], graph.offsets[1:], strict=True)
        ]
        self.current = [self.choose(unit) for unit in self.places]
        for unit in range(len(self.places)):
            self.write(unit)
        self.banned = [0] * graph.members.size
        self.clashing = [unit for unit, place in enumerate(self.current) if self.clashes(place)]
        self.low = self.pairs()
        self.owed = 0 if self.low > COUNTED else len(self.false())
        self.fewest, self.best = self.pairs() + self.owed, self.values.copy()

    def draw(self) -> int:
        self.random = step(self.random)
        return self.random

    def true(self, literal: int) -> bool:
        return self.values[literal >> 1] != literal & 1

    def choose(self, places: list[int]) -> int:
        """Return a place that is true, or any."""
        found, chosen = 0, -1
        for place in places:
            if self.true(int(self.graph.members[place])):
                found += 1
                chosen = chosen if below(self.draw(), found) else place
        return chosen if chosen >= 0 else places[below(self.draw(), len(places))]

    def write(self, unit: int) -> None:
        """Make the values of a unit's variables say what is current."""
        for place in self.places[unit]:
            code = int(self.graph.members[place])
            self.values[code >> 1] = (place == self.current[unit]) ^ (code & 1)

    def clashes(self, place: int) -> int:
        """Return how many true places a place excludes."""
        return sum(self.current[self.graph.unit[other]] == other for other in self.others[place])

    def pairs(self) -> int:
        return sum(map(self.clashes, self.current)) // 2

    def false(self) -> list[int]:
        """Return the false clauses of the rest."""
        return [number for number, row in enumerate(self.rest) if not any(map(self.true, row))]

    def chosen(self) -> int:
        """Return one of these, -1 for none."""
        result = -1
        for count, number in enumerate(self.false(), 1):
            result = number if below(self.draw(), count) == 0 else result
        self.spent += self.graph.literals.size
        return result

    def any_place(self, unit: int) -> int:
        begin, count = self.places[unit][0], len(self.places[unit])
        place = begin + below(self.draw(), count - 1)
        return place + (place >= self.current[unit])

    def repair(self, clause: int) -> int:
        literal = self.rest[clause][below(self.draw(), len(self.rest[clause]))]
        place = int(self.graph.place[literal])
        if place >= 0:
            return place
        return self.any_place(int(self.graph.unit[self.graph.place[literal ^ 1]]))

    def best_place(self) -> int:
        pairs, chosen, least, equals = self.pairs(), -1, 2**31 - 1, 0
        units = self.clashing
        if len(units) > SCANNED:
            first = below(self.draw(), len(units))
            units = (units[first:] + units[:first])[:SCANNED]
        for unit in units:
            lost = self.clashes(self.current[unit])
            self.spent += len(self.places[unit]) // 4 + 2
            for place in self.places[unit]:
                change = self.clashes(place) - lost
                if change > least or place == self.current[unit]:
                    continue
                if self.banned[place] > self.flips and pairs + change >= self.low:
                    continue
                equals = 1 if change < least else equals + 1
                if equals == 1 or below(self.draw(), equals) == 0:
                    chosen = place
                least = change
        return chosen

    def update(self, place: int, before: bool) -> None:
        """Keep the list of units in conflict, in the order in which they enter and leave it."""
        unit, now = int(self.graph.unit[place]), self.clashes(place) > 0
        if now and not before:
            self.clashing.append(unit)
        elif before and not now:
            spot, last = self.clashing.index(unit), self.clashing.pop()
            if last != unit:
                self.clashing[spot] = last

    def move(self, place: int) -> None:
        """Make another place of its unit true."""
        unit = int(self.graph.unit[place])
        left = self.current[unit]
        self.spent += FLIP + len(self.others[left]) + len(self.others[place])
        own = self.clashes(left) > 0
        # A pair may be there twice: it goes with the last of the two, and comes with the first.
        for changed, target in ((left, -1), (place, place)):
            row = [other for other in self.others[changed] if self.current[self.graph.unit[other]] == other]
            order = list(dict.fromkeys(row[::-1]))[::-1] if target < 0 else list(dict.fromkeys(row))
            before = [self.clashes(other) > 0 for other in order]
            self.current[unit] = target
            for other, clashed in zip(order, before, strict=True):
                self.update(other, clashed)
        if (self.clashes(place) > 0) != own:
            self.update(place, own)
        self.write(unit)
        code, from_code = int(self.graph.members[place]), int(self.graph.members[left])
        self.flips += 1 if code ^ from_code == 1 else 2

    def descend(self, rule: tuple[int, int, int], effort: int, until: int) -> int:
        """Move until effort or flips are spent or nothing is false; return the effort."""
        self.spent = 0
        while self.spent < effort and self.flips < until and self.pairs() + self.owed > 0:
            if self.factor == 0 or below(self.draw(), PERIOD) == 0:
                self.factor = rule[0] + below(self.draw(), rule[1] - rule[0] + 1)
            place = self.best_place() if self.pairs() else self.repair(self.chosen())
            if place < 0:
                place = self.any_place(self.clashing[below(self.draw(), len(self.clashing))])
            left = self.current[self.graph.unit[place]]
            self.move(place)
            tenure = rule[2] + len(self.clashing) * self.factor // 1024 + below(self.draw(), SPREAD)
            self.banned[left] = self.flips + 2 * tenure
            pairs = self.pairs()
            counted = pairs == 0 or (pairs < self.low and pairs <= COUNTED)
            if counted:
                self.owed = len(self.false())
                self.spent += self.graph.literals.size
                self.fewest = 2**62 if self.low > COUNTED else self.fewest
            if (counted or self.low > COUNTED) and pairs + self.owed < self.fewest:
                self.fewest, self.best = pairs + self.owed, self.values.copy()
            self.low = min(self.low, pairs)
        return self.spent
