"""Random matrices of odd shapes."""

from collections.abc import Sequence

import numpy as np

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
