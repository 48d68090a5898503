"""Small formulas of the kinds that derivations meet, and a slow recovery of XORs."""

from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray
from pysat.card import CardEnc, EncType

from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors


def xor_clauses(literals: list[int]) -> list[list[int]]:
    """The clauses that say: the XOR of the literals is true."""
    return [
        [-l if s else l for l, s in zip(literals, signs, strict=True)]
        for signs in product((0, 1), repeat=len(literals))
        if sum(signs) % 2 == 0
    ]


def slow_recover(formula: Formula, longest: int = 5) -> Xors:
    """XORs all of whose sign patterns are clauses, by definition."""
    groups: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    bounds = formula.offsets.tolist()
    for first, end in pairwise(bounds):
        clause = sorted(formula.literals[first:end].tolist(), key=abs)
        if 2 <= len(clause) <= longest:
            groups.setdefault(tuple(map(abs, clause)), set()).add(tuple(clause))
    rows = []
    for variables, clauses in groups.items():
        for parity in (0, 1):
            wrong = [c for c in clauses if sum(l < 0 for l in c) % 2 != parity]
            if len(wrong) == 2 ** (len(variables) - 1):
                rows.append([variables[0] if parity else -variables[0], *variables[1:]])
    return Xors.from_rows(rows)


def random_formula(random: np.random.Generator, *, cardinality: bool = True) -> Formula:
    """Inputs, XORs, gates in full or in one direction, a counter or totalizer, a few clauses."""
    variables = int(random.integers(3, 6))
    clauses: list[list[int]] = []
    lines: list[list[int]] = []

    def some(count: int) -> list[int]:
        chosen = random.choice(variables, min(count, variables), replace=False) + 1
        return [int(v) * int(random.choice([-1, 1])) for v in chosen]

    for _ in range(int(random.integers(1, 7))):
        kind = int(random.integers(0, 7))
        if kind == 0:
            clauses += xor_clauses(some(int(random.integers(2, 5))))
            continue
        if kind == 1:
            lines.append(some(int(random.integers(1, 5))))
            continue
        arguments = some(int(random.integers(2, 5)))
        variables += 1
        y = variables * int(random.choice([-1, 1]))
        if kind == 2:  # AND or OR
            clauses += [[y, *(-a for a in arguments)], *([-y, a] for a in arguments)]
        elif kind == 3:
            clauses += xor_clauses([y, *arguments])
        elif kind == 4:  # if-then-else
            s, a, b = (arguments * 2)[:3]
            clauses += [[-s, -a, y], [-s, a, -y], [s, -b, y], [s, b, -y]]
        elif kind == 5:  # one direction
            clauses += [[y, *(-a for a in arguments)]]
            if random.random() < 0.5:
                clauses += [[y, *(-a for a in some(2) if abs(a) != variables)]]
        else:
            clauses += [[-y, a] for a in arguments]
    if cardinality and random.random() < 0.5:
        literals = some(5)
        kinds = (EncType.seqcounter, EncType.totalizer, EncType.sortnetwrk, EncType.cardnetwrk)
        make = CardEnc.atmost if random.random() < 0.6 else CardEnc.atleast
        bound = int(random.integers(1, len(literals)))
        encoded = make(literals, bound, top_id=variables, encoding=kinds[int(random.integers(0, len(kinds)))])
        clauses += encoded.clauses
        variables = max(variables, encoded.nv)
    for _ in range(int(random.integers(0, 4))):
        clauses.append(some(int(random.integers(1, 4))))
    plain = Formula.from_clauses(clauses, variables)
    return Formula(plain.literals, plain.offsets, variables, Xors.from_rows(lines))


def all_models(formula: Formula) -> NDArray[np.bool_]:
    """All models (models, variables), by trying everything."""
    numbers = np.arange(1 << formula.variables)
    values = (numbers[:, None] >> np.arange(formula.variables) & 1).astype(np.bool_)
    models: NDArray[np.bool_] = values[np.asarray(formula.satisfied(values))]
    return models
