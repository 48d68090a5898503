"""The weighted rule in plain Python: margins one by one, in the order that decides among equals."""

from tests.twins.gradient import NEIGHBOURS, SAMPLES, TRIES, Twin, below
from turbosat.core.gradient import FLIP, WEIGHT_MAX, WEIGHT_ONE


class WeightedTwin(Twin):
    """A candidate that follows the weighted rule."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.margins = [self.margin(v) for v in range(len(self.values))]
        self.given = 0

    def change(self, variable: int, amount: int) -> None:
        """Add to a margin and keep the list of positive ones."""
        self.margins[variable] += amount
        if self.margins[variable] > 0:
            if variable not in self.good:
                self.good.append(variable)
        elif variable in self.good:
            place, last = self.good.index(variable), self.good.pop()
            if last != variable:
                self.good[place] = last

    def move(self, variable: int) -> None:
        """Flip a variable and change margins, clause by clause."""
        made = 2 * variable + self.values[variable]
        before = {c: self.true(c) for c in self.occurrences[made]}
        self.flip(variable)
        for clause, true in before.items():
            self.shift(clause, true, [*true, made], -1, variable)
        for clause in self.occurrences[made ^ 1]:
            true = self.true(clause)
            self.shift(clause, true, [*true, made ^ 1], 1, variable)

    def shift(self, clause: int, fewer: list[int], more: list[int], sign: int, variable: int) -> None:
        """Change margins for a clause with no true literal on one side, one on the other; or one and two."""
        if not fewer:
            for code in self.clauses[clause]:
                self.change(code >> 1, sign * self.weights[clause])
            self.change(variable, sign * self.weights[clause])
            self.spent += len(self.clauses[clause])
        elif len(fewer) == 1:
            self.change(fewer[0] >> 1, -sign * self.weights[clause])
        assert len(more) == len(fewer) + 1

    def best_variable(self) -> int:
        """Return a variable of the largest margin."""
        good, chosen, most = len(self.good), -1, 0
        first = below(self.draw(), good) if good <= SAMPLES else 0
        for turn in range(min(good, SAMPLES)):
            place = (first + turn) % good if good <= SAMPLES else below(self.draw(), good)
            if self.margins[self.good[place]] > most:
                chosen, most = self.good[place], self.margins[self.good[place]]
        return chosen

    def level_variable(self) -> int:
        """Return a variable of margin 0 in a false clause, or -1."""
        for _ in range(min(len(self.false), SAMPLES)):
            row = self.clauses[self.false[below(self.draw(), len(self.false))]]
            shift = below(self.draw(), len(row))
            for turn in range(min(len(row), SAMPLES)):
                variable = row[(shift + turn) % len(row)] >> 1
                if self.margins[variable] == 0:
                    return variable
        return -1

    def giver(self, clause: int) -> int:
        """Return the heaviest true neighbour of those asked, or -1."""
        heaviest, most = -1, -1
        for code in self.clauses[clause]:
            others = self.occurrences[code]
            if len(others) > NEIGHBOURS:
                first = below(self.draw(), len(others) - NEIGHBOURS + 1)
                others = others[first : first + NEIGHBOURS]
            self.spent += len(others)
            for other in others:
                if self.weights[other] > most and self.true(other):
                    heaviest, most = other, self.weights[other]
        return heaviest

    def give(self, clause: int, rule: list[int]) -> None:
        """Move weight to a false clause."""
        current, base, first, first_base, _, chance = rule
        source = self.giver(clause)
        self.spent += len(self.clauses[clause])
        random = self.draw()
        if source < 0 or self.weights[source] < WEIGHT_ONE or below(random, 1024) < chance:
            for _ in range(TRIES):
                other = below(self.draw(), len(self.clauses))
                if self.true(other) and self.weights[other] >= WEIGHT_ONE:
                    source = other
                    break
        if source < 0 or self.weights[clause] > WEIGHT_MAX:
            return
        weight = self.weights[source]
        if weight > WEIGHT_ONE:
            amount = min((weight * current >> 10) + base, weight)
        else:
            amount = min((weight * first >> 10) + first_base, weight)
        self.weights[source] -= amount
        self.weights[clause] += amount
        true = self.true(source)
        if len(true) == 1:
            self.change(true[0] >> 1, amount)
        for code in self.clauses[clause]:
            self.change(code >> 1, amount)

    def descend(self, rule: list[int], effort: int, until: int) -> int:
        """Descend: see turbosat.core.gradient.descend."""
        self.spent = 0
        while self.spent < effort and self.false and self.flips < until:
            variable = -1
            if not self.given and self.good:
                variable = self.best_variable()
                self.spent += min(len(self.good), SAMPLES)  # of the list before the flip
            elif not self.given and below(self.draw(), 1024) < rule[4]:
                variable = self.level_variable()
            if variable >= 0:
                self.move(variable)
                continue
            self.give(self.false[self.given], rule)
            self.given += 1
            if self.given == len(self.false):
                self.given = 0
                self.spent += FLIP
        return self.spent
