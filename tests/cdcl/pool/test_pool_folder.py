"""The folder of a pool: nobody takes another's, what killed supervisors left goes, what is not ours stays."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import LATE, ROOT
from turbosat.cdcl.pool.folder import LONGEST_NAME, LONGEST_SOCKET, PREFIX, RAY, make, remove, sweep


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="p", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_what_is_held_stays_and_what_is_not_goes(place: Path) -> None:
    (held, lock), (left, free) = make(), make()
    (Path(left) / RAY / "deep").mkdir()
    (Path(left) / RAY / "deep" / "file").write_text("text")
    os.close(free)
    sweep()
    assert [str(path) for path in place.iterdir()] == [held]
    remove(held)
    os.close(lock)
    assert list(place.iterdir()) == []


def test_what_is_not_ours_stays(place: Path) -> None:
    outside = place / "outside"
    outside.mkdir()
    (outside / "lock").write_text("")
    (place / f"{PREFIX}link").symlink_to(outside)
    notes = place / f"{PREFIX}notes"
    notes.mkdir()
    (notes / "text").write_text("mine")
    (place / f"{PREFIX}file").write_text("mine")
    begun = place / f"{PREFIX}begun"
    begun.mkdir()
    sweep()
    assert sorted(path.name for path in place.iterdir()) == sorted(
        ["outside", f"{PREFIX}link", f"{PREFIX}notes", f"{PREFIX}file"]
    )
    assert (outside / "lock").exists()


def test_sockets_have_room(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = place / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    folder, lock = make()
    assert os.path.dirname(folder) == "/tmp"
    assert len(f"/tmp/{LONGEST_NAME}") <= LONGEST_SOCKET
    remove(folder)
    os.close(lock)


MANY = """
import os, sys, tempfile
from turbosat.cdcl.pool.folder import RAY, make, remove, sweep
tempfile.tempdir = sys.argv[1]
for number in range(200):
    sweep()
    folder, lock = make()
    with open(os.path.join(folder, RAY, "file"), "x"):
        pass
    sweep()
    os.unlink(os.path.join(folder, RAY, "file"))
    if number % 2:
        remove(folder)
    os.close(lock)
sweep()
"""


def test_many_at_once_take_nothing_from_each_other(place: Path) -> None:
    command = [sys.executable, "-c", MANY, str(place)]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(6)]
    assert [each.wait(10 * LATE) for each in running] == [0] * 6
    sweep()
    assert list(place.iterdir()) == []
