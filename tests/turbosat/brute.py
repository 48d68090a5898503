"""The meaning of a formula, slowly: one assignment, one literal at a time."""

import itertools
from collections.abc import Iterator, Sequence

from turbosat.formula.formula import Formula


def clause_holds(clause: Sequence[int], values: Sequence[bool]) -> bool:
    return any(values[abs(literal) - 1] == (literal > 0) for literal in clause)


def xor_holds(variables: Sequence[int], parity: bool, values: Sequence[bool]) -> bool:
    return sum(values[variable - 1] for variable in variables) % 2 == parity


def holds(formula: Formula, values: Sequence[bool]) -> bool:
    return all(clause_holds(clause, values) for clause in formula) and all(
        xor_holds(variables, parity, values) for variables, parity in formula.xors
    )


def assignments(variables: int) -> Iterator[tuple[bool, ...]]:
    return itertools.product((False, True), repeat=variables)


def models(formula: Formula) -> set[tuple[bool, ...]]:
    """Return all satisfying assignments, by trying every one."""
    return {values for values in assignments(formula.variables) if holds(formula, values)}


def expanded_xors(rows: Sequence[Sequence[int]], variables: int) -> tuple[list[tuple[int, ...]], int]:
    """Write rows of literals whose XOR is true as clauses, by the canonical rule; and the last variable."""
    clauses: list[tuple[int, ...]] = []

    def write(row: list[int]) -> None:
        for signs in itertools.product((1, -1), repeat=len(row)):
            if signs.count(-1) % 2 == 0:
                clauses.append(tuple(sign * literal for sign, literal in zip(signs, row, strict=True)))

    for literals in rows:
        rest: list[int] = []
        true = False  # what the cancelled literals amount to
        for literal in literals:
            pair = next((other for other in rest if abs(other) == abs(literal)), None)
            if pair is None:
                rest.append(literal)
            else:
                rest.remove(pair)
                true ^= pair != literal
        if true and not rest:
            continue
        if true:
            rest[0] = -rest[0]
        while len(rest) > 6:
            variables += 1
            write([*rest[:5], -variables])
            rest = [variables, *rest[5:]]
        write(rest)
    return clauses, variables
