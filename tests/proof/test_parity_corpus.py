"""Proofs and certificates of the corpus: contradictions between XORs, from the file to the checker."""

import csv
from pathlib import Path

import pytest

from turbosat.check import check
from turbosat.encodings.gf2.elimination import eliminate
from turbosat.encodings.xor.recovery import recover
from turbosat.formula.files import read
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.proof.parity import certificate, write_parity_proof

LARGE = ("chew-heule-5000", "urquhart-li")


def refuted(corpus: Path, *, large: bool) -> list[Path]:
    """Return the files that parity refutes."""
    found = []
    for row in csv.DictReader((corpus / "manifest.csv").read_text().splitlines()):
        parity = row["family"] in ("parity-tseitin", "tseitin") and row["status"] == "UNSAT"
        if parity and any(name in row["file"] for name in LARGE) == large:
            found.append(corpus / row["file"])
    assert found
    return found


def contradiction(path: Path) -> tuple[Formula, Xors]:
    formula = read(path)
    xors = recover(formula).xors
    rows = eliminate(xors, formula.variables).contradiction
    assert rows is not None, path
    return formula, xors.rows(rows)


def judge(path: Path, folder: Path) -> tuple[int, int]:
    """Return the bytes of the proof and the number of its XORs; fail unless proof and certificate hold."""
    formula, xors = contradiction(path)
    sizes = []
    for binary in (False, True):
        sizes.append(write_parity_proof(folder / "proof", formula, xors, binary=binary))
        verdict = check(path, folder / "proof").verdict
        assert verdict.verified, (path, verdict.reason)
        assert verdict.kind == "proof"
        assert verdict.missing == 0
    (folder / "certificate").write_bytes(certificate(xors))
    verdict = check(path, folder / "certificate").verdict
    assert verdict.verified, (path, verdict.reason)
    assert verdict.kind == "certificate"
    return sizes[-1], len(xors)


def test_files(corpus: Path, tmp_path: Path) -> None:
    for path in refuted(corpus, large=False):
        size, rows = judge(path, tmp_path)
        assert size < 2000 * rows, (path, size, rows)


@pytest.mark.slow
def test_large_files(corpus: Path, tmp_path: Path) -> None:
    for path in refuted(corpus, large=True):
        size, rows = judge(path, tmp_path)
        assert size < 3000 * rows, (path, size, rows)
