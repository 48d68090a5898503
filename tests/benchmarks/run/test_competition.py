"""What solvers print, line by line: against a slow reading of the whole text, in pieces of any size."""

from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbosat.benchmarks.run import competition
from turbosat.benchmarks.run.competition import HEAD, TAIL, Log, Output, judge

LINES = st.sampled_from(
    [
        b"c comment",
        b"c",
        b"",
        b"s SATISFIABLE",
        b"s SATISFIABLE\r",
        b"s UNSATISFIABLE",
        b"s UNKNOWN",
        b"s OTHER",
        b"sSATISFIABLE",
        b"v 1 -2",
        b"v\t3 4",
        b"v",
        b"v 0",
        b"v 5 0",
        b"v 0 6",
        b"vain",
        b"stray 1 0",
        b"c answered by sat-1 (kissat, seed 7 --sat)",
        b"c " + b"long " * 2000,
        b"v " + b"1234 " * 3000 + b"0",
    ]
)


def read(pieces: list[bytes], room: int = 1 << 30) -> tuple[Output, bytes]:
    kept: list[bytes] = []
    output = Output(kept.append, room)
    for piece in pieces:
        output.feed(piece)
    output.finish()
    return output, b"".join(kept)


def slowly(text: bytes) -> tuple[list[str], list[bytes], bool, bool, int | None]:
    """Return the first two claims, the values, if they end, if something is wrong, the lane's seed."""
    claims, values, seed = [], [], None
    wrong = False
    for line in text.split(b"\n"):
        if line.startswith(b"s "):
            word = line[2:].strip().decode()
            if word in ("SATISFIABLE", "UNSATISFIABLE", "UNKNOWN"):
                claims.append({"SATISFIABLE": "sat", "UNSATISFIABLE": "unsat"}.get(word, "unknown"))
            else:
                wrong = True
        elif line.split()[:1] == [b"v"]:
            wrong = wrong or (b"0" in values and len(line.split()) > 1)
            values += line.split()[1:]
            wrong = wrong or b"0" in values[:-1]
        elif line.startswith(b"c answered by"):
            seed = 7
    return claims[:2], values, b"0" in values, wrong, seed


@given(st.lists(LINES), st.booleans(), st.lists(st.integers(0, 30_000)), st.sampled_from([0, 100, 1 << 25]))
def test_pieces_and_whole_read_the_same(
    lines: list[bytes], newline: bool, cuts: list[int], waits: int
) -> None:
    text = b"\n".join(lines) + (b"\n" if newline else b"")
    bounds = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[low:high] for low, high in pairwise(bounds)]
    with patch.object(competition, "PATIENCE", waits):
        output, kept = read(pieces)
    claims, values, closed, wrong, seed = slowly(text)
    assert output.claims == claims
    assert [word for line in kept.splitlines() for word in line[1:].split()] == values[: len(kept.split())]
    assert output.closed == closed
    assert bool(output.faults) == wrong
    assert output.lane_seed == seed
    if not wrong:
        assert sum(word != b"v" for word in kept.split()) == len(values)


@given(st.lists(st.binary(max_size=300), max_size=40), st.integers(1, 60), st.integers(1, 60))
def test_logs_keep_both_ends(pieces: list[bytes], head: int, tail: int) -> None:
    with patch.multiple(competition, HEAD=head, TAIL=tail):
        log = Log()
        for piece in pieces:
            log.feed(piece)
        kept = log.text()
    text = b"".join(pieces)
    if len(text) <= head + tail:
        assert kept == text
    else:
        note = b"\nc turbosat-bench: %d bytes cut here\n" % (len(text) - head - tail)
        assert kept == text[:head] + note + text[-tail:]


def test_logs_are_bounded() -> None:
    log = Log()
    for _ in range(100):
        log.feed(b"x" * (1 << 20))
    assert len(log.text()) < HEAD + TAIL + 100
    assert log.size == 100 << 20


def test_values_beyond_any_model_are_a_fault_and_not_kept() -> None:
    output, kept = read([b"s SATISFIABLE\n", *[b"v 1 2 3 4 5\n"] * 1000, b"v 0\n"], room=1000)
    assert len(kept) <= 1000
    assert judge(output, 10).status == "error"


def test_a_line_of_values_without_blanks_is_not_kept() -> None:
    with patch.object(competition, "PATIENCE", 0):
        output, kept = read([b"v 1 ", *[b"1" * 1000] * 1000])
    assert kept == b"v 1\n"
    assert output.faults == ["a v line without blanks"]


@pytest.mark.parametrize("claim", ["SATISFIABLE", "UNSATISFIABLE", "UNKNOWN", None])
@pytest.mark.parametrize("code", [0, 1, 10, 20, 30, 127, -9])
def test_only_one_code_goes_with_an_answer(claim: str | None, code: int) -> None:
    text = f"s {claim}\nv 1 0\n" if claim else ""
    output, _ = read([text.encode()])
    judgement = judge(output, code)
    right = {"SATISFIABLE": 10, "UNSATISFIABLE": 20}.get(claim or "", 0)
    opposite = {"SATISFIABLE": 20, "UNSATISFIABLE": 10}.get(claim or "")
    assert judgement.status == ("ok" if code == right else "wrong" if code == opposite else "error")
