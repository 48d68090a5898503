"""Suites: which formulas to run on, and what is known of them before.

A suite is a folder, a formula, a list of files, a list as the Global Benchmark Database writes them (a hash
and a path in each line, or CSV), or the name of a suite that is generated.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from turbosat.benchmarks.gbd_hash import HEADER, content, known_status
from turbosat.benchmarks.store import Result
from turbosat.errors import InputError, UsageError

FORMULA = re.compile(r"\.(cnf|dimacs)(\.(gz|bz2|xz|lzma|zst|zstd))?$", re.IGNORECASE)
HASH = re.compile(r"[0-9a-f]{32}")
PATH_COLUMNS = ("local", "path", "file", "filename", "name")
STATUS_COLUMNS = ("status", "result", "known")


@dataclass(frozen=True, slots=True)
class Source:
    """A formula of a suite: its file, its path as it is shown, and what lists tell ("" for nothing)."""

    file: Path
    shown: str
    family: str = ""
    known: Result = "unknown"
    hash: str = ""

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self.file.name


@dataclass(frozen=True, slots=True)
class Known:
    """Known statuses from a table of the user's, by hash, by path and by name of the file."""

    statuses: dict[str, Result] = field(default_factory=dict)

    def of(self, hash: str, source: Source) -> Result:
        """Return the status of a formula, unknown when the table does not have it."""
        for key in (hash, source.shown, source.name):
            if key in self.statuses:
                return self.statuses[key]
        return "unknown"


def find(suite: str, generated: Path) -> list[Source]:
    """Return the formulas of a suite, in order; what is generated goes below the folder `generated`.

    Raises UsageError for an unknown or empty suite, InputError for a list with a missing file.
    """
    path = Path(suite)
    if path.is_dir():
        sources = list(_folder(path))
    elif path.is_file():
        if FORMULA.search(path.name) or HEADER.search(next(content(path), b"")):
            sources = [_formula(path, suite)]
        else:
            sources = list(_listed(path))
    else:
        sources = list(_generated(suite, generated))
    if not sources:
        raise UsageError(f"{suite}: no formulas there (*.cnf, *.dimacs, compressed or not)")
    return sources


def read_known(path: Path) -> Known:
    """Read known statuses from a CSV file with the columns status and hash, path, file or name."""
    rows = _table(path)
    statuses: dict[str, Result] = {}
    for row in rows:
        word = _cell(row, STATUS_COLUMNS)
        for column in ("hash", *PATH_COLUMNS):
            if row.get(column):
                statuses[row[column]] = known_status(word)
    if not statuses:
        raise InputError(str(path), None, "expected the columns status and hash, path, file or name")
    return Known(statuses)


def _folder(root: Path) -> Iterator[Source]:
    for path in sorted(root.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(root).parts):
            continue  # what a program that was killed was still making
        if FORMULA.search(path.name) and path.is_file():
            family = "/".join(path.relative_to(root).parent.parts) or root.resolve().name
            source = _formula(path, str(path))
            yield source if source.family else replace(source, family=family)


def _formula(path: Path, shown: str) -> Source:
    """Return a formula with what a manifest.csv in its folder or above tells of it."""
    whole = path.resolve()
    for above in whole.parents:
        row = _manifest(above).get(whole.relative_to(above).as_posix())
        if row is not None:
            known = known_status(_cell(row, STATUS_COLUMNS))
            return Source(path, shown, row.get("family") or "", known)
    return Source(path, shown)


@cache
def _manifest(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / "manifest.csv"
    if not path.is_file():
        return {}
    return {row["file"]: row for row in _table(path) if row.get("file")}


def _table(path: Path) -> list[dict[str, str]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = (line for line in file if not line.startswith("#"))
            rows = list(csv.DictReader(lines, restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(path), None, f"cannot be read as CSV: {error}") from error
    return [{(key or "").strip().lower(): str(value).strip() for key, value in row.items()} for row in rows]


def _cell(row: dict[str, str], columns: tuple[str, ...]) -> str:
    return next((row[column] for column in columns if row.get(column)), "")


def _listed(path: Path) -> Iterator[Source]:
    """Yield what a list names: paths are relative to its folder or else to the current one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), None, f"expected a formula or a list of files: {error}") from error
    lines = [line.strip() for line in text.splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    columns = [word.strip().lower() for word in first.split(",")]
    if "," in first and any(column in columns for column in ("hash", *PATH_COLUMNS)):
        for number, row in enumerate(_table(path), 2):
            source = _entry(path, number, _cell(row, PATH_COLUMNS))
            known = known_status(_cell(row, STATUS_COLUMNS))
            yield replace(
                source,
                hash=row.get("hash", ""),
                family=row.get("family") or source.family,
                known=known if known != "unknown" else source.known,
            )
        return
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#") or line.lower().split()[:1] == ["hash"]:
            continue
        hash, _, rest = line.partition(" ") if " " in line else line.partition("\t")
        if HASH.fullmatch(hash) and rest.strip():
            yield replace(_entry(path, number, rest.strip()), hash=hash)
        else:
            yield _entry(path, number, line)


def _entry(listing: Path, line: int, name: str) -> Source:
    if not name:
        raise InputError(
            str(listing), line, f"expected a path in one of the columns {', '.join(PATH_COLUMNS)}"
        )
    for path in (listing.parent / name, Path(name)):
        if path.is_file():
            return _formula(path, str(path))
    raise InputError(str(listing), line, f"expected a file, found nothing at {name!r}")


def _generated(name: str, folder: Path) -> Iterator[Source]:
    from turbosat.benchmarks.suites import suites

    for path in suites.materialise(name, folder / name):
        source = _formula(path, f"{name}/{path.name}")
        yield source if source.family else replace(source, family="")
