"""The weighted rule on groups in plain Python: moves that make another literal of a group true."""

from dataclasses import dataclass, field

from tests.twins.gradient import SAMPLES, below
from tests.twins.weighted import WeightedTwin
from turbosat.core.gradient import FLIP


@dataclass
class GroupTwin(WeightedTwin):
    """A candidate with one true literal in each group; clauses as turbosat.encodings.groups writes them."""

    groups: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.current = [self.conform(group) >> 1 for group in self.groups]
        super().__post_init__()
        numbers = {code >> 1: unit for unit, group in enumerate(self.groups) for code in group}
        single = [v for v in range(len(self.values)) if v not in numbers]
        self.unit = numbers | {v: len(self.groups) + place for place, v in enumerate(single)}
        self.current += single
        self.rivals = [-1] * len(self.groups)
        self.good: list[int] = []  # units
        self.waiting = list(range(len(self.groups)))
        self.find_rivals()
        for unit in range(len(self.groups), len(self.current)):
            self.enrol(unit)

    def gain(self, unit: int) -> int:
        """Return what a unit's move gains, at least."""
        gain = self.margins[self.current[unit]]
        return gain + self.margins[self.rivals[unit]] if unit < len(self.groups) else gain

    def enrol(self, unit: int) -> None:
        """Keep the list of units that gain."""
        if self.gain(unit) > 0:
            if unit not in self.good:
                self.good.append(unit)
        elif unit in self.good:
            place, last = self.good.index(unit), self.good.pop()
            if last != unit:
                self.good[place] = last

    def change(self, variable: int, amount: int) -> None:
        """Add to a margin; keep rivals, and the list of units that gain."""
        self.margins[variable] += amount
        unit = self.unit[variable]
        if unit in self.waiting:
            return
        if unit < len(self.groups) and variable != self.current[unit]:
            rival = self.rivals[unit]
            if variable == rival and amount < 0:
                self.waiting.append(unit)
                return
            if variable != rival and self.margins[variable] <= self.margins[rival]:
                return
            self.rivals[unit] = variable
        self.enrol(unit)

    def find_rivals(self) -> None:
        """Find the rivals of the groups that wait."""
        for unit in self.waiting:
            group = [code >> 1 for code in self.groups[unit]]
            first = below(self.draw(), len(group))
            others = [v for v in group[first:] + group[:first] if v != self.current[unit]]
            self.rivals[unit] = max(others, key=lambda v: self.margins[v])
            self.spent += len(group)
        waited, self.waiting = self.waiting, []
        for unit in waited:
            self.enrol(unit)

    def move_unit(self, variable: int) -> None:
        """Make a variable's literal the true one of its group, or flip a single one."""
        unit = self.unit[variable]
        if unit < len(self.groups):
            left, self.current[unit] = self.current[unit], variable
            if unit not in self.waiting:
                self.waiting.append(unit)
            best, fewest = self.best, self.fewest
            self.move(left)
            self.best, self.fewest = best, fewest  # between the flips there is no assignment to be kept
        self.move(variable)

    def level_variable(self) -> int:
        """Return a variable whose move gains 0 and makes a false clause true, or -1."""
        for _ in range(min(len(self.false), SAMPLES)):
            row = self.clauses[self.false[below(self.draw(), len(self.false))]]
            shift = below(self.draw(), len(row))
            for turn in range(min(len(row), SAMPLES)):
                variable = row[(shift + turn) % len(row)] >> 1
                unit = self.unit[variable]
                if variable == self.current[unit]:
                    if self.gain(unit) == 0:
                        return self.rivals[unit] if unit < len(self.groups) else variable
                elif self.margins[variable] + self.margins[self.current[unit]] == 0:
                    return variable
        return -1

    def best_unit(self) -> int:
        """Return a unit of the largest gain."""
        good, chosen, most = len(self.good), -1, 0
        first = below(self.draw(), good) if good <= SAMPLES else 0
        for turn in range(min(good, SAMPLES)):
            place = (first + turn) % good if good <= SAMPLES else below(self.draw(), good)
            if self.gain(self.good[place]) > most:
                chosen, most = self.good[place], self.gain(self.good[place])
        return chosen

    def descend(self, rule: list[int], effort: int, until: int) -> int:
        """Descend: see turbosat.core.gradient.descend_groups."""
        self.spent = 0
        while self.spent < effort and self.false and self.flips < until:
            variable = -1
            if not self.given and self.good:
                self.spent += min(len(self.good), SAMPLES)
                unit = self.best_unit()
                variable = self.rivals[unit] if unit < len(self.groups) else self.current[unit]
            elif not self.given and below(self.draw(), 1024) < rule[4]:
                variable = self.level_variable()
            if variable >= 0:
                self.move_unit(variable)
            else:
                self.give(self.false[self.given], rule)
                self.given += 1
                if self.given == len(self.false):
                    self.given = 0
                    self.spent += FLIP
            self.find_rivals()
        return self.spent
