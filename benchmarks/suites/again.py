"""The formulas of a draw made again, the same on any machine, from what its manifest says of them."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from turbosat.benchmarks import families
from turbosat.benchmarks.families.base import Declared
from turbosat.benchmarks.suites.fresh import MANIFEST, prepare
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
    """Fill a new folder with the formulas of a manifest of `fresh`, and with that; return them.

    `tell` hears of each. UsageError where the folder holds anything; InputError, with the line, for what is
    no such manifest: before anything is made, but for what only the making of a formula can tell.
    """
    text = _text(manifest)
    rows = read(text, str(manifest))
    prepare(folder)
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
        place = Path(scratch) / MANIFEST
        place.write_text(text, encoding="utf-8", newline="")
        os.replace(place, folder / MANIFEST)
    return made


def read(text: str, name: str) -> list[Row]:
    """Return the rows of a manifest, `name` that of its file. InputError, with the line, for what is none."""
    lines = csv.DictReader(io.StringIO(text, newline=""), restval="")
    rows: list[Row] = []
    taken = {PurePosixPath(MANIFEST)}
    try:
        if missing := [column for column in NEEDED if column not in (lines.fieldnames or ())]:
            raise InputError(name, 1, f"expected the columns {', '.join(missing)}")
        for each in lines:
            row = _row(each, lines.line_num)
            if row.file in taken:
                raise ValueError(f"there is a file {row.file} already")
            taken.add(row.file)
            rows.append(row)
    except InputError:
        raise
    except (csv.Error, ValueError) as error:
        raise InputError(name, lines.line_num, f"cannot be read as a manifest: {error}") from error
    return rows


def _text(manifest: Path) -> str:
    try:
        with open(manifest, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(manifest), None, f"cannot be read: {error}") from error


def _row(row: Mapping[str, str], line: int) -> Row:
    """Return what a row says. ValueError where it says nothing that could be made."""
    file = PurePosixPath(row["file"])
    if not file.name or file.is_absolute() or ".." in file.parts:
        raise ValueError(f"{row['file']!r} is no file below a folder")
    family = families.find(row["family"])
    parameters: dict[str, Any] = {}
    for word in row["parameters"].split():
        name, separator, value = word.partition("=")
        if not separator or name not in family.parameters:
            raise ValueError(f"{row['family']} has no parameter {word!r}")
        if name in parameters:
            raise ValueError(f"{name} has two values")
        parameters[name] = _value(family.parameters[name], value)
    seed = int(row["seed"])
    family.checked(seed, parameters)
    return Row(file, row["family"], seed, parameters, line)


def _value(declared: Declared, word: str) -> Any:
    if declared.kind is bool:
        if word not in ("yes", "no"):
            raise ValueError(f"expected yes or no, found {word!r}")
        return word == "yes"
    if declared.kind not in (int, float, str):
        raise ValueError("a formula made from a file cannot be made again from a manifest")
    return declared.kind(word)
