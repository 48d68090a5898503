"""Parity with noise: find secret bits from samples of which a few are wrong."""

import numpy as np
from pysat.card import CardEnc, EncType

from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors


def parity_with_noise(
    secret: int, samples: int, wrong: int, seed: int, encoding: int = EncType.seqcounter, density: float = 0.5
) -> Formula:
    """Sample i is the XOR of some of the secret bits 1 … secret and of its error bit secret + 1 + i."""
    random = np.random.default_rng(seed)
    chosen = random.random((samples, secret)) < density
    values = random.random(secret) < 0.5
    errors = np.zeros(samples, np.bool_)
    errors[random.choice(samples, wrong, replace=False)] = True
    answers = (chosen & values).sum(axis=1) % 2 ^ errors
    lines = []
    for i in range(samples):
        line = [*(np.flatnonzero(chosen[i]) + 1).tolist(), secret + 1 + i]
        lines.append(line if answers[i] else [-line[0], *line[1:]])
    literals = list(range(secret + 1, secret + samples + 1))
    counter = CardEnc.atmost(literals, wrong, top_id=secret + samples, encoding=encoding)
    plain = Formula.from_clauses(counter.clauses, counter.nv)
    return Formula(plain.literals, plain.offsets, plain.variables, Xors.from_rows(lines))
