"""The formulas of a draw made again, the same on any machine, from what its manifest says of them."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from turbosat.benchmarks import families
from turbosat.benchmarks.families.base import Declared
from turbosat.benchmarks.suites.fresh import WORDS
from turbosat.errors import InputError, UsageError

NEEDED = "file", "family", "seed", "parameters"


@dataclass(frozen=True, slots=True)
class Row:
    """A formula by all that makes it, and the manifest's line that says so."""

    file: PurePosixPath  # below the folder of the draw
    family: str
    seed: int
    parameters: dict[str, Any]
    line: int


def again(folder: Path, manifest: Path, tell: Callable[[Path], None] = lambda _: None) -> list[Path]:
    """Fill a new folder with the formulas of a manifest of `fresh`, and a copy of that; return them.

    `tell` hears of each. UsageError where the folder holds anything; InputError, with the line, for what is
    no such manifest: all of it is read before a formula is made.
    """
    rows = read(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"{folder}: there is something in this folder")
    made: list[Path] = []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
        for row in rows:
            place, target = Path(scratch) / row.file.name, folder / row.file
            try:
                problem = families.generate(row.family, seed=row.seed, **row.parameters)
            except UsageError as error:
                raise InputError(str(manifest), row.line, str(error)) from error
            problem.write(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(place, target)
            made.append(target)
            tell(target)
    shutil.copyfile(manifest, folder / "manifest.csv")
    return made


def read(manifest: Path) -> list[Row]:
    """Return the rows of a manifest. InputError, with the line, for what is none."""
    line = None
    try:
        with open(manifest, newline="", encoding="utf-8") as file:
            lines = csv.DictReader(file, restval="")
            if missing := [name for name in NEEDED if name not in (lines.fieldnames or ())]:
                raise InputError(str(manifest), 1, f"expected the columns {', '.join(missing)}")
            rows: list[Row] = []
            for each in lines:
                line = lines.line_num
                rows.append(_row(each, line))
    except (OSError, UnicodeDecodeError, csv.Error, UsageError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(str(manifest), line, f"cannot be read as a manifest: {error}") from error
    return rows


def _row(row: Mapping[str, str], line: int) -> Row:
    """Return what a row says. ValueError or UsageError where it says nothing that could be made."""
    file = PurePosixPath(row["file"])
    if not file.name or file.is_absolute() or ".." in file.parts:
        raise ValueError(f"{row['file']!r} is no file below a folder")
    family = families.find(row["family"])
    parameters: dict[str, Any] = {}
    for word in row["parameters"].split():
        name, separator, value = word.partition("=")
        if not separator or name not in family.parameters:
            raise ValueError(f"{row['family']} has no parameter {word!r}")
        parameters[name] = _value(family.parameters[name], value)
    return Row(file, row["family"], int(row["seed"]), parameters, line)


def _value(declared: Declared, word: str) -> Any:
    if declared.kind is bool:
        if word not in WORDS:
            raise ValueError(f"expected yes or no, found {word!r}")
        return WORDS[word]
    if declared.kind not in (int, float, str):
        raise ValueError("a formula made from a file cannot be made again from a manifest")
    return declared.kind(word)
