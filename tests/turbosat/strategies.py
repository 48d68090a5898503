"""Hypothesis strategies for formulas and for their DIMACS text."""

import itertools

from hypothesis import strategies as st

from turbosat.formula.formula import Formula

BLANKS = st.text(" \t", min_size=1, max_size=2)
SPACES = st.one_of(BLANKS, st.sampled_from(["\n", "\r\n", " \n ", "\n\n", "\nc text\n", " c 1 -2 0 %x\r\n"]))


def rows(variables: int, longest: int = 4, most: int = 8) -> st.SearchStrategy[list[list[int]]]:
    """Rows of literals: empty ones, repeated literals and tautologies included."""
    if not variables:
        return st.lists(st.just([]), max_size=2)
    literal = st.integers(1, variables).flatmap(lambda variable: st.sampled_from([variable, -variable]))
    return st.lists(st.lists(literal, max_size=longest), max_size=most)


@st.composite
def formulas(draw: st.DrawFn, most_variables: int = 6, xors: bool = True) -> Formula:
    """Small formulas, fit for brute force if `most_variables` is small."""
    variables = draw(st.integers(0, most_variables))
    parities = draw(rows(variables, longest=9, most=3)) if xors else []
    return Formula.from_clauses(draw(rows(variables)), variables, parities)


@st.composite
def wide_formulas(draw: st.DrawFn) -> Formula:
    """Formulas whose variables have any number of digits."""
    variables = draw(st.sampled_from([9, 10, 12345678, 100000000, 2**29 - 1]))
    return Formula.from_clauses(draw(rows(variables, longest=20)), variables, draw(rows(variables, most=2)))


@st.composite
def texts(draw: st.DrawFn, formula: Formula) -> bytes:
    """DIMACS text of a formula with blanks, newlines and comments wherever they are allowed."""
    counted = formula.clauses + draw(st.sampled_from([0, len(formula.xors)]))
    parts = [draw(st.sampled_from(["", "c text\n", "\n", "c\r\nc p cnf 1 1\n\n"]))]
    parts.append(f"p cnf {formula.variables} {counted}{draw(st.sampled_from(['', ' ', chr(13)]))}\n")
    flat, offsets = formula.xors.written(filler=bool(formula.variables))
    xors = [flat[low:high].tolist() for low, high in itertools.pairwise(offsets)]
    for row, kind in [*((list(c), "") for c in formula), *((row, "x") for row in xors)]:
        space = BLANKS if kind else SPACES
        parts.append(kind and f"\n{draw(st.sampled_from(['', ' ']))}x{draw(st.sampled_from(['', ' ']))}")
        parts.extend(f"{'0' * draw(st.integers(0, 1)) if n > 0 else ''}{n}{draw(space)}" for n in row)
        parts.append(draw(st.sampled_from(["0", "00"])))
        parts.append(draw(st.sampled_from(["\n", "c\n", " c text x\n", "\r\n"])) if kind else draw(SPACES))
    return "".join(parts).encode()
