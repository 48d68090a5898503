"""Kissat's proofs of real formulas."""

import csv
import lzma
import time
from pathlib import Path

import pytest

from tests.check.solver import solve
from turbosat.check import check


def refutable(corpus: Path, limit: float) -> list[Path]:
    """Return the files that Kissat refutes within `limit` seconds."""
    found = []
    for row in csv.DictReader((corpus / "manifest.csv").read_text().splitlines()):
        seconds = row["kissat_s"]
        if row["status"] == "UNSAT" and not seconds.startswith(">") and seconds and float(seconds) < limit:
            found.append(corpus / row["file"])
    assert found
    return found


def judge(path: Path, folder: Path) -> tuple[float, float]:
    """Return Kissat's seconds and the checker's; fail unless the proof holds."""
    data = path.read_bytes()
    text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode("ascii", "replace")
    begun = time.monotonic()
    status, _, proof = solve(folder, text)
    solved = time.monotonic() - begun
    assert status == 20, path
    verdict = check(path, proof).verdict
    assert verdict.verified, (path, verdict.reason)
    return solved, verdict.seconds


def test_easy_files(corpus: Path, tmp_path: Path) -> None:
    for path in refutable(corpus, 0.03):
        judge(path, tmp_path)


@pytest.mark.slow
def test_all_files(corpus: Path, tmp_path: Path) -> None:
    for path in refutable(corpus, 10):
        solved, checked = judge(path, tmp_path)
        assert checked < 1 + 10 * solved, (path, solved, checked)
