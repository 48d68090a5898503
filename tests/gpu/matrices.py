"""Random matrices of odd shapes."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from turbosat.encodings.matrix import Matrix, encode
from turbosat.formula.formula import Formula


def random_matrix(
    seed: int, variables: int, clauses: int, lengths: Sequence[int], *, planted: bool = False
) -> Matrix:
    """Clauses take turns with `lengths`; a planted formula is satisfied by some assignment."""
    random = np.random.default_rng(seed)
    model = random.random(variables) < 0.5
    result: list[list[int]] = []
    while len(result) < clauses:
        length = min(lengths[len(result) % len(lengths)], variables)
        chosen = random.choice(variables, length, replace=False)
        signs = random.random(length) < 0.5
        if not planted or (model[chosen] == signs).any():
            result.append(np.where(signs, chosen + 1, -chosen - 1).tolist())
    return encode(Formula.from_clauses(result))


def valued_matrix(
    seed: int, sizes: Sequence[int], others: int, clauses: int, *, exclusive: bool = True
) -> Matrix:
    """Variables of so many values, one literal a value, `others` of two, and random clauses.

    Where they are not `exclusive`, literals of groups occur in their group and negated only.
    """
    random = np.random.default_rng(seed)
    variables = sum(sizes) + others
    signs, order = random.random(variables) < 0.5, random.permutation(variables) + 1
    literals = np.where(signs, order, -order).tolist()  # those of the groups come first
    result, grouped, first = [], sum(sizes), 0
    for size in sizes:
        group = literals[first : first + size]
        first += size
        result.append(group)
        if exclusive:
            result += [[-a, -b] for place, a in enumerate(group) for b in group[:place]]
    for _ in range(clauses):
        chosen = random.choice(variables, min(int(random.integers(2, 5)), variables), replace=False)
        result.append(
            [
                -literals[place]
                if place < grouped and (not exclusive or random.random() < 0.6)
                else literals[place]
                if random.random() < 0.5 or place < grouped
                else -literals[place]
                for place in chosen.tolist()
            ]
        )
    return encode(Formula.from_clauses([result[place] for place in random.permutation(len(result))]))


valued_matrices = st.builds(
    valued_matrix,
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(2, 9), min_size=1, max_size=9),
    st.integers(0, 6),
    st.integers(1, 90),
    exclusive=st.booleans(),
)
