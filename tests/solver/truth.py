"""What is true of a few clauses, by trying every assignment."""

import itertools
from collections.abc import Iterable, Sequence

Clause = Sequence[int]


def models(clauses: Iterable[Clause], variables: int, assumed: Iterable[int] = ()) -> list[list[int]]:
    """Return all models over the variables 1 to `variables`, as literals."""
    rows = [*map(list, clauses), *([literal] for literal in assumed)]
    found = []
    for signs in itertools.product((-1, 1), repeat=variables):
        model = [sign * variable for variable, sign in enumerate(signs, 1)]
        true = set(model)
        if all(any(literal in true for literal in row) for row in rows):
            found.append(model)
    return found


def satisfiable(clauses: Iterable[Clause], variables: int, assumed: Iterable[int] = ()) -> bool:
    return bool(models(clauses, variables, assumed))
