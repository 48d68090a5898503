"""The checker against the slow one: proofs of Kissat, mutated proofs, and proofs made up."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.check.reference import Step, accepts, parse_text, to_binary, to_text
from tests.check.solver import solve
from tests.families import Clauses, dimacs, pigeonhole, random_ksat
from turbosat.check import check

literal = st.integers(1, 6).flatmap(lambda v: st.sampled_from((v, -v)))
clause = st.lists(literal, max_size=4)
formula = st.lists(clause, max_size=30)
steps = st.lists(st.tuples(st.booleans(), clause), max_size=12)
SLOW_START = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def compare(clauses: Clauses, proof: list[Step], binary: bool) -> bool:
    """Check a proof both ways; what is accepted must hold up, and what holds up must be accepted."""
    cnf = dimacs(max((abs(x) for c in clauses for x in c), default=0), clauses).encode()
    data = to_binary(proof) if binary else to_text(proof).encode()
    verdict, core = check(cnf, data, kind="proof", binary=binary, core=True)
    if verdict.verified:
        assert core is not None
        assert accepts(clauses, parse_text(core.decode()))
    else:
        assert not accepts(clauses, proof)
    return verdict.verified


def mutated(proof: list[Step], dice: random.Random) -> list[Step]:
    result = [(deletion, list(literals)) for deletion, literals in proof]
    for _ in range(dice.choice((1, 1, 2, 5))):
        i, j = dice.randrange(len(result)), dice.randrange(len(result))
        deletion, literals = result[i]
        match dice.choice(("drop", "flip", "swap", "shorten", "shuffle", "turn")):
            case "drop" if len(result) > 1:
                del result[i]
            case "flip" if literals:
                literals[0] = -literals[0]
            case "swap":
                result[i], result[j] = result[j], result[i]
            case "shorten" if literals:
                literals.pop(dice.randrange(len(literals)))
            case "shuffle":
                dice.shuffle(literals)
            case "turn":
                result[i] = not deletion, literals
    return result


@SLOW_START
@given(formula, steps, st.booleans())
def test_proofs_made_up(clauses: Clauses, proof: list[Step], binary: bool) -> None:
    compare(clauses, proof, binary)


@SLOW_START
@given(formula, st.lists(clause, max_size=3))
def test_duplicates_and_tautologies(clauses: Clauses, lemmas: Clauses) -> None:
    """Delete, add and delete again: copies are told apart, whatever the order of their literals."""
    proof: list[Step] = [(False, lemma) for lemma in lemmas]
    for c in clauses[:4]:
        proof += [(True, c[::-1]), (False, c), (False, [*c, *c[:1]]), (True, c)]
    compare(clauses, [*proof, (False, [])], False)


@pytest.mark.parametrize("seed", range(12))
def test_proofs_of_kissat(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    if seed < 3:
        variables, clauses = pigeonhole(seed + 3, seed + 2)
    else:
        variables, clauses = random_ksat(5 + 2 * seed, 6 * (5 + 2 * seed), 3, seed)
    status, output, proof = solve(tmp_path, dimacs(variables, clauses), "--no-binary")
    if status == 10:
        assert check(dimacs(variables, clauses).encode(), output).verdict.verified
        return
    parsed = parse_text(proof.decode())
    assert compare(clauses, parsed, True)
    for _ in range(20):
        compare(clauses, mutated(parsed, dice), dice.random() < 0.5)


def test_satisfiable_formulas_have_no_proof() -> None:
    dice = random.Random(7)
    variables, clauses = random_ksat(8, 20, 3, 1)
    for _ in range(50):
        proof = [(dice.random() < 0.3, dice.sample([1, -2, 3, -4, 5, 9, -9], 2)) for _ in range(10)]
        assert not compare(clauses, [*proof, (False, [])], False)
    assert variables == 8
