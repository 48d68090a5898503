"""Random formulas of clauses and XORs."""

from collections.abc import Sequence

import numpy as np

from turbosat.encodings.parity_matrix import ParityMatrix, encode_parities
from turbosat.formula.formula import Formula


def random_mix(
    seed: int,
    variables: int,
    clauses: int,
    xors: int,
    *,
    lengths: Sequence[int] = (3,),
    widths: Sequence[int] = (3,),
    planted: bool = False,
) -> Formula:
    """Clauses take turns with `lengths`, XORs with `widths`; a planted formula has a model."""
    random = np.random.default_rng(seed)
    model = random.random(variables) < 0.5
    rows: list[list[int]] = []
    while len(rows) < clauses:
        length = min(lengths[len(rows) % len(lengths)], variables)
        chosen = random.choice(variables, length, replace=False)
        signs = random.random(length) < 0.5
        if not planted or (model[chosen] == signs).any():
            rows.append(np.where(signs, chosen + 1, -chosen - 1).tolist())
    parities: list[list[int]] = []
    for index in range(xors):
        chosen = random.choice(variables, min(widths[index % len(widths)], variables), replace=False)
        odd = model[chosen].sum() % 2 if planted else random.integers(2)
        parities.append([int(chosen[0] + 1) * (1 if odd else -1), *(chosen[1:] + 1).tolist()])
    return Formula.from_clauses(rows, variables, parities)


def random_parities(seed: int, variables: int, clauses: int, xors: int, **options: object) -> ParityMatrix:
    """Return a mix, encoded."""
    return encode_parities(random_mix(seed, variables, clauses, xors, **options))  # type: ignore[arg-type]
