"""Clauses in which gates are mixed with whatever else there may be, and all their models at once.

Gates with the clauses of both sides or of one, whose inputs are any variables: so there are circles, equal
gates, outputs of two gates, outputs that occur elsewhere in both signs, and inputs of gates of one side;
random clauses, units, clauses twice, literals twice, clauses that always hold, variables in no clause.
"""

import random

import numpy as np
from numpy.typing import NDArray

from tests.encodings.circuit.graphs import cover, one_sided_circuit
from turbosat.formula.formula import Formula

Rows = list[tuple[int, ...]]


def mixture(dice: random.Random, most: int) -> Formula:
    """Make clauses of a few gates, and others, over at most so many variables; few have XORs of their own.

    Most begin with a circuit of which there is what it takes to be true (Plaisted and Greenbaum).
    """
    clauses: Rows = []
    variables = dice.randint(3, most)
    extra = dice.randint(0, variables)  # gates
    if dice.random() < 0.6:
        whole = one_sided_circuit(dice, dice.randint(2, 4), dice.randint(most // 2, 3 * most))
        if 0 < whole.variables <= most:
            clauses, variables, extra = list(whole), whole.variables, dice.choice([0, 0, 1, 2])
    forward = dice.random() < 0.7  # inputs are numbered lower: no circles
    sided = dice.choice([0.0, 0.3, 1.0])
    outputs = dice.sample(range(1, variables + 1), min(extra, variables))
    for output in (*outputs, *dice.choices(outputs or [1], k=dice.choice([0, 0, 0, 1, 2]))):
        below = [x for x in range(1, output if forward else variables + 1) if x != output]
        if below:
            clauses += _gate(dice, below, output, one_sided=dice.random() < sided)
    if clauses and dice.random() < 0.2:  # equal gates
        shift = dice.randint(1, variables)
        renamed = [tuple(_moved(x, shift, variables) for x in clause) for clause in clauses]
        clauses += dice.sample(renamed, dice.randint(1, len(renamed)))
    for _ in range(dice.choice([0, 0, 1, 2, variables // 2])):
        clauses.append(_clause(dice, variables, dice.choice([1, 2, 3, 3, 4])))
    for clause in [clause for clause in clauses if dice.random() < 0.05]:
        clauses.append(clause)  # twice
    for i, clause in enumerate(clauses):
        chance = dice.random()
        if chance < 0.03 and clause:
            clauses[i] = (*clause, dice.choice([1, 1, -1]) * dice.choice(clause))
    if dice.random() < 0.01:
        clauses.append(())
    signs = [dice.choice([1, -1]) for _ in range(variables)]
    names = dice.sample(range(1, variables + 1), variables)
    dice.shuffle(clauses)
    rows = [
        tuple(signs[abs(x) - 1] * names[abs(x) - 1] * (1 if x > 0 else -1) for x in row) for row in clauses
    ]
    xors = [_clause(dice, variables, dice.randint(1, 3)) for _ in range(dice.randint(1, 2))]
    return Formula.from_clauses(rows, variables, xors if dice.random() < 0.05 else [])


def _moved(literal: int, shift: int, variables: int) -> int:
    return ((abs(literal) - 1 + shift) % variables + 1) * (1 if literal > 0 else -1)


def _clause(dice: random.Random, variables: int, width: int) -> tuple[int, ...]:
    chosen = dice.sample(range(1, variables + 1), min(width, variables))
    return tuple(x * dice.choice([1, -1]) for x in chosen)


def _gate(dice: random.Random, below: list[int], output: int, *, one_sided: bool) -> Rows:
    """Return the clauses of a gate, or those that have one literal of its output."""
    width = dice.choice([1, 2, 2, 3, 3, 4])
    inputs = dice.sample(below, min(width, len(below)))
    kind = dice.randrange(4)
    if kind == 0:  # a conjunction, some of it wide
        inputs = dice.sample(below, min(dice.choice([2, 3, 9, 11]), len(below)))
        signed = [x * dice.choice([1, -1]) for x in inputs]
        clauses = [(-output, x) for x in signed] + [(output, *(-x for x in signed))]
    else:
        size = 1 << len(inputs)
        tables = {
            1: [line.bit_count() % 2 == 1 for line in range(size)],
            2: [bool(line >> (1 + line % 2) & 1) for line in range(size)],  # a choice, where there are three
            3: [dice.random() < 0.5 for _ in range(size)],  # of all lines the same, too: constants
        }
        clauses = cover(dice, inputs, tables[kind], output)
    if dice.random() < 0.3:
        clauses = [tuple(-x if abs(x) == output else x for x in clause) for clause in clauses]
    if one_sided:
        sign = dice.choice([output, -output])
        clauses = [clause for clause in clauses if sign in clause]
        if dice.random() < 0.5:  # and something that it is needed for
            clauses.append((-sign, *dice.sample(below, dice.randint(0, 1))))
    return clauses


def all_assignments(variables: int) -> NDArray[np.bool_]:
    """Return every assignment, (2 ** variables, variables)."""
    numbers = np.arange(1 << variables)[:, None]
    return (numbers >> np.arange(variables) & 1).astype(np.bool_)


def satisfied(rows: NDArray[np.bool_], formula: Formula) -> NDArray[np.bool_]:
    """Return which assignments (rows, variables) are models of a formula, (rows,)."""
    result = np.ones(len(rows), np.bool_)
    for clause in formula:
        literals = np.array(clause, np.int64)
        result &= (rows[:, np.abs(literals) - 1] == (literals > 0)).any(axis=1)
    for variables, parity in formula.xors:
        places = np.array(variables, np.int64) - 1
        result &= (rows[:, places].sum(axis=1) % 2).astype(np.bool_) == parity
    return result
