"""Small systems of cardinality constraints as clauses, in several encodings, and what they say."""

import random
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from pysat.card import CardEnc, EncType

from turbosat.formula.formula import Formula

ENCODINGS = (EncType.pairwise, EncType.seqcounter, EncType.bitwise, EncType.ladder, EncType.totalizer)


@dataclass
class System:
    """Clauses, the number of variables before auxiliary ones, and constraints: literals, least, most."""

    clauses: list[list[int]]
    variables: int
    constraints: list[tuple[list[int], int, int]]

    @property
    def formula(self) -> Formula:
        """The clauses."""
        return Formula.from_clauses(self.clauses)

    @property
    def satisfiable(self) -> bool:
        """Whether some assignment has as many true literals of each constraint as it says."""
        values = assignments(self.variables)
        right = np.ones(len(values), np.bool_)
        for literals, least, most in self.constraints:
            true = truth(values, literals).sum(axis=1)
            right &= (true >= least) & (true <= most)
        return bool(right.any())


def assignments(variables: int) -> np.ndarray:
    """Return all assignments, bool (2^variables, variables)."""
    return (np.arange(1 << variables)[:, None] >> np.arange(variables) & 1).astype(np.bool_)


def truth(values: np.ndarray, literals: list[int]) -> np.ndarray:
    """Return which literals are true, bool (assignments, literals)."""
    return values[:, np.abs(literals) - 1] ^ (np.array(literals) < 0)


def at_most(literals: list[int], most: int) -> list[list[int]]:
    """Return the binomial encoding."""
    return [[-each for each in some] for some in combinations(literals, most + 1)]


def drawn(seed: int, *, auxiliary: bool = False) -> System:
    """Return a random system of up to nine variables: often on the edge of what is satisfiable."""
    dice = random.Random(seed)
    variables = dice.randint(3, 9)
    constraints: list[tuple[list[int], int, int]] = []
    clauses: list[list[int]] = []
    top = variables
    flipped = [dice.choice((1, 1, 1, -1)) for _ in range(variables)]
    for _ in range(dice.randint(2, 9)):
        size = dice.randint(2, min(6, variables))
        literals = [name * flipped[name - 1] for name in dice.sample(range(1, variables + 1), size)]
        kind, number = dice.choice(("least", "most", "exact")), dice.randint(1, size - 1)
        if dice.random() < 0.4:
            number = max(1, size // 2)
        if kind != "least" and number == 1 and auxiliary:
            found = CardEnc.atmost(literals, 1, top_id=top, encoding=dice.choice(ENCODINGS))
            top = max(top, found.nv)
            clauses += found.clauses
        elif kind != "least":
            clauses += at_most(literals, number)
        if kind != "most":
            clauses += at_most([-each for each in literals], size - number)
        constraints.append((literals, 0 if kind == "most" else number, size if kind == "least" else number))
    return System(shuffled(clauses, dice), variables, constraints)


def shuffled(clauses: list[list[int]], dice: random.Random) -> list[list[int]]:
    """Return the clauses in another order, and their literals."""
    result = [dice.sample(clause, len(clause)) for clause in clauses]
    dice.shuffle(result)
    return result
