"""Draws made again from their manifests."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from turbosat.benchmarks.commands.fresh import fresh
from turbosat.benchmarks.suites.again import again
from turbosat.benchmarks.suites.fresh import make
from turbosat.benchmarks.suites.kinds import Kind
from turbosat.benchmarks.suites.sizes import Window
from turbosat.errors import InputError, UsageError


def test_a_draw_is_made_again_from_its_manifest(tmp_path: Path) -> None:
    kinds = [
        Kind("random-ksat", {"variables": (10, 60)}, {"ratio": 4.15}),
        Kind("van-der-waerden", {"n": (9, 20)}, {"lengths": "3,4", "shuffle": True}),
    ]
    drawn, made = tmp_path / "drawn", tmp_path / "made"
    make(drawn, 5, 4, Window(0.0, 30.0), kinds=kinds)
    command = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "fresh", str(made), "--again"]
    run = subprocess.run([*command, drawn / "manifest.csv"], capture_output=True, text=True, check=True)
    assert run.stdout == f"4 formulas in {made}\n"
    assert len(run.stderr.splitlines()) == 4
    assert {path.name: path.read_bytes() for path in drawn.iterdir()} == {
        path.name: path.read_bytes() for path in made.iterdir()
    }
    with pytest.raises(UsageError, match="there is something"):
        again(made, drawn / "manifest.csv")


GOOD = {"file": "a.cnf", "family": "langford", "seed": "1", "parameters": "n=4 shuffle=yes"}


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"file": "../a.cnf"}, "is no file below"),
        ({"file": "/a.cnf"}, "is no file below"),
        ({"file": ""}, "is no file below"),
        ({"family": "unheard-of"}, "unknown family"),
        ({"seed": "one"}, "cannot be read as a manifest"),
        ({"seed": "-1"}, "seed must be from 0"),
        ({"parameters": "n=four"}, "cannot be read as a manifest"),
        ({"parameters": "n"}, "has no parameter"),
        ({"parameters": "m=4"}, "has no parameter"),
        ({"parameters": "n=4 shuffle=True"}, "expected yes or no"),
        ({"parameters": "n=-4"}, "n must be"),
        ({"parameters": "n=4 n=5"}, "n has two values"),
        ({"file": "b.cnf", "parameters": "n=4 \0"}, "has no parameter"),
        ({}, "there is a file a.cnf already"),
        ({"file": "manifest.csv"}, "there is a file manifest.csv already"),
        ({"family": "bmc-file", "parameters": "file=a"}, "made from a file"),
    ],
)
def test_what_is_no_row(wrong: dict[str, str], text: str, tmp_path: Path) -> None:
    manifest = tmp_path / "rows.csv"
    with open(manifest, "w", newline="") as file:
        table = csv.DictWriter(file, list(GOOD))
        table.writeheader()
        table.writerows([GOOD, GOOD | wrong])
    with pytest.raises(InputError, match=rf"rows.csv:3: .*{text}"):
        again(tmp_path / "made", manifest)
    assert not (tmp_path / "made").exists()


def test_a_manifest_without_seeds(tmp_path: Path) -> None:
    manifest = tmp_path / "rows.csv"
    manifest.write_text("file,family,status\n")
    with pytest.raises(InputError, match=r"rows.csv:1: expected the columns seed, parameters"):
        again(tmp_path / "made", manifest)
    assert not (tmp_path / "made").exists()


def test_what_is_no_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "rows.csv"
    with pytest.raises(InputError, match=r"rows\.csv: cannot be read"):
        again(tmp_path / "made", manifest)
    manifest.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"rows\.csv: cannot be read"):
        again(tmp_path / "made", manifest)


def test_again_takes_no_other_options(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes no other options"):
        fresh(tmp_path / "made", again=tmp_path / "rows.csv", seed=0)
