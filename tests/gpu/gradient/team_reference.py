"""The slow twin of a team: one lane in plain Python, no threads, nothing kept that can be computed."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from turbosat.core.gradient import FLIP, LOSSES, SHORT, TEAM_FULL, TEAM_UNIT, WALK
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.gradient.teams import constants, kind_of
from turbosat.gpu.rules import Rule

M64, M32 = 2**64 - 1, 2**32 - 1
LOOK, NEIGHBOURS, TRIES = 32, 64, 100


def hashed(x: int) -> int:
    """Wellons' lowbias32."""
    x = (x ^ x >> 16) * 0x7FEB352D & M32
    x = (x ^ x >> 15) * 0x846CA68B & M32
    return x ^ x >> 16


class ReferenceLane:
    """A lane on values bool (variables,), with the seed that a population gives it."""

    def __init__(self, matrix: Matrix, rule: Rule, values: NDArray[np.bool_], seed: int, lane: int) -> None:
        self.matrix, self.kind = matrix, kind_of(matrix, rule)
        self.rule = constants(matrix, rule).tolist()
        self.values = values.tolist()
        seeded = np.random.SeedSequence([seed, lane]).generate_state(1, np.uint64) | np.uint64(1)
        self.random = int(seeded[0])
        offsets = matrix.offsets.tolist()
        self.rows = [matrix.literals[i:j].tolist() for i, j in pairwise(offsets)]
        starts = matrix.starts.tolist()
        self.lists = [matrix.occurrences[i:j].tolist() for i, j in pairwise(starts)]
        self.weights = [TEAM_UNIT] * matrix.clauses
        self.flips = self.effort = 0
        # False clauses: of the walk on short ones by their literals, in its order.
        self.false = [self._entry(c, None) for c in range(matrix.clauses) if not self.count(c)]
        self.best = self.least = len(self.false)

    def draw(self) -> int:
        x = self.random
        x ^= x << 13 & M64
        x ^= x >> 7
        self.random = x = x ^ x << 17 & M64
        return x >> 32

    def below(self, bound: int) -> int:
        return self.draw() * bound >> 32

    def true(self, literal: int) -> bool:
        return bool(self.values[literal >> 1]) != bool(literal & 1)

    def count(self, clause: int) -> int:
        return sum(map(self.true, self.rows[clause]))

    def alone(self, clause: int) -> int | None:
        """Return the variable that alone keeps a clause true."""
        found = [literal >> 1 for literal in self.rows[clause] if self.true(literal)]
        return found[0] if len(found) == 1 else None

    def margin(self, variable: int) -> int:
        total = 0
        for clause in {*self.lists[2 * variable], *self.lists[2 * variable + 1]}:
            if not self.count(clause):
                total += self.weights[clause]
            elif self.alone(clause) == variable:
                total -= self.weights[clause]
        return total

    def chance(self, loss: int) -> int:
        return int(self.rule[min(loss, LOSSES - 1)])

    def _entry(self, clause: int, own: int | None) -> tuple[int, ...] | int:
        """Return what stands for a clause in the list: `own` literal first, where one has become false."""
        row = self.rows[clause]
        if self.kind != SHORT:
            return clause
        if own is None:
            return row[0], row[1], row[-1]
        others = [literal for literal in row if literal != own]
        return own, others[0], others[-1]

    def step(self) -> None:
        """Flip a variable, or move weight."""
        if self.kind == SHORT:
            self._step_short()
        elif self.kind == WALK:
            self._step_walk()
        else:
            self._step_weighted()

    def _step_short(self) -> None:
        entry = self.false[self.below(len(self.false))]
        assert isinstance(entry, tuple)
        literals = entry[:2] if entry[1] == entry[2] else entry
        broken = []
        for literal in literals:
            own = literal ^ 1  # true, and then false
            lost = [c for c in self.lists[own] if self.alone(c) == own >> 1]
            broken.append([self._entry(c, own) for c in lost])
        chances = [self.chance(len(each)) for each in broken]
        chosen, turn = self.below(sum(chances)), 0
        while chosen >= sum(chances[: turn + 1]):
            turn += 1
        literal = literals[turn]
        self.effort += FLIP + sum(len(self.lists[each ^ 1]) for each in literals) + len(self.false)
        left = [each for each in self.false if isinstance(each, tuple) and literal not in each]
        self.false = [*left, *broken[turn]]
        self._flipped(literal >> 1)

    def _flipped(self, variable: int) -> None:
        self.values[variable] = not self.values[variable]
        self.flips += 1
        self.least = min(self.least, len(self.false))
        self.best = min(self.best, len(self.false))

    def _flip(self, variable: int) -> None:
        """Flip, and keep the list in the order in which the clauses of the variable come."""
        made = 2 * variable + self.values[variable]
        false_before = {c for c in self.lists[made] if not self.count(c)}
        for clause in self.lists[made]:
            if clause in false_before:
                place, last = self.false.index(clause), self.false.pop()
                if last != clause:
                    self.false[place] = last
        self.false += [c for c in self.lists[made ^ 1] if self.alone(c) == variable]
        self.effort += FLIP + len(self.lists[made]) + len(self.lists[made ^ 1])
        self._flipped(variable)

    def _step_walk(self) -> None:
        clause = self.false[self.below(len(self.false))]
        assert isinstance(clause, int)
        chances = variable = 0
        for literal in self.rows[clause]:
            own = literal ^ 1
            self.effort += len(self.lists[own])
            chance = self.chance(sum(self.alone(c) == own >> 1 for c in self.lists[own]))
            chances += chance
            if self.below(chances) < chance:
                variable = literal >> 1
        self._flip(variable)

    def _step_weighted(self) -> None:
        count = len(self.false)
        salt, first = self.draw(), self.below(count)
        most, variable = -(2**31), 0
        turned = [self.false[(first + i) % count] for i in range(count)]
        for base in range(0, count, LOOK):
            seen = [(c, literal >> 1) for c in turned[base : base + LOOK] for literal in self.rows[int(c)]]  # type: ignore[arg-type]
            self.effort += len(turned[base : base + LOOK])
            ranked = [(self.margin(v), hashed((v + salt) & M32), v) for _, v in seen]
            high, _, which = max(ranked, key=lambda each: each[:2])
            if high > most:
                most, variable = high, which
            elif high == most and max(ranked, key=lambda each: each[:2])[1] > self._luck(variable, salt):
                variable = which
            if most > 0:
                break
        sideways, random = self.rule[4:6]
        if most > 0 or (most == 0 and self.draw() >> 22 < sideways):
            self._flip(variable)
            return
        for clause in self.false:
            assert isinstance(clause, int)
            self._give(clause, random)
        self.effort += FLIP

    def _luck(self, variable: int, salt: int) -> int:
        return hashed((variable + salt) & M32)

    def _give(self, clause: int, random: int) -> None:
        heaviest, giver = -1, 0
        for literal in self.rows[clause]:
            around = self.lists[literal]
            if len(around) > NEIGHBOURS:
                begin = self.below(len(around) - NEIGHBOURS + 1)
                around = around[begin : begin + NEIGHBOURS]
            self.effort += len(around)
            for each in around:
                if self.count(each) and self.weights[each] > heaviest:
                    heaviest, giver = self.weights[each], each
        if heaviest < TEAM_UNIT or self.draw() >> 22 < random:
            for _ in range(TRIES):
                other = self.below(self.matrix.clauses)
                if self.count(other) and self.weights[other] >= TEAM_UNIT:
                    giver, heaviest = other, self.weights[other]
                    break
        own = self.weights[clause]
        if heaviest < 0 or own >= TEAM_FULL:
            return
        current, base, first, first_base = self.rule[:4]
        if heaviest > TEAM_UNIT:
            amount = (heaviest * current >> 10) + base
        else:
            amount = (heaviest * first >> 10) + first_base
        amount = min(amount, heaviest, TEAM_FULL - own)
        self.weights[giver] -= amount
        self.weights[clause] += amount
        self.effort += len(self.rows[clause])
