"""Real files: the right status, every model and every proof accepted by the independent checker."""

import csv
from pathlib import Path

import pytest

from tests.processes import turbosat
from turbosat.check.cli import main as check

CODES = {"SAT": 10, "UNSAT": 20}


def easy_files(folder: Path, seconds: float) -> list[tuple[Path, int]]:
    """Return the files of known status that Kissat solves in that time, with their exit codes."""
    with open(folder / "manifest.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    return [
        (folder / row["file"], CODES[row["status"]])
        for row in rows
        if row["status"] in CODES and row["kissat_s"] and not row["kissat_s"].startswith(">")
        if float(row["kissat_s"]) < seconds
    ]


def settle(file: Path, code: int, folder: Path) -> str:
    """Solve a file with a proof and check the answer; return what is wrong, or ""."""
    answer, proof = folder / "answer", folder / "proof"
    proof.unlink(missing_ok=True)
    returned, out, err = turbosat("--time", "600", file, proof)
    if (returned, err) != (code, ""):
        return f"{file.name}: exit code {returned} instead of {code} {err}"
    answer.write_text(out)
    if check(["-q", str(file), str(proof if code == 20 else answer)]) != (0 if code == 20 else 10):
        return f"{file.name}: {'proof' if code == 20 else 'model'} not accepted"
    return ""


def test_quick_files(corpus: Path, tmp_path: Path) -> None:
    wrong = [settle(*case, tmp_path) for case in easy_files(corpus, 0.05)]
    assert len(wrong) > 20
    assert not list(filter(None, wrong))


@pytest.mark.slow
def test_all_files_kissat_solves_in_10_s(corpus: Path, tmp_path: Path) -> None:
    wrong = [settle(*case, tmp_path) for case in easy_files(corpus, 10)]
    assert len(wrong) > 100
    assert not list(filter(None, wrong))


def test_every_corpus_file_is_read(corpus: Path) -> None:
    """Every header agrees with the manifest, whose sizes come from elsewhere."""
    from turbosat.formula import files

    with open(corpus / "manifest.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        formula = files.read(corpus / row["file"])
        sizes = (formula.variables, formula.clauses)
        assert sizes == (int(row["variables"]), int(row["clauses"])), row["file"]
