"""The suites that are shipped: lists of families, parameters and seeds, from which the files are made."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from turbosat.benchmarks import families
from turbosat.benchmarks.families.base import Declared, Problem, digest
from turbosat.benchmarks.suites.tables import TABLES
from turbosat.errors import EngineError, InputError, UsageError
from turbosat.formula import files

NAMES = tuple(TABLES)


@dataclass(frozen=True, slots=True)
class Member:
    """A formula of a suite; `digest` is that of the formula these make, see `families.base.digest`."""

    family: str
    parameters: dict[str, Any]
    seed: int
    digest: str

    @property
    def file(self) -> str:
        """The name of its file: the parameters that the suite chose, and the seed."""
        parts = [f"{name}-{value}" if value is not True else name for name, value in self.parameters.items()]
        stem = "-".join([self.family, *parts, f"s{self.seed}"])
        return f"{stem.replace(',', '_')}.cnf"

    def generate(self) -> Problem:
        """Make the formula. EngineError where it is not the one that the suite was made with."""
        problem = families.generate(self.family, seed=self.seed, **self.parameters)
        found = digest(problem.formula)
        if found != self.digest:
            raise EngineError(f"{self.file} should have the digest {self.digest}, but has {found}")
        return problem


def members(name: str) -> list[Member]:
    """Return the formulas of a suite. UsageError for an unknown suite."""
    if name not in TABLES:
        raise UsageError(f"unknown suite {name!r}: no such file or folder, nor one of {', '.join(NAMES)}")
    return list(_parsed(TABLES[name]))


def materialise(name: str, folder: Path) -> list[Path]:
    """Write the files of a suite and its manifest.csv (file, family, status) into a folder; return the files.

    A file that is there with the right formula stays as it is. UsageError for an unknown suite.
    """
    chosen = members(name)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for member in chosen:
        file = folder / member.file
        if not _right(file, member):
            problem = member.generate()
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                problem.write(Path(scratch) / "formula.cnf")
                os.replace(Path(scratch) / "formula.cnf", file)
        rows.append((member.file, member.family, _status(file)))
    manifest = folder / "manifest.csv"
    with open(f"{manifest}.part", "w", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([("file", "family", "status"), *rows])
    os.replace(f"{manifest}.part", manifest)
    return [folder / member.file for member in chosen]


def _right(file: Path, member: Member) -> bool:
    try:
        return digest(files.read(file)) == member.digest
    except InputError:
        return False


def _status(file: Path) -> str:
    """Return what the comments say, SAT or UNSAT, else "?"."""
    with open(file, encoding="ascii", errors="replace") as lines:
        for line in lines:
            if not line.startswith("c "):
                break
            if line.startswith("c status "):
                return line.split()[2]
    return "?"


def _parsed(table: str) -> Iterator[Member]:
    for line in table.splitlines():
        words = line.partition("#")[0].split()
        if words:
            found, family, seed, *pairs = words
            declared = families.find(family).parameters
            values = dict(pair.split("=") for pair in pairs)
            yield Member(
                family,
                {name: _value(declared[name], text) for name, text in values.items()},
                int(seed),
                found,
            )


def _value(declared: Declared, text: str) -> Any:
    return text == "yes" if declared.kind is bool else declared.kind(text)
