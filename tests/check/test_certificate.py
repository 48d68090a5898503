"""Certificates of xors: whatever is wrong with one is found."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Solver

from tests.check import reference
from tests.check.command import run
from tests.proof.contradictions import Rows, contradictions, formulas_of, patterns
from turbosat.check import InputError, Verdict, check, check_certificate
from turbosat.formula.files import dumps
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.proof.parity import certificate

# A graph of four vertices, all of them joined: at each vertex an xor of its edges. No literal propagates far.
GRAPH: Rows = [[1, 2, 3], [1, 4, 5], [2, 4, 6], [3, 5, -6]]
GOOD = "c comment\n\nx 1 2 3 0\n  x-1 4 -5 0\r\nc\nx2 6 4 0\n\tx3 5 -6 0"


def text(rows: Rows) -> bytes:
    return "".join(f"x {' '.join(map(str, [*row, 0]))}\n" for row in rows).encode()


def from_patterns(rows: Rows) -> bytes:
    return dumps(Formula.from_clauses([clause for row in rows for clause in patterns(row)]))


def judge(cnf: bytes, certificate: str | bytes) -> Verdict:
    return check_certificate(cnf, certificate.encode() if isinstance(certificate, str) else certificate)


@settings(deadline=None)
@given(st.data())
def test_contradictions_are_verified(data: st.DataObject) -> None:
    rows = data.draw(contradictions(longest=9, variables=12))
    cnf = dumps(data.draw(formulas_of(rows)))
    shuffled = [data.draw(st.permutations(row)) for row in data.draw(st.permutations(rows))]
    verdict = judge(cnf, text(shuffled))
    assert verdict.verified, verdict.reason
    assert verdict.kind == "certificate"


@settings(deadline=None)
@given(st.data())
def test_what_is_verified_is_right(data: st.DataObject) -> None:
    """Any lines, any clauses: verified only where each line is implied and the sum is 0 = 1."""
    rows = data.draw(contradictions(longest=3, most=5, variables=5))
    clauses = [clause for row in rows for clause in patterns(row)]
    clauses = data.draw(st.lists(st.sampled_from(clauses), unique_by=tuple))
    verdict = judge(dumps(Formula.from_clauses(clauses, 5)), text(rows))
    if verdict.verified:
        with Solver("cadical153", bootstrap_with=clauses) as solver:
            assert not solver.solve()
    implied = all(reference.is_rup(clauses, clause) for row in rows for clause in patterns(row))
    assert verdict.verified == implied


TAMPERED = {
    "a line removed": "x1 2 3 0\nx1 4 5 0\nx2 4 6 0\n",
    "a literal removed": "x1 2 3 0\nx1 4 5 0\nx2 4 6 0\nx3 5 0\n",
    "a literal added": "x1 2 3 0\nx1 4 5 0\nx2 4 6 0\nx3 5 -6 7 0\n",
    "a literal changed": "x1 2 3 0\nx1 4 5 0\nx2 4 6 0\nx3 5 -4 0\n",
    "a variable changed in two lines": "x1 2 3 0\nx1 4 5 0\nx2 4 7 0\nx3 5 -7 0\n",
    "a variable left out of two lines": "x1 2 3 0\nx1 4 5 0\nx2 4 0\nx3 -5 0\n",
    "a sign changed": "x1 2 3 0\nx1 4 5 0\nx2 4 6 0\nx3 5 6 0\n",
    "two signs changed": "x1 2 3 0\nx1 4 5 0\nx2 4 -6 0\nx3 5 6 0\n",
    "a line doubled": "x1 2 3 0\nx1 4 5 0\nx2 4 6 0\nx3 5 -6 0\nx3 5 -6 0\n",
    "all lines doubled": "x1 2 3 0\nx1 4 5 0\nx2 4 6 0\nx3 5 -6 0\n" * 2,
    "lines that are not implied": "x1 0\nx-1 0\n",
    "lines of strange variables": "x4000000 0\nx-4000000 0\n",
    "a false line": "x0\n",
    "a line of variables that cancel": "x1 -1 0\n",
    "no line": "c nothing\n",
}


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("certificate", TAMPERED.values(), ids=TAMPERED.keys())
def test_tampered_certificates_are_refused(certificate: str, lines: bool) -> None:
    cnf = dumps(Formula.from_clauses([[7, 8]], xors=GRAPH)) if lines else from_patterns([*GRAPH, [7, 8]])
    assert judge(cnf, GOOD).verified
    verdict = judge(cnf, certificate)
    assert verdict.outcome == "not verified"
    assert "\n" not in verdict.reason


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("x1 2 3 0\nx1 4 5 0\n", "the sum of the xors is not 0 = 1: it holds the variable 2"),
        ("x1 2 3 0\nx1 2 3 0\n", "the sum of the xors is 0 = 0"),
        (
            "c\nx1 2 3 0\nx1 2 0\nx3 0\n",
            "line 3: x1 2 0: the clause -1 -2 0 does not follow by unit propagation",
        ),
        (
            f"x{' '.join(map(str, range(1, 18)))} 0\n"
            + "".join(f"x{n} 0\n" for n in range(1, 17))
            + "x-17 0\n",
            "line 1: x1 2 3 4 5 6 7 8 9 10 11 12 ... (17 literals): "
            "no x line of the formula, and longer than 16 literals",
        ),
    ],
)
def test_reasons(certificate: str, reason: str) -> None:
    assert judge(from_patterns(GRAPH), certificate).reason == reason


def test_wide_lines() -> None:
    names = list(range(1, 13))
    rows = [names, [*names[:11], -12]]
    for cnf in (from_patterns(rows), dumps(Formula.from_clauses([], xors=rows))):
        assert judge(cnf, text(rows)).verified
    half = Formula.from_clauses(patterns(rows[0]) + patterns(rows[1])[1:])
    assert not judge(dumps(half), text(rows)).verified


def test_many_clauses_are_checked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turbosat.check.certificate.BATCH", 5)
    assert judge(from_patterns(GRAPH), GOOD).verified
    for missing in range(4):
        assert not judge(from_patterns(GRAPH[:missing] + GRAPH[missing + 1 :]), GOOD).verified


def test_a_formula_that_propagation_refutes() -> None:
    assert judge(b"p cnf 2 3\n1 0\n-1 2 0\n-2 0\n", "x0\n").verified
    assert judge(b"p cnf 0 1\n0\n", "x0\n").verified
    assert not judge(b"p cnf 2 2\n1 0\n-1 2 0\n", "x0\n").verified


def test_time_runs_out() -> None:
    assert check_certificate(from_patterns(GRAPH), GOOD.encode(), seconds=1e-9).outcome == "timeout"


@pytest.mark.parametrize(
    ("certificate", "message"),
    [
        ("x1 2 0\n1 2 0\n", "<certificate>:2: expected an x line, found '1'"),
        ("x1 two 0\n", "<certificate>:1: expected a literal or 0, found 'two'"),
        ("x1 -0\n", "<certificate>:1: expected a literal or 0, found '-0'"),
        ("x1 +2 0\n", "<certificate>:1: expected a literal or 0, found '+2'"),
        ("x1 \xff 0\n", "<certificate>:1: expected a literal or 0, found '\\\\xc3\\\\xbf'"),
        ("c\n\nx1 2\nx1 2 0", "<certificate>:3: the x line has no closing 0"),
        ("x", "<certificate>:1: the x line has no closing 0"),
        ("x1 2 0 3 0\n", "<certificate>:1: literals after the closing 0"),
        ("x1 2 0 0\n", "<certificate>:1: literals after the closing 0"),
        ("x1073741824 0\n", "<certificate>:1: the literal '1073741824' is too large"),
        (f"x{'9' * 5000} 0\n", f"<certificate>:1: the literal '{'9' * 21}...' is too large"),
        ("s UNSATISFIABLE\n", "<certificate>:1: expected an x line, found 's'"),
    ],
)
def test_malformed_certificates(certificate: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        judge(from_patterns(GRAPH), certificate)
    assert str(caught.value) == message


@given(st.binary())
def test_any_bytes_give_a_verdict_or_one_line(data: bytes) -> None:
    message = ""
    try:
        check_certificate(b"p cnf 3 1\n1 2 0\n", b"x" + data)
    except InputError as error:
        message = str(error)
    assert "\n" not in message


def test_kinds_are_told_apart() -> None:
    assert check(from_patterns(GRAPH), GOOD.encode()).verdict.kind == "certificate"
    assert check(from_patterns(GRAPH), b"c x\n0\n").verdict.kind != "certificate"


@settings(deadline=None)
@given(contradictions(longest=9, variables=12))
def test_the_writer_writes_what_it_is_given(tmp_path_factory: pytest.TempPathFactory, rows: Rows) -> None:
    path = tmp_path_factory.mktemp("certificate") / "xors"
    path.write_bytes(certificate(Xors.from_rows(rows)))
    lines = [line for line in path.read_text().splitlines() if not line.startswith("c")]
    assert [[int(word) for word in line[1:].split()] for line in lines] == [[*row, 0] for row in rows]
    assert check_certificate(from_patterns(rows), path).verified


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cnf").write_bytes(from_patterns(GRAPH))
    (tmp_path / "good").write_text(GOOD)
    (tmp_path / "wrong").write_text("x1 2 3 0\n")
    (tmp_path / "bad").write_text("x1 2\n")
    return tmp_path


def test_the_command(folder: Path) -> None:
    code, out, err = run("cnf", "good", folder=folder)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "c certificate: the sum of 4 implied xors is 0 = 1: 0 from x lines, 4 from clauses"
    assert lines[-1] == "s VERIFIED"
    assert run("-q", "--certificate", "cnf", "wrong", folder=folder) == (1, "s NOT VERIFIED\n", "")
    assert run("cnf", "bad", folder=folder) == (2, "", "bad:1: the x line has no closing 0\n")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--binary", "a certificate is text: --certificate and --binary exclude each other"),
        ("--core=x", "a certificate has no core: --certificate and --core exclude each other"),
        ("--proof", "argument -p/--proof: not allowed with argument -c/--certificate"),
    ],
)
def test_options_that_exclude_each_other(folder: Path, option: str, message: str) -> None:
    done = run("cnf", "good", "-c", option, folder=folder)
    assert done == (2, "", f"turbosat-check: {message} (see --help)\n")
