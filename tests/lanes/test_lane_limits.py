"""Limits of conflicts and decisions: each lane keeps them, and then the run ends."""

from pathlib import Path

import pytest

from tests.processes import ROOT, finish, start
from turbosat import Status, solve


@pytest.mark.parametrize(
    "options",
    [
        ("--conflicts=100",),
        ("--conflicts=0",),
        ("-c", "500", "-j4"),
        ("--decisions=100",),
        ("-d", "1000", "--engine=cdcl", "--no-pool"),
        ("--conflicts=200", "--deterministic"),
        ("--conflicts=100", "--mix=cadical,kissat"),
    ],
    ids=" ".join,
)
def test_limits_of_conflicts_and_decisions(options: tuple[str, ...], hard: Path) -> None:
    code, out, err = finish(start("-s", *options, hard))
    assert (code, err) == (0, "")
    assert "c no answer: limit" in out
    counted = [line.split() for line in out.splitlines() if " conflicts: " in line or " decisions: " in line]
    assert counted
    if "-c" in options:
        assert all(float(count) < 1000 for *_, name, count in counted if name == "conflicts:")


def test_limits_do_not_hinder_answers() -> None:
    queens = ROOT / "examples" / "queens-16.cnf"
    assert finish(start("-q", "-n", "--conflicts=1000000", queens))[:2] == (10, "s SATISFIABLE\n")
    assert finish(start("-q", "-n", "--decisions=1000000", queens))[:2] == (10, "s SATISFIABLE\n")
    result = solve([[1, 2], [-1]], conflicts=10)
    assert result.status is Status.SATISFIABLE
