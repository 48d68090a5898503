"""What an answer is taken for where nobody says it: never for what it is not."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.check.reference import to_binary, to_text
from tests.families import Clauses, dimacs
from turbosat.check import InputError, check, check_model, check_proof
from turbosat.check.clock import Clock
from turbosat.check.reading.recognise import is_binary, kind_of

SQUARE = b"p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"
OR = b"p cnf 2 1\n1 2 0\n"
literal = st.integers(1, 4).flatmap(lambda v: st.sampled_from((v, -v)))
clause = st.lists(literal, max_size=3)
spaces = st.sampled_from((b" ", b"\n", b"\t ", b"\nc x\n", b"\r\n"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "text proof"),
        (b"c only a comment\n", "text proof"),
        (b"0\n", "text proof"),
        (b"1 0\n0\n", "text proof"),
        (b"1 -2 3\n", "text proof"),
        (b"d 1 2 0\n", "text proof"),
        (b"c v\n1 0 d 1 0\n", "text proof"),
        (b"1 2 0\n\0\0\0\0", "text proof"),
        (b"d 1 2 0\n0\n", "text proof"),
        (b"a\x02\x00", "binary proof"),
        (b"d\x02\x00", "binary proof"),
        (b"a\x0a\x20\x00", "binary proof"),
        (b"a", "binary proof"),
        (b"d\x0a\x00", "binary proof"),
        (b"d 1\x00", "binary proof"),
        (b"c x\n\nv 1\n", "model"),
        (b"s UNKNOWN", "model"),
        (b"SAT\n1 0", "model"),
        (b"c caf\xc3\xa9\nv 1 0\n", "model"),
        (b"c\nx1 2 0\n", "certificate"),
        (b"c x1 0\n", "text proof"),
        (b"1 2 0\nx1 0\n", "text proof"),
    ],
)
def test_kinds_are_recognised(data: bytes, expected: str) -> None:
    text = kind_of(data, Clock())
    kind = "binary proof" if is_binary(data) else "text proof" if text == "proof" else text
    assert kind == expected


def test_one_lemma_is_a_proof() -> None:
    for proof in (b"2 0\n", b"2 0", b"c a comment\n 2\n0\n"):
        verdict = check(SQUARE, proof).verdict
        assert (verdict.outcome, verdict.kind) == ("verified", "proof")
    reason = check(OR, b"-1 -2 0\n").verdict.reason
    assert reason == (
        "the proof ends without a conflict; "
        "nor is it a model: the model does not satisfy clause 1 (<cnf>:2): 1 2 0"
    )


def test_one_list_that_is_not_closed() -> None:
    assert check(OR, b"1 -2").verdict.kind == "model"
    assert check(OR, b"-1 -2").verdict.reason == "the model does not satisfy clause 1 (<cnf>:2): 1 2 0"
    assert check(b"p cnf 1 2\n1 0\n-1 0\n", b"1").verdict.kind == "proof"  # it needs no lemma
    with pytest.raises(InputError, match="cut short"):
        check(SQUARE, b"d 1 2")


@settings(deadline=None)
@given(st.lists(clause, max_size=14), clause, st.booleans(), st.booleans(), spaces)
def test_one_list_is_verified_as_what_it_is(
    clauses: Clauses, literals: list[int], closed: bool, relaxed: bool, space: bytes
) -> None:
    cnf = dimacs(4, clauses).encode()
    words = [str(number).encode() for number in [*literals, *([0] if closed else [])]]
    text = space.join(words) + space * relaxed
    outcomes: dict[str, bool] = {}
    kind: Literal["model", "proof"]
    for kind in ("model", "proof"):
        try:
            outcomes[kind] = check(cnf, text, kind=kind).verdict.verified
        except InputError:  # no closing 0
            outcomes[kind] = False
    assert not (outcomes["model"] and outcomes["proof"])
    verified = {kind for kind, good in outcomes.items() if good and (literals or kind == "proof")}
    try:
        verdict = check(cnf, text).verdict
    except InputError:
        assert not verified
        return
    assert {verdict.kind for _ in [0] if verdict.verified} == verified


@settings(deadline=None)
@given(st.lists(clause, max_size=14), st.lists(st.tuples(st.booleans(), clause), min_size=1, max_size=6))
def test_proofs_are_taken_for_proofs(clauses: Clauses, steps: list[tuple[bool, list[int]]]) -> None:
    """Whatever bytes a proof begins with, what is verified as a proof is so where nobody calls it one."""
    cnf = dimacs(4, clauses).encode()
    for data, binary in ((to_text(steps).encode(), False), (to_binary(steps), True)):
        expected = check_proof(cnf, data, binary=binary)
        found = check(cnf, data).verdict
        assert found.verified == expected.verified or found.kind == "model"
        if expected.verified:
            assert found.kind == "proof"


@settings(deadline=None)
@given(st.lists(st.integers(1, 70).flatmap(lambda v: st.sampled_from((v, -v))), min_size=1, max_size=6))
def test_binary_proofs_that_look_like_text(literals: list[int]) -> None:
    """Their first bytes may all be digits, spaces and the letter d."""
    for deletion in (False, True):
        data = to_binary([(deletion, literals), (False, [2]), (False, [])])
        assert is_binary(data)
        assert check(SQUARE, data).verdict.verified


def test_lrat_is_called_by_its_name() -> None:
    for proof in (b"5 2 0 1 2 0\n6 0 5 3 4 0\n", b"c x\n5 2 0 1 2 0\n5 d 1 2 0\n6 0 5 3 4 0\n"):
        for kind in (None, "proof"):
            with pytest.raises(InputError, match=r"this reads as LRAT"):
                check(SQUARE, proof, kind=kind)
    # Numbers of clauses that are there already: not LRAT of this formula, but lemmas, two a line.
    assert check_proof(OR, b"1 2 0 1 2 0\n").reason == "the proof ends without a conflict"
    assert check_proof(SQUARE, b"5 2 0 2 0\n0\n").verified


def test_zero_bytes_after_a_text_are_no_binary_proof() -> None:
    """A disk that has filled up, or a machine that has crashed, leaves such files."""
    verdict = check(SQUARE, b"2 0\n0\n\0\0\0\0").verdict
    assert verdict.verified
    assert check_model(OR, b"v 1 0\n").verified
