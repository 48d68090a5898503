"""Models of clauses and xors."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turbosat.check import check, check_model, check_proof

CNF = b"c three\np cnf 3 3\n1 2\n 0 -1\nc within a clause\n3 0\n-2 -3 0\n"


@pytest.mark.parametrize(
    ("solution", "reason"),
    [
        (b"s SATISFIABLE\nv 1 -2\nv 3 0\n", "the model satisfies all 3 clauses"),
        (b"c hi\nv 1 -2 3\n", "the model satisfies all 3 clauses"),
        (b"SAT\n1 -2 3 0\n", "the model satisfies all 3 clauses"),
        (b"1 -2 3\n", "the model satisfies all 3 clauses"),
        (b"-1 2\n-3 0\n", "the model satisfies all 3 clauses"),
        (b"v 1 -2 0", "the model does not satisfy clause 2 (<cnf>:4): -1 3 0"),
        (b"v 0\n", "the model does not satisfy clause 1 (<cnf>:3): 1 2 0"),
        (b"s SATISFIABLE\n", "the model does not satisfy clause 1 (<cnf>:3): 1 2 0"),
        (b"v 1 -2 3 -1 0", "the solution holds both 1 and -1"),
        (b"v 1 -2 3 4 0", "the solution holds the literal 4, the formula has 3 variables"),
        (b"s UNSATISFIABLE\n", "the solution says UNSATISFIABLE: there is no model to check"),
        (b"UNSAT\n", "the solution says UNSATISFIABLE: there is no model to check"),
        (b"s UNKNOWN\n", "the solution says UNKNOWN: there is no model to check"),
    ],
)
def test_solutions(solution: bytes, reason: str) -> None:
    verdict = check(CNF, solution).verdict
    assert verdict.kind == "model"
    assert verdict.reason == reason
    assert verdict.verified == reason.startswith("the model satisfies")


def test_repeated_literals_are_no_contradiction() -> None:
    assert check_model(CNF, b"v 1 1 -2 3 0\n").verified


def test_an_empty_formula_has_an_empty_model() -> None:
    assert check_model(b"p cnf 0 0\n", b"s SATISFIABLE\nv 0\n").verified
    assert not check_model(b"p cnf 0 1\n0\n", b"v 0\n").verified


def holds(literals: list[int], model: dict[int, bool]) -> bool:
    return sum(model[abs(x)] == (x > 0) for x in literals) % 2 == 1


literal = st.integers(1, 9).flatmap(lambda v: st.sampled_from((v, -v)))
xors = st.lists(st.lists(literal, max_size=14), min_size=1, max_size=3)


def xor_cnf(lines: list[list[int]]) -> bytes:
    text = "".join(f"x{' ' if i % 2 else ''}{' '.join(map(str, [*x, 0]))}\n" for i, x in enumerate(lines))
    return f"p cnf 9 {len(lines)}\n{text}".encode()


@settings(deadline=None)
@given(xors, st.lists(st.booleans(), min_size=9, max_size=9))
def test_xors_of_models(lines: list[list[int]], values: list[bool]) -> None:
    model = dict(enumerate(values, 1))
    text = " ".join(str(v if value else -v) for v, value in model.items())
    verdict = check_model(xor_cnf(lines), f"v {text} 0\n".encode())
    assert verdict.verified == all(holds(line, model) for line in lines)


@settings(deadline=None)
@given(xors, st.lists(st.sampled_from((-1, 0, 1)), min_size=9, max_size=9))
def test_xors_of_partial_models_hold_however_completed(lines: list[list[int]], signs: list[int]) -> None:
    text = " ".join(str(v * sign) for v, sign in enumerate(signs, 1) if sign)
    verdict = check_model(xor_cnf(lines), f"v {text} 0\n".encode())
    choices = [(sign > 0,) if sign else (True, False) for sign in signs]
    models = [dict(enumerate(values, 1)) for values in itertools.product(*choices)]
    assert verdict.verified == all(holds(line, model) for model in models for line in lines)


@settings(deadline=None)
@given(st.lists(literal, max_size=14))
def test_xors_of_proofs_are_the_clauses_of_the_rule(line: list[int]) -> None:
    """Each point that breaks the xor is refuted by unit propagation; the others are not."""
    for values in itertools.islice(itertools.product((1, -1), repeat=9), 0, 512, 7):
        model = {v: sign > 0 for v, sign in enumerate(values, 1)}
        units = "".join(f"{v * sign} 0\n" for v, sign in enumerate(values, 1))
        cnf = f"p cnf 9 10\n{units}x{' '.join(map(str, [*line, 0]))}\n".encode()
        assert check_proof(cnf, b"").verified != holds(line, model)


def test_fresh_variables_follow_the_last() -> None:
    """Both xors are cut once: 10 = 1 ^ ... ^ 5, and 11 is its opposite, after the header's 9 variables."""
    cnf = b"p cnf 9 2\nx1 2 3 4 5 6 7 0\nx-1 2 3 4 5 6 7 0\n"
    # 10 ^ 11 is shown by cases: of 1 to 5, of 1 to 4, and so on.
    pairs = [
        [*pair, *(sign * v for v, sign in enumerate(signs, 1))]
        for width in (4, 3, 2, 1, 0)
        for signs in itertools.product((1, -1), repeat=width)
        for pair in ((10, 11), (-10, -11))
    ]
    # And 10 ^ 6 ^ 7, 11 ^ 6 ^ 7 cannot both be true then.
    proof = "".join(" ".join(map(str, [*lemma, 0])) + "\n" for lemma in [*pairs, [10, 6], [10], [6], []])
    assert check_proof(cnf, proof.encode()).verified
    assert not check_proof(cnf, proof.replace("11", "12").encode()).verified
