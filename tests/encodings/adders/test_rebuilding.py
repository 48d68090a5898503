"""Sums built again: the same models, but for variables that only adders knew."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical153

from tests.encodings.adders.adder_formulas import full, half, renamed, soups, word_sums
from turbosat.benchmarks import families
from turbosat.encodings.adders import rebuilding
from turbosat.encodings.adders.carry_save import TRUE, Builder
from turbosat.encodings.adders.rebuilding import rebuild
from turbosat.encodings.adders.rebuilt import Rebuilt
from turbosat.encodings.adders.totals import Total, digits
from turbosat.formula.formula import Formula


@pytest.fixture(autouse=True)
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let single sums of few words be built again, too."""
    monkeypatch.setattr(rebuilding, "CROWDED", (0.0, 1e9))
    monkeypatch.setattr(rebuilding, "WORTH", 0.0)


def solver_of(formula: Formula) -> Cadical153:
    return Cadical153(bootstrap_with=[list(each) for each in formula])


def values_of(model: list[int], variables: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    values = np.zeros(variables, np.bool_)
    values[[literal - 1 for literal in model if 0 < literal <= variables]] = True
    return values


def same_models(formula: Formula, rebuilt: Rebuilt, guesses: Iterator[list[int]]) -> None:
    """Check that under each guess of what is left both have a model, and that it is one of the original."""
    with solver_of(formula) as before, solver_of(rebuilt.formula) as after:
        for guess in guesses:
            satisfiable = after.solve(guess)
            assert satisfiable == before.solve(guess)
            if satisfiable:
                values = values_of(after.get_model(), rebuilt.formula.variables)
                assert rebuilt.formula.satisfied(values)
                full = rebuilt.completed(values, formula.variables)
                assert formula.satisfied(full)
                left = np.ones(formula.variables, np.bool_)
                left[rebuilt.steps[:, 0] >> 1] = False
                assert (full == values[: formula.variables])[left].all()


def guessed(formula: Formula, rebuilt: Rebuilt, count: int, dice: random.Random) -> Iterator[list[int]]:
    """Yield nothing, and values of some variables that are left."""
    without = set((rebuilt.steps[:, 0] >> 1).tolist())
    left = [variable + 1 for variable in range(formula.variables) if variable not in without]
    yield []
    for _ in range(count):
        chosen = dice.sample(left, dice.randint(0, len(left)))
        yield [dice.choice((1, -1)) * variable for variable in chosen]


@settings(max_examples=300, deadline=None)
@given(soups(), st.randoms(use_true_random=False))
def test_adders_wired_at_random_keep_their_models(formula: Formula, dice: random.Random) -> None:
    rebuilt = rebuild(formula)
    if rebuilt is not None:
        same_models(formula, rebuilt, guessed(formula, rebuilt, 20, dice))


@settings(max_examples=100, deadline=None)
@given(word_sums(), st.randoms(use_true_random=False))
def test_sums_of_words_keep_their_models(case: tuple[Formula, int], dice: random.Random) -> None:
    formula, bits = case
    shuffled = renamed(formula.variables, [list(each) for each in formula], dice)
    rebuilt = rebuild(shuffled)
    if rebuilt is not None:
        same_models(shuffled, rebuilt, guessed(shuffled, rebuilt, 40, dice))
    rebuilt = rebuild(formula)
    if rebuilt is not None:
        every = ([(1 if n >> i & 1 else -1) * (i + 1) for i in range(bits)] for n in range(1 << bits))
        same_models(formula, rebuilt, every)


@pytest.mark.parametrize("halves", [False, True])
@pytest.mark.parametrize("width", [4, 16])
@pytest.mark.parametrize("words", [3, 5])
def test_a_sum_of_words_is_one_sum(width: int, words: int, halves: bool) -> None:
    from tests.encodings.adders.adder_formulas import added
    from turbosat.benchmarks.families.circuit import Circuit

    circuit = Circuit()
    total, *others = (circuit.word(width) for _ in range(words))
    for other in others:
        total = added(circuit, total, other, halves=halves)[:width]
    formula, _ = circuit.encode([circuit.xor(total[0], circuit.any_of(total[1:]))])
    rebuilt = rebuild(formula)
    assert rebuilt is not None
    assert rebuilt.sums == 1
    # A column has an adder for each word but one, the last has none; the first one's are half adders.
    assert rebuilt.adders == (words - 1) * (width - 1)
    if width == 4:
        same_models(formula, rebuilt, guessed(formula, rebuilt, 200, random.Random(1)))


@st.composite
def totals(draw: st.DrawFn) -> tuple[dict[int, int], int, int]:
    """Draw factors of a few variables, a constant and a width."""
    width = draw(st.integers(1, 4))
    factors = draw(st.dictionaries(st.integers(0, 4), st.integers(-20, 20), max_size=5))
    return factors, draw(st.integers(-40, 40)), width


@settings(max_examples=200, deadline=None)
@given(totals())
def test_digits_are_what_they_are_of(case: tuple[dict[int, int], int, int]) -> None:
    factors, constant, width = case
    inputs, left = digits(factors, constant, width)
    assert 0 <= left < 1 << width
    for number in range(32):
        values = [number >> variable & 1 for variable in range(5)]
        meant = constant + sum(factor * values[variable] for variable, factor in factors.items())
        said = left + sum((values[code >> 1] ^ (code & 1)) << column for column, code in inputs)
        assert (meant - said) % (1 << width) == 0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=10),
    st.integers(0, 15),
    st.integers(1, 4),
    st.booleans(),
)
def test_clauses_of_a_sum_say_what_it_is(
    inputs: list[tuple[int, int]], constant: int, width: int, open_top: bool
) -> None:
    inputs = [(column % width, code) for column, code in inputs]
    columns = range(width - open_top)
    outputs = {column: 2 * (5 + column) + (column & 1) for column in columns}
    builder = Builder(9)
    builder.add(Total(inputs, outputs, constant, width, [], 0))
    assert all(code != TRUE for clause in builder.clauses for code in clause)
    literals = [
        [(code >> 1) + 1 if code % 2 == 0 else -(code >> 1) - 1 for code in c] for c in builder.clauses
    ]
    with Cadical153(bootstrap_with=[clause for clause in literals if clause]) as solver:
        for number in range(32):
            values = [number >> variable & 1 for variable in range(5)]
            meant = constant + sum((values[code >> 1] ^ (code & 1)) << column for column, code in inputs)
            guess = [variable + 1 if values[variable] else -variable - 1 for variable in range(5)]
            possible = not (open_top and meant >> (width - 1) & 1)
            assert (solver.solve(guess) and all(literals)) == possible
            if possible:
                model = set(solver.get_model())
                for column, code in outputs.items():
                    sign = -1 if code & 1 else 1
                    assert (sign * ((code >> 1) + 1) in model) == bool(meant >> column & 1)


