"""The rules of the population on CPU cores in plain Python: slow, and without anything that is cached."""

from dataclasses import dataclass, field

from turbosat.core.gradient import FLIP, WEIGHT_ONE

MASK = 2**64 - 1
SAMPLES = NEIGHBOURS = 64
TRIES = 100


def step(random: int) -> int:
    """Advance a xorshift64 generator."""
    random ^= random << 13 & MASK
    random ^= random >> 7
    return (random ^ random << 17) & MASK


def below(random: int, bound: int) -> int:
    """Turn a generator's state into a number from 0 to bound - 1."""
    return (random >> 32) * bound >> 32


@dataclass
class Twin:
    """A formula (clauses of literal codes) and one candidate for it."""

    clauses: list[list[int]]
    values: list[int]
    random: int
    weights: list[int] = field(default_factory=list)
    flips: int = 0
    turn: int = 0
    spent: int = 0

    def __post_init__(self) -> None:
        codes = range(2 * len(self.values))
        self.occurrences = [[c for c, row in enumerate(self.clauses) if code in row] for code in codes]
        self.false = [c for c in range(len(self.clauses)) if not self.true(c)]
        self.best, self.fewest = self.values.copy(), len(self.false)
        self.weights = self.weights or [WEIGHT_ONE] * len(self.clauses)
        self.good = [v for v in range(len(self.values)) if self.margin(v) > 0]

    def draw(self) -> int:
        """Return the next random state."""
        self.random = step(self.random)
        return self.random

    def conform(self, group: list[int]) -> int:
        """Make one literal of a group true, of those that are if there are any; return it."""
        chosen = None
        for place, code in enumerate([code for code in group if self.values[code >> 1] != code & 1]):
            if below(self.draw(), place + 1) == 0:
                chosen = code
        if chosen is None:
            chosen = group[below(self.draw(), len(group))]
        for code in group:
            self.values[code >> 1] = (code == chosen) ^ (code & 1)
        return chosen

    def true(self, clause: int) -> list[int]:
        """Return the true literals of a clause."""
        return [code for code in self.clauses[clause] if self.values[code >> 1] != code & 1]

    def breaks(self, code: int) -> int:
        """Count the clauses that become false when a false literal becomes true."""
        return sum(self.true(c) == [code ^ 1] for c in self.occurrences[code ^ 1])

    def margin(self, variable: int) -> int:
        """Return make - break, weighted."""
        result = 0
        for code in (2 * variable, 2 * variable + 1):
            for clause in self.occurrences[code]:
                true = self.true(clause)
                result += self.weights[clause] * ((not true) - (true == [code]))
        return result

    def flip(self, variable: int) -> tuple[list[int], list[int]]:
        """Flip a variable; return the clauses that became true and those that became false."""
        made = 2 * variable + self.values[variable]  # 2v where v was false
        begun = [c for c in self.occurrences[made] if not self.true(c)]
        self.values[variable] ^= 1
        ended = [c for c in self.occurrences[made ^ 1] if not self.true(c)]
        for clause in begun:  # the last one takes its place
            place, last = self.false.index(clause), self.false.pop()
            if last != clause:
                self.false[place] = last
        self.false += ended
        self.flips += 1
        self.spent += FLIP + len(self.occurrences[made]) + len(self.occurrences[made ^ 1])
        if len(self.false) < self.fewest:
            self.best, self.fewest = self.values.copy(), len(self.false)
        return begun, ended

    def walk(self, table: list[float], effort: int, until: int) -> int:
        """Walk: see turbosat.core.gradient.walk."""
        self.spent = 0
        while self.spent < effort and self.false and self.flips < until:
            row = self.clauses[self.false[self.turn]]
            chances = [table[min(self.breaks(code), len(table) - 1)] for code in row]
            total = 0.0
            for chance in chances:
                total += chance
            left = (self.draw() >> 11) / 2**53 * total
            chosen = 0
            while chosen < len(row) - 1:
                left -= chances[chosen]
                if left < 0:
                    break
                chosen += 1
            self.flip(row[chosen] >> 1)
            self.turn = self.turn + 1 if self.turn + 1 < len(self.false) else 0
        return self.spent
