"""Small formula families the tests need, as clause lists with their number of variables."""

import random
from itertools import combinations

Clauses = list[list[int]]


def pigeonhole(pigeons: int, holes: int) -> tuple[int, Clauses]:
    """Return that many pigeons in that many holes: beyond 12, no CDCL solver alone ends soon."""

    def sits(pigeon: int, hole: int) -> int:
        return pigeon * holes + hole + 1

    clauses = [[sits(pigeon, hole) for hole in range(holes)] for pigeon in range(pigeons)]
    for hole in range(holes):
        clauses += [[-sits(a, hole), -sits(b, hole)] for a, b in combinations(range(pigeons), 2)]
    return pigeons * holes, clauses


def random_ksat(variables: int, clauses: int, k: int = 3, seed: int = 0) -> tuple[int, Clauses]:
    """Return uniform random k-SAT, distinct variables in a clause."""
    dice = random.Random(seed)
    names = range(1, variables + 1)
    return variables, [
        [name * dice.choice((1, -1)) for name in dice.sample(names, k)] for _ in range(clauses)
    ]


def endless() -> tuple[int, Clauses]:
    """Return clauses that nobody settles within a test: unsatisfiable, without structure or symmetries."""
    return random_ksat(600, 2880, seed=1)


def latin_square(size: int) -> tuple[int, Clauses]:
    """Each cell has one value, and each value is once in each row and column.

    The variable that says that cell i, j has value k is i * size * size + j * size + k + 1.
    """
    name = [[[(i * size + j) * size + k + 1 for k in range(size)] for j in range(size)] for i in range(size)]
    clauses: Clauses = []
    for one in range(size):
        for two in range(size):
            for line in (
                name[one][two],
                [name[one][k][two] for k in range(size)],
                [name[k][one][two] for k in range(size)],
            ):
                clauses += [line, *([-a, -b] for a, b in combinations(line, 2))]
    return size**3, clauses


def dimacs(variables: int, clauses: Clauses) -> str:
    """Return the formula as a DIMACS file, written the slow and obvious way."""
    lines = [f"p cnf {variables} {len(clauses)}", *(" ".join(map(str, [*clause, 0])) for clause in clauses)]
    return "\n".join(lines) + "\n"
