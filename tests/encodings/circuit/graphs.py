"""Random and-inverter graphs, their meaning, slowly, and random circuits as clauses."""

import itertools
import random
from collections.abc import Sequence

import numpy as np

from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.tseitin import encode
from turbosat.formula.formula import Formula


def random_graph(dice: random.Random, inputs: int, gates: int) -> Aig:
    """Make a graph of which most gates have near ones as operands, also equal and constant ones."""
    ands = []
    for gate in range(inputs + 1, inputs + gates + 1):
        low = 0 if dice.random() < 0.05 else max(1, gate - dice.choice([4, 12, 100]))
        a, b = (2 * dice.randrange(low, gate) + dice.randrange(2) for _ in range(2))
        ands.append((max(a, b), min(a, b)))
    return Aig(inputs, np.array(ands, np.int32).reshape(-1, 2))


def values_of(aig: Aig, leaves: Sequence[bool]) -> list[bool]:
    """Return the values of all variables, the constant first."""
    values = [False, *leaves]
    for a, b in aig.ands.tolist():
        values.append((values[a >> 1] ^ bool(a & 1)) and (values[b >> 1] ^ bool(b & 1)))
    return values


def cover(dice: random.Random, inputs: list[int], table: list[bool], output: int) -> list[tuple[int, ...]]:
    """Return clauses that make output the function of a table, made of as large cubes as were met."""
    clauses = []
    for side in (True, False):
        left = {i for i, value in enumerate(table) if value == side}
        wanted = set(left)
        while wanted:
            fixed = dict(enumerate(f"{dice.choice(sorted(wanted)):0{len(inputs)}b}"[::-1]))
            for place in dice.sample(range(len(inputs)), len(inputs)):
                fewer = {k: v for k, v in fixed.items() if k != place}
                if _cube(fewer, len(inputs)) <= left:
                    fixed = fewer
            wanted -= _cube(fixed, len(inputs))
            cube = [-inputs[k] if v == "1" else inputs[k] for k, v in fixed.items()]
            clauses.append((*cube, output if side else -output))
    return clauses


def _cube(fixed: dict[int, str], width: int) -> set[int]:
    return {i for i in range(1 << width) if all(f"{i:0{width}b}"[::-1][k] == v for k, v in fixed.items())}


def random_circuit(dice: random.Random, inputs: int, gates: int, constraints: int = 1) -> Formula:
    """Make clauses of gates of any function with up to four inputs, and of wide conjunctions, shuffled."""
    clauses: list[tuple[int, ...]] = []
    for output in range(inputs + 1, inputs + gates + 1):
        width = dice.randint(1, min(4, output - 1))
        chosen = dice.sample(range(1, output), width)
        if dice.random() < 0.2 and output > 8:
            wide = [x * dice.choice([1, -1]) for x in dice.sample(range(1, output), dice.randint(5, 7))]
            clauses += [(-output, x) for x in wide] + [(output, *(-x for x in wide))]
            continue
        table = [dice.random() < 0.5 for _ in range(1 << width)]
        if len(set(table)) == 1:
            table[0] = not table[0]
        clauses += cover(dice, chosen, table, output)
    variables = inputs + gates
    for _ in range(constraints):
        chosen = dice.sample(range(1, variables + 1), dice.randint(1, min(3, variables)))
        clauses.append(tuple(x * dice.choice([1, -1]) for x in chosen))
    names = list(range(1, variables + 1))
    dice.shuffle(names)
    dice.shuffle(clauses)
    return Formula.from_clauses(
        [[names[abs(x) - 1] * (1 if x > 0 else -1) for x in clause] for clause in clauses], variables
    )


def one_sided_circuit(dice: random.Random, inputs: int, gates: int) -> Formula:
    """Make the clauses that literals of a random graph need to be true (Plaisted and Greenbaum), shuffled."""
    aig = random_graph(dice, inputs, gates)
    roots = np.array([dice.randrange(2, 2 * aig.variables + 2) for _ in range(dice.randint(1, 3))], np.int32)
    encoding = encode(aig, roots, polarity=True, composed=dice.random() < 0.5)
    formula = encoding.formula(roots)
    clauses = list(formula)
    if dice.random() < 0.3:  # one of the roots is enough
        clauses[-roots.size :] = [tuple(encoding.of(roots).tolist())]
    names = list(range(1, formula.variables + 1))
    dice.shuffle(names)
    signs = [dice.choice([1, -1]) for _ in names]
    dice.shuffle(clauses)
    return Formula.from_clauses(
        [
            [(1 if x > 0 else -1) * signs[abs(x) - 1] * names[abs(x) - 1] for x in clause]
            for clause in clauses
        ],
        formula.variables,
    )


def every_assignment(number: int) -> list[tuple[bool, ...]]:
    return list(itertools.product((False, True), repeat=number))
