"""Parity as and-inverter graphs write it, in CNF."""

import random

from tests.encodings.parity_pieces import conjunction
from turbosat.formula.formula import Formula


def inverted_and_graph(n: int, rows: int, width: int, seed: int, form: str) -> tuple[Formula, bool]:
    """Make `rows` random XORs of `width` of `n` inputs, as chains of XORs of two made of conjunctions.

    form: nand, products or two, the way an XOR of two is made. Variables and clauses are in random order.
    Returns the formula and whether it has a solution.
    """
    dice = random.Random(seed)
    clauses: list[tuple[int, ...]] = []
    last = n

    def gate(a: int, b: int) -> int:
        nonlocal last
        last += 1
        clauses.extend(conjunction(last, a, b))
        return last

    def parity(a: int, b: int) -> int:
        if form == "nand":
            both = gate(a, b)
            return -gate(-gate(a, -both), -gate(b, -both))
        if form == "products":
            return -gate(-gate(a, -b), -gate(-a, b))
        return gate(-gate(a, b), -gate(-a, -b))

    vectors: dict[int, int] = {}
    solvable = True
    for _ in range(rows):
        chosen = dice.sample(range(1, n + 1), width)
        side = dice.random() < 0.5
        output = chosen[0]
        for variable in chosen[1:]:
            output = parity(output, variable)
        clauses.append((output if side else -output,))
        vector = sum(1 << variable for variable in chosen) | side
        while vector and vector.bit_length() in vectors:
            vector ^= vectors[vector.bit_length()]
        solvable &= vector != 1
        vectors[vector.bit_length()] = vector
    names = list(range(1, last + 1))
    dice.shuffle(names)
    dice.shuffle(clauses)
    named = [[names[abs(x) - 1] * (1 if x > 0 else -1) for x in clause] for clause in clauses]
    return Formula.from_clauses(named, last), solvable
