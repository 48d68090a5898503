"""What solve() and Deadline are given: streams are read, all kinds of numbers taken, anything else named."""

import array
import enum
import io
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pysat.formula import CNFPlus, WCNFPlus

from tests.processes import ROOT
from turbosat import Deadline, InputError, Status, UsageError, solve

pytestmark = pytest.mark.usefixtures("no_children_left")

UNSATISFIABLE = "p cnf 1 2\n1 0\n-1 0\n"


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Reader:
    """A stream of which only `read` is known."""

    def __init__(self, *pieces: Any) -> None:
        self._pieces = [*pieces]

    def read(self, size: int) -> Any:
        return self._pieces.pop(0) if self._pieces else b""


def opened(mode: str) -> Callable[[Path], Any]:
    return lambda path: path.open(mode)


@pytest.mark.parametrize(
    "source",
    [
        opened("r"),
        opened("rb"),
        lambda path: path.open("rb", buffering=0),
        lambda _: io.StringIO("c é\n" + UNSATISFIABLE),
        lambda _: io.BytesIO(UNSATISFIABLE.encode()),
        lambda _: Reader(*UNSATISFIABLE),
        lambda _: Reader(*(bytearray([each]) for each in UNSATISFIABLE.encode())),
        os.fspath,
        lambda path: path,
    ],
    ids=["text", "binary", "raw", "StringIO", "BytesIO", "read", "bytearray", "str", "Path"],
)
def test_files_and_streams_are_read_as_dimacs(source: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "f.cnf"
    path.write_text(UNSATISFIABLE)
    opened = source(path)
    assert solve(opened).status is Status.UNSATISFIABLE
    if hasattr(opened, "close"):
        opened.close()


def test_a_stream_under_assumptions_and_with_a_proof(tmp_path: Path) -> None:
    text = "p cnf 2 2\n1 2 0\n-1 2 0\n"
    result = solve(io.StringIO(text), assumptions=np.array([-2]))
    assert result.core is not None
    assert result.core.tolist() == [-2]
    pigeons = (ROOT / "examples" / "pigeons-8.cnf").read_bytes()
    proof = tmp_path / "proof"
    assert solve(io.BytesIO(pigeons), proof=proof).status is Status.UNSATISFIABLE  # type: ignore[arg-type]
    assert proof.stat().st_size > 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Reader(None), "expected bytes or text from <stream>, found None"),
        (Reader([1, 2]), r"expected bytes or text from <stream>, found \[1, 2\]"),
        ([b"1 0", b"-1 0"], "expected clause 1 as an iterable of integers, found b'1 0'"),
        (["1 0", "-1 0"], "expected clause 1 as an iterable of integers, found '1 0'"),
        ([[1], b"-1"], "expected clause 2 as an iterable of integers, found b'-1'"),
        (b"p cnf 1 1", "expected clauses as an iterable of iterables of integers, found b'p cnf 1 1'"),
        ([[1, 2], [True, 2]], "expected integers in clause 2, found True"),
        ([[1], [2, None]], "expected integers in clause 2, found None"),
        ([[1], [[2]]], r"expected integers in clause 2, found \[2\]"),
        (np.array([[1.0]]), r"expected integers in clause 1, found .*1.0"),
        (np.array([1, 2, 0]), "expected clause 1 as an iterable of integers, found"),
        ([[1, 0]], "expected nonzero literals in clause 1, found 0"),
        ({1: [1]}, "found {1: "),
        (None, "found None"),
        (5, "found 5"),
        ([Unprintable()], "found a value of type Unprintable"),
        (b"\n" * 200, r"expected clauses as .*\.\.\."),
        ("a\0b", r"the path of the formula must not hold a NUL"),
    ],
)
def test_what_is_no_formula(source: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        solve(source)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_streams_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "f.cnf"
    path.write_bytes(b"p cnf 1 1\n\xff 0\n")
    closed = io.BytesIO(b"p cnf 1 1\n1 0\n")
    closed.close()
    with path.open() as text, path.open("ab") as writer:
        for source in (text, writer, closed, io.StringIO("p cnf 1 1\n\ud800 0\n")):
            with pytest.raises(InputError):
                solve(source)


def test_constraints_of_pysat_are_not_dropped() -> None:
    plus = CNFPlus()
    plus.append([1, 2, 3])
    plus.append([[1, 2, 3], 1], is_atmost=True)
    with pytest.raises(UsageError, match="found a CNFPlus with native cardinality constraints"):
        solve(plus)
    weighted = WCNFPlus()
    weighted.append([1], weight=2)
    with pytest.raises(UsageError, match="found a WCNFPlus with hard and soft clauses"):
        solve(weighted)


@pytest.mark.parametrize(
    ("assumptions", "message"),
    [
        ([1.9], r"expected integers in assumption 1, found 1.9 \(float\)"),
        ([1, "1"], r"expected integers in assumption 2, found '1' \(str\)"),
        ([True], r"expected integers in assumption 1, found True \(bool\)"),
        (np.array([1.0]), "expected integers in assumption 1"),
        (np.array([[1]]), "expected integers in assumption 1"),
        (np.array([True]), "expected integers in assumption 1"),
        ("12", "expected assumptions as an iterable of integers, found '12'"),
        (b"12", "expected assumptions as an iterable of integers, found b'12'"),
        ({1: True}, "expected assumptions as an iterable of integers, found {1: True}"),
        (5, "expected assumptions as an iterable of integers, found 5"),
        ([2**40], "expected variables up to 536870911 in assumption 1, found 1099511627776"),
        ([10**5000], "in assumption 1, found a value of type int"),
        ([0], "expected nonzero literals in assumption 1, found 0"),
        ([1, -3], "assumptions must be literals of the formula's 2 variables, not -3"),
    ],
)
def test_what_is_no_assumption(assumptions: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        solve([[1, 2]], assumptions=assumptions)


@pytest.mark.parametrize(
    "assumptions",
    [[-1], (-1,), {-1}, np.array([-1]), np.array([-1], np.int8), [np.int64(-1)], array.array("i", [-1])],
)
def test_assumptions_of_all_kinds(assumptions: Any) -> None:
    result = solve([[1, 2]], assumptions=assumptions)
    assert result.model is not None
    assert result.model.tolist() == [-1, 2]


class Where(enum.StrEnum):
    HERE = "cpu"


@pytest.mark.parametrize(
    "options",
    [
        {"time_limit": np.float64(50)},
        {"time_limit": np.float32(50)},
        {"time_limit": np.int64(50)},
        {"time_limit": np.longdouble(50)},
        {"time_limit": 10**400},
        {"time_limit": math.inf},
        {"time_limit": 1e300},
        {"memory_limit": 10**400},
        {"workers": np.int64(1)},
        {"workers": np.uint8(1)},
        {"seed": np.int32(3)},
        {"pool": np.False_},
        {"engine": np.str_("cdcl")},
        {"device": Where.HERE},
        {"pool_after": math.inf},
    ],
)
def test_scalars_of_all_kinds(options: Any) -> None:
    assert solve([[1]], **options).status is Status.SATISFIABLE


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_limit": np.float64("nan")}, "time_limit must be at least 0"),
        ({"time_limit": -(10**400)}, "time_limit must be at least 0"),
        ({"time_limit": True}, "time_limit must be float, not True"),
        ({"time_limit": np.True_}, "time_limit must be float, not np.True_"),
        ({"time_limit": np.timedelta64(5)}, "time_limit must be float"),
        ({"time_limit": np.array([5.0])}, "time_limit must be float"),
        ({"time_limit": 5j}, "time_limit must be float"),
        ({"workers": 10**5000}, "workers must be from 1 to 4096, not a value of type int"),
        ({"workers": 1.0}, "workers must be int, not 1.0"),
        ({"workers": np.float64(1)}, "workers must be int"),
        ({"pool": 1}, "pool must be bool, not 1"),
        ({"pool": "no"}, "pool must be bool, not 'no'"),
        ({"engine": np.array(["cdcl", "auto"])}, "engine must be one of"),
        ({"engine": ["cdcl"]}, "engine must be one of"),
        ({"engine": None}, "engine must be one of"),
        ({"mix": b"kissat"}, "mix must be str"),
        ({"proof": 3}, "proof must be str, not 3"),
        ({"proof": "a\0b"}, r"proof must not hold a NUL, as 'a\\x00b' does"),
        ({"certificate": "a\0b"}, "certificate must not hold a NUL"),
        ({"on_event": 5}, "on_event must be callable, not 5"),
        ({"on_event": None}, "on_event must be callable, not None"),
        ({"deadline": 5}, "deadline must be a Deadline, not 5"),
        ({"a\nb": 1}, r"unknown option 'a\\nb'"),
    ],
)
def test_what_is_no_option(options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        solve([[1]], **options)


def test_a_closed_deadline() -> None:
    with Deadline(5) as deadline:
        assert solve([[1]], deadline=deadline).status is Status.SATISFIABLE
    with pytest.raises(UsageError, match="deadline must be open"):
        solve([[1]], deadline=deadline)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("5",), "seconds must be float, not '5'"),
        ((math.nan,), "seconds must be at least 0, not nan"),
        ((-1,), "seconds must be at least 0, not -1"),
        ((None, 1.5), "memory must be int, not 1.5"),
        ((None, 0), "memory must be at least 1, not 0"),
        ((None, None, "now"), "start must be float, not 'now'"),
        ((None, None, math.nan), "start must be a number, not nan"),
    ],
)
def test_what_is_no_deadline(arguments: Any, message: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(UsageError, match=message):
        Deadline(*arguments)
    assert len(os.listdir("/proc/self/fd")) == before


def test_numbers_of_a_deadline() -> None:
    with Deadline(np.float64(5), np.int64(10**9)) as deadline:  # type: ignore[arg-type]
        assert (deadline.seconds, deadline.memory) == (5.0, 10**9)
        with pytest.raises(UsageError, match="reason must be a Reason, not 'time'"):
            deadline.cancel("time")  # type: ignore[arg-type]
        assert deadline.expired() is None
    for endless in (math.inf, 10**400, None):
        with Deadline(endless) as deadline:
            assert deadline.remaining() is None


@pytest.mark.parametrize(
    ("setting", "outcome"),
    [
        ("sys.stdin = io.StringIO('p cnf 1 2\\n1 0\\n-1 0\\n')", "UNSATISFIABLE"),
        ("sys.stdin = io.BytesIO(b'p cnf 1 2\\n1 0\\n-1 0\\n')", "UNSATISFIABLE"),
        ("sys.stdin = None", "InputError: <stdin>: expected a DIMACS file, found no standard input"),
        (
            "sys.stdin.close()",
            "InputError: <stdin>: expected a DIMACS file, found read of closed file",
        ),
    ],
)
def test_standard_input_that_is_another(setting: str, outcome: str) -> None:
    code = f"""
import io, sys, turbosat
{setting}
try:
    print(turbosat.solve('-').status)
except turbosat.TurbosatError as error:
    print(f'{{type(error).__name__}}: {{error}}')
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == f"{outcome}\n"
