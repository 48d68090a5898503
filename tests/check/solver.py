"""Runs Kissat for real, for proofs and models to check."""

import subprocess
from pathlib import Path

from tests.families import Clauses, dimacs
from turbosat.cdcl.process.binaries import find_kissat


def solve(folder: Path, cnf: str, *options: str) -> tuple[int, bytes, bytes]:
    """Return the exit status (10, 20), the output, and the proof of an unsatisfiable formula."""
    source, proof = folder / "kissat.cnf", folder / "kissat.proof"
    source.write_text(cnf)
    command = [find_kissat(), "-q", "--force", *options, str(source), str(proof)]
    run = subprocess.run(command, capture_output=True, check=False)
    return run.returncode, run.stdout, proof.read_bytes() if run.returncode == 20 else b""


def proof_of(folder: Path, variables: int, clauses: Clauses, *options: str) -> bytes:
    status, _, proof = solve(folder, dimacs(variables, clauses), *options)
    assert status == 20
    return proof