def test_carries_of_half_adders_that_others_know_are_not_merged() -> None:
    """Both could be true where the half adders, which say that they are not, are no longer there."""
    x, y, a, s, z, b, t, c, p, q, u, e, f, g, first, *others = range(1, 18)
    clauses = [*half(x, y, s, a), *half(s, z, t, b), [-a, c], [-b, c], [a, b, -c]]
    clauses += [*full(e, f, g, first, p), *full(c, p, q, u, x)]
    clauses += [[a, others[0]], [b, others[1]], [s, *others]]
    formula = Formula.from_clauses(clauses)
    rebuilt = rebuild(formula)
    if rebuilt is not None:
        same_models(formula, rebuilt, iter([[], [a, b], [-a, b], [a, -b]]))
    with solver_of(formula) as solver:
        assert not solver.solve([a, b])


def test_formulas_without_sums_are_left_alone() -> None:
    assert rebuild(Formula.from_clauses([[1, 2], [-1, 3, 4]])) is None
    assert rebuild(Formula.from_clauses([])) is None
    assert rebuild(Formula.from_clauses([[]])) is None


def test_hash_functions_are_sums_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    formula = families.generate("sha1", seed=1, rounds=20).formula
    rebuilt = rebuild(formula)
    assert rebuilt is not None
    assert rebuilt.sums >= 15
    assert len(rebuilt.steps) > formula.variables // 2
    product = families.generate("factoring", seed=1).formula
    assert rebuild(product) is None
