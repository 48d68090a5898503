"""Folders for what is read and what is written."""

from pathlib import Path

import pytest

from tests.proof.outputs import UNSAT


@pytest.fixture
def formula(tmp_path: Path) -> Path:
    """Return a file whose refutation Kissat has to look for, in a folder of its own."""
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "f.cnf"
    path.write_text(UNSAT)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return an empty folder, in which the programs run."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder
