"""DRAT proofs: what is accepted, what is not, and what is said about it."""

import contextlib
import random
from pathlib import Path

import pytest

from tests.check.reference import Step, accepts, parse_text, to_binary, to_text
from tests.check.solver import proof_of
from tests.families import Clauses, dimacs, pigeonhole, random_ksat
from turbosat.check import CheckError, InputError, check, check_proof

SQUARE = [[1, 2], [-1, 2], [1, -2], [-1, -2]]
SQUARE_CNF = dimacs(2, SQUARE).encode()


def extended_pigeonhole(holes: int) -> list[Step]:
    """Return Cook's proof: pigeons and holes are one less in each round, by new variables q_ij.

    q_ij = p_ij or (p_in and p_mj), where n is the last hole and m the last pigeon.
    """
    names = {(i, j): i * holes + j + 1 for i in range(holes + 1) for j in range(holes)}
    fresh = len(names)
    lemmas: Clauses = []
    for n in range(holes - 1, 0, -1):
        m = n + 1
        q = {}
        for i in range(m):
            for j in range(n):
                fresh += 1
                y, p, in_last, last_in = fresh, names[i, j], names[i, n], names[m, j]
                lemmas += [[y, -p], [y, -in_last, -last_in], [-y, p, in_last], [-y, p, last_in]]
                q[i, j] = y
        lemmas += [[q[i, j] for j in range(n)] for i in range(m)]
        for j in range(n):
            for i in range(m):
                for k in range(i):
                    lemmas += [[-q[i, j], -q[k, j], names[i, j]], [-q[i, j], -q[k, j]]]
        names = q
    return [(False, lemma) for lemma in lemmas] + [(False, [])]


@pytest.mark.parametrize("holes", [2, 3, 7])
def test_extended_resolution(holes: int) -> None:
    variables, clauses = pigeonhole(holes + 1, holes)
    proof = extended_pigeonhole(holes)
    cnf = dimacs(variables, clauses).encode()
    for data in (to_text(proof).encode(), to_binary(proof)):
        verdict = check_proof(cnf, data)
        assert verdict.verified
        assert verdict.rat_steps > 0 or holes == 2  # two holes need no definition
    if holes < 4:
        assert accepts(clauses, proof)
    # A definition that comes after a use of its variable is none.
    y = variables + 1
    wrong = [(False, [y, 1]), (False, [-y, 2]), (False, [-y, -1]), (False, [-y, -2]), *proof]
    assert not check_proof(cnf, to_text([*wrong[:4], (False, [])]).encode()).verified


def test_bounded_variable_addition(tmp_path: Path) -> None:
    variables, clauses = pigeonhole(8, 7)
    proof = proof_of(tmp_path, variables, clauses, "--no-binary")
    largest = max(abs(x) for _, c in parse_text(proof.decode()) for x in c)
    verdict = check_proof(dimacs(variables, clauses).encode(), proof)
    assert largest > variables
    assert verdict.verified
    assert verdict.rat_steps > 0
    assert 0 < verdict.core_lemmas < verdict.lemmas


def test_cores_are_proofs(tmp_path: Path) -> None:
    variables, clauses = random_ksat(110, 520, 3, 3)
    cnf = dimacs(variables, clauses).encode()
    verdict, core = check(cnf, proof_of(tmp_path, variables, clauses), core=True)
    assert verdict.verified
    assert core is not None
    again = check_proof(cnf, core)
    assert again.verified
    assert again.lemmas == verdict.core_lemmas + 1 or again.lemmas == verdict.core_lemmas


