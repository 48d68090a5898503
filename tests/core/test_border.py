"""The border to C: every wrong call is an exception, and what reaches C is what was declared."""

import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.processes import ROOT
from turbosat.core import gradient
from turbosat.core.declare import Size, header
from turbosat.core.gradient import AHEAD, COUNTERS, FALSE, Counts, Lane, Problem, count


def problem(clauses: int = 4, variables: int = 5, size: int = 3) -> Problem:
    entries = clauses * size
    literals = np.arange(entries, dtype=np.int32) % max(1, 2 * variables)
    return Problem(
        offsets=np.arange(0, entries + 1, size, dtype=np.int64),
        literals=literals,
        starts=np.zeros(2 * variables + 1, np.int64),
        occurrences=np.zeros(entries, np.int32),
    )


def lane_arrays(clauses: int = 4, variables: int = 5) -> dict[str, Any]:
    return {
        "values": np.zeros(variables, np.uint8),
        "false": np.zeros(clauses + AHEAD, np.int32),
        "best": np.zeros(variables, np.uint8),
        "trail": np.zeros(8, np.int32),
        "counters": np.zeros(COUNTERS, np.int64),
        "random": np.ones(1, np.uint64),
    }


def counts(clauses: int = 4, variables: int = 5) -> Counts:
    return Counts(
        words=np.zeros(clauses, np.int64),
        breaks=np.zeros(variables + 1, np.int32),
        changed=np.zeros(8, np.int32),
    )


def test_a_right_call_works() -> None:
    lane = Lane(**lane_arrays())
    count(problem(), lane, counts(), 0, 4)
    expected = sum(all(code & 1 == 0 for code in range(3 * i, 3 * i + 3)) for i in range(4))
    assert lane.counters[FALSE] == expected


@pytest.mark.parametrize("name", list(Lane.declared()[0]))
@pytest.mark.parametrize("wrong", ["dtype", "order", "length", "dimensions", "locked", "list", "endian"])
def test_wrong_arrays_are_refused(name: str, wrong: str) -> None:
    arrays = lane_arrays()
    array = arrays[name]
    other: Any = array
    match wrong:
        case "dtype":
            other = array.astype(np.float32)
        case "order":
            other = np.zeros(2 * array.size + 2, array.dtype)[::2][: array.size]
            if array.size < 2:
                pytest.skip("one element is contiguous in any order")
        case "length":
            other = np.zeros(array.size + 1, array.dtype)
            if name == "trail":
                pytest.skip("it may have any length")
            if name == "false":
                other = np.zeros(AHEAD - 1, array.dtype)  # of one more, more clauses follow
        case "dimensions":
            other = array[None, :]
        case "locked":
            other = array.copy()
            other.setflags(write=False)
        case "list":
            other = array.tolist()
        case "endian":
            other = array.astype(array.dtype.newbyteorder())
            if array.dtype.itemsize == 1:
                pytest.skip("a byte has no order")
    # Of two lengths that do not agree, the second is what is complained of.
    with pytest.raises((TypeError, ValueError), match="Lane." if wrong == "length" else f"Lane.{name}"):
        Lane(**{**arrays, name: other})


def test_a_record_wants_all_its_arrays_and_no_other() -> None:
    arrays = lane_arrays()
    arrays.pop("best")
    with pytest.raises(TypeError, match="best"):
        Lane(**arrays)
    with pytest.raises(TypeError, match="worst"):
        Lane(**lane_arrays(), worst=np.zeros(1))


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
def test_records_of_different_sizes_do_not_go_together(a: int, b: int, c: int, d: int) -> None:
    lane = Lane(**lane_arrays(a, b))
    other = problem(c, d)
    if (a, b) == (c, d):
        if d or not c:
            count(other, lane, counts(a, b), 0, c)
    else:
        with pytest.raises(ValueError, match=r"count: (lane|counts) has"):
            count(other, lane, counts(a, b), 0, c)


@pytest.mark.parametrize("arguments", [(), (1,), (None,) * 5, ("x",) * 5, (1, 2, 3, 4, 5), (1,) * 6])
def test_wrong_arguments_are_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="count"):
        count(*arguments)


def test_records_are_not_exchanged() -> None:
    lane = Lane(**lane_arrays())
    with pytest.raises(TypeError, match="problem must be a Problem"):
        count(lane, lane, counts(), 0, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("clauses", Size(1, "clauses", 0)),
        ("clauses + 1", Size(1, "clauses", 1)),
        ("2 * variables", Size(2, "variables", 0)),
        ("2 * variables + 1", Size(2, "variables", 1)),
        (7, Size(0, "", 7)),
    ],
)
def test_sizes(text: str | int, size: Size) -> None:
    assert Size.parsed(text) == size


@pytest.mark.parametrize("text", ["", "2", "a - 1", "a * b * c", "A", "2 variables"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        Size.parsed(text)


def test_the_header_says_what_is_declared() -> None:
    text = header(gradient)
    assert "enum { FALSE = 0 };" in text
    assert "struct problem {\n    const int64_t *offsets;\n    const int32_t *literals;" in text
    assert "    int64_t clauses;\n    int64_t entries;\n    int64_t variables;\n};" in text
    assert (
        "CORE_EXPORT void count(const struct problem *problem, const struct lane *lane, "
        "const struct counts *counts, int64_t first, int64_t last);"
    ) in text


def test_the_interpreter_goes_on_while_a_kernel_runs() -> None:
    # A large formula is counted; another thread must get a turn in the midst of it, not only between calls.
    clauses, variables = 1_000_000, 1000
    arrays = Lane(**lane_arrays(clauses, variables)), counts(clauses, variables)
    large = problem(clauses, variables)
    turns: list[float] = []
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            turns.append(time.perf_counter())
            time.sleep(0.0005)

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        end = time.monotonic() + 60
        while True:
            begun = time.perf_counter()
            count(large, *arrays, 0, clauses)
            taken = time.perf_counter() - begun
            if any(begun + 0.2 * taken < turn < begun + 0.8 * taken for turn in turns):
                break
            assert time.monotonic() < end, "no turn within a call"
            turns.clear()
    finally:
        stop.set()
        thread.join()


def test_the_first_call_may_come_from_many_threads() -> None:
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
from tests.core.test_border import counts, lane_arrays, problem
from turbosat.core import border, gradient
from turbosat.core.border import Call
failed = []
def call(kernel, barrier):
    arrays = problem(), gradient.Lane(**lane_arrays()), counts()
    barrier.wait()
    try:
        kernel(*arrays, 0, 4)
    except Exception as error:
        failed.append(error)
for _ in range(100):
    kernel = Call(gradient.count._stub)
    gradient.Problem._arrays, gradient.Problem._sizes = {}, ()
    border._FRAMES.clear()
    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=call, args=(kernel, barrier)) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(failed[:3])
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("[]\n", "")
