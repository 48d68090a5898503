"""Parity with noise: found, decoded, however its bound is encoded; and left alone where there is none."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
from pysat.card import CardEnc, EncType

from turbosat import Event, Formula, Status, solve
from turbosat.benchmarks import families
from turbosat.encodings.gf2.consequences import find
from turbosat.lanes import noise

ENCODINGS = ("seqcounter", "sortnetwrk", "cardnetwrk", "totalizer", "mtotalizer", "kmtotalizer")


def parity_clauses(literals: list[int], *, odd: bool) -> list[list[int]]:
    """Return the clauses of an XOR."""
    signs = itertools.product((1, -1), repeat=len(literals))
    return [
        [sign * literal for sign, literal in zip(row, literals, strict=True)]
        for row in signs
        if row.count(-1) % 2 != odd
    ]


def noisy_parity(bits: int, samples: int, errors: int, bound: int, encoding: str, seed: int) -> Formula:
    """Return parities of secret bits of which so many are wrong, a bound on these, in an order of no help."""
    dice = random.Random(f"{bits} {samples} {errors} {encoding} {seed}")
    secret = [dice.random() < 0.5 for _ in range(bits)]
    wrong = set(dice.sample(range(samples), errors))
    clauses: list[list[int]] = []
    noise_literals = []
    top = bits
    for sample in range(samples):
        row = dice.sample(range(bits), bits // 2 + sample % 2)
        odd = (sum(secret[bit] for bit in row) + (sample in wrong)) % 2 == 1
        top += 1
        negative = dice.random() < 0.5
        noise_literals.append(-top if negative else top)
        literals = [*(bit + 1 for bit in row), top]
        dice.shuffle(literals)
        while len(literals) > 4:
            top += 1
            clauses += parity_clauses([*literals[:3], top], odd=False)
            literals = [*literals[3:], top]
        clauses += parity_clauses(literals, odd=odd != negative)
    clauses += CardEnc.atmost(noise_literals, bound, top, encoding=getattr(EncType, encoding)).clauses
    largest = max(abs(literal) for clause in clauses for literal in clause)
    names = dice.sample(range(1, largest + 1), largest)
    renamed = [[names[abs(l) - 1] * (1 if l > 0 else -1) for l in clause] for clause in clauses]
    dice.shuffle(renamed)
    return Formula.from_clauses(renamed, largest)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_noise_is_found_and_decoded(encoding: str) -> None:
    formula = noisy_parity(20, 40, 5, 5, encoding, 1)
    found = noise.find_noise(formula, find(formula))
    assert found is not None
    assert found.weight == 5
    assert found.projection.information.size == 20
    values = noise.decode(found, formula, 1.0, 0, lambda _: None)
    assert values is not None
    assert formula.satisfied(values)


def test_noise_counted_by_adders_is_found_and_decoded() -> None:
    draft = families.generate("parity", bits=24, errors=6, seed=2)
    found = noise.find_noise(draft.formula, find(draft.formula))
    assert found is not None
    assert found.weight == 6
    values = noise.decode(found, draft.formula, 1.0, 0, lambda _: None)
    assert values is not None
    assert draft.formula.satisfied(values)


def test_what_models_tell_wrongly_is_set_right() -> None:
    formula = noisy_parity(20, 40, 5, 5, "totalizer", 4)
    _, terminals, inside = noise._split(formula, find(formula))
    question = noise._Rest(formula, inside, terminals, 0, lambda: None)
    share = question.share(40)
    assert share is not None
    clear = np.ones(terminals.size, np.bool_)
    right = share > 0.5
    assert question.weigh(clear, right) == 5
    wrong = right.copy()
    wrong[[3, 17]] ^= True
    assert question.weigh(clear, wrong) == 5
    assert (wrong == right).all()
    assert question.weigh(clear, ~right) is None


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_nothing_is_claimed_where_the_bound_is_too_low(encoding: str) -> None:
    formula = noisy_parity(20, 40, 9, 2, encoding, 2)
    found = noise.find_noise(formula, find(formula))
    assert found is not None
    told: list[dict[str, float]] = []
    assert noise.decode(found, formula, 1.0, 0, told.append) is None
    assert told[-1]["weight"] == 2
    assert noise.decode(found, formula, 1e-9, 0, told.append) is None  # expected to take longer


def test_words_that_cannot_be_completed_do_not_end_the_search() -> None:
    """Believe a bound that is too high: most words are refused, and lighter ones are looked for."""
    formula = noisy_parity(20, 40, 3, 3, "totalizer", 3)
    found = noise.find_noise(formula, find(formula))
    assert found is not None
    loose = replace(found, weight=found.weight + 5)
    values = noise.decode(loose, formula, 1.0, 0, lambda _: None)
    assert values is not None
    assert formula.satisfied(values)


@pytest.mark.parametrize(
    ("family", "parameters"),
    [("random-ksat", {"variables": 60}), ("miter", {"width": 5}), ("urquhart", {"side": 3}), ("md5", {})],
)
def test_other_formulas_are_left_alone(family: str, parameters: dict[str, int]) -> None:
    draft = families.generate(family, seed=1, **parameters)
    facts = find(draft.formula)
    assert facts.conflict is not None or noise.find_noise(draft.formula, facts) is None


def test_terminals_without_a_bound_are_left_alone() -> None:
    """Samples as a code of its own, of which the rest says nothing clear."""
    formula = noisy_parity(20, 40, 5, 39, "seqcounter", 1)
    found = noise.find_noise(formula, find(formula))
    assert found is None or noise.decode(found, formula, 1.0, 0, lambda _: None) is not None


def test_a_run_is_answered_by_it() -> None:
    events: list[Event] = []
    formula = noisy_parity(40, 80, 8, 8, "kmtotalizer", 1)
    result = solve(formula, time_limit=600, on_event=events.append)
    assert result.status is Status.SATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == "algebra"
    assert np.asarray(result.model).size
