"""Runs Kissat for real, for proofs and models to check."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

from tests.families import Clauses, dimacs


def kissat() -> str:
    spec = importlib.util.find_spec("sage_wheels")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "bin" / "kissat"
        if path.exists():
            return str(path)
    pytest.skip("kissat is not here")


def solve(folder: Path, cnf: str, *options: str) -> tuple[int, bytes, bytes]:
    """Return the exit status (10, 20), the output, and the proof of an unsatisfiable formula."""
    source, proof = folder / "kissat.cnf", folder / "kissat.proof"
    source.write_text(cnf)
    command = [kissat(), "-q", "--force", *options, str(source), str(proof)]
    run = subprocess.run(command, capture_output=True, check=False)
    return run.returncode, run.stdout, proof.read_bytes() if run.returncode == 20 else b""


def proof_of(folder: Path, variables: int, clauses: Clauses, *options: str) -> bytes:
    status, _, proof = solve(folder, dimacs(variables, clauses), *options)
    assert status == 20
    return proof