def test_deletions() -> None:
    # A clause that is needed and was deleted is missed.
    verdict = check_proof(SQUARE_CNF, b"d 1 2 0\n2 0\n0\n")
    assert not verdict.verified
    assert verdict.reason.startswith("step 2 (line 2): the lemma 2 0 does not follow")
    # Clauses that are not there, and units, are not deleted, and that is said.
    verdict = check_proof(SQUARE_CNF, b"d 1 0\n2 0\nd 2 0\nd 2 3 0\n0\n")
    assert verdict.verified
    verdict = check_proof(
        b"p cnf 3 5\n3 0\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n", b"d 1 0\nd 3 0\n2 0\nd 2 3 0\n0\n"
    )
    assert verdict.verified
    assert (verdict.missing, verdict.kept_units) == (2, 1)
    assert verdict.notes == (
        "ignored 2 deletions of clauses that are not there, the first at step 1 (line 1)",
        "ignored 1 deletions of unit clauses",
    )


def test_reasons() -> None:
    cnf = dimacs(3, [[1, 2, 3]]).encode()
    assert check_proof(cnf, b"").reason == "the proof ends without a conflict"
    reason = check_proof(cnf, b"1 0\n0\n").reason
    assert reason == "step 2 (line 2): the empty clause, but unit propagation meets no conflict"
    reason = check_proof(cnf, b"a\x02\x00a\x00").reason
    assert reason == "step 2 (byte 3): the empty clause, but unit propagation meets no conflict"
    assert check_proof(b"p cnf 1 2\n1 0\n-1 0\n", b"").reason == (
        "unit propagation refutes the formula, without the proof"
    )
    assert check_proof(b"p cnf 0 1\n0\n", b"").verified
    assert not check_proof(b"p cnf 0 0\n", b"0\n").verified


def test_a_wrong_lemma_is_named() -> None:
    cnf = dimacs(3, [[1, 2], [-1, 2], [-2, 3], [-2, -3, 1]]).encode()
    verdict = check_proof(cnf, b"c says too much\n-1 0\n0\n")
    assert not verdict.verified
    assert verdict.reason == (
        "step 1 (line 2): the lemma -1 0 does not follow, nor does its resolvent on -1 with 1 -2 -3 0"
    ) or verdict.reason.startswith("step 1 (line 2): the lemma -1 0 does not follow")


def test_cut_short_before_and_after_the_conflict() -> None:
    for data, place in ((b"2 0\n1", "2"), (b"a\x04\x00a\x02", "byte 3")):
        verdict = check_proof(SQUARE_CNF, data)
        assert verdict.verified
        assert verdict.notes == (
            f"the conflict comes before what is no proof: <proof>:{place}: "
            "the last step, begun here, is cut short",
        )
    with pytest.raises(InputError, match=r"^<proof>:2: the last step, begun here, is cut short$"):
        check_proof(SQUARE_CNF, b"1 2 0\n2")


def test_names_far_apart_take_no_memory() -> None:
    far = 2**30 - 1
    cnf = f"p cnf {far} 4\n1 {far} 0\n-1 {far} 0\n1 -{far} 0\n-1 -{far} 0\n".encode()
    verdict, core = check(cnf, f"{far} 0\n0\n".encode(), core=True)
    assert verdict.verified
    assert core == f"{far} 0\n0\n".encode()


def test_flipped_bits_never_crash(tmp_path: Path) -> None:
    variables, clauses = pigeonhole(5, 4)
    cnf = dimacs(variables, clauses).encode()
    dice = random.Random(1)
    for options in ((), ("--no-binary",)):
        proof = proof_of(tmp_path, variables, clauses, *options)
        for _ in range(150):
            broken = bytearray(proof)
            for _ in range(dice.choice((1, 1, 3))):
                broken[dice.randrange(len(broken))] ^= 1 << dice.randrange(8)
            if dice.random() < 0.2:
                del broken[dice.randrange(len(broken)) :]
            with contextlib.suppress(CheckError):
                check(cnf, bytes(broken))


def test_time_limit(tmp_path: Path) -> None:
    variables, clauses = pigeonhole(10, 9)
    proof = proof_of(tmp_path, variables, clauses)
    verdict = check_proof(dimacs(variables, clauses).encode(), proof, seconds=0.01)
    assert verdict.outcome == "timeout"
    assert not verdict.verified
