"""The SAT Competition's result files: one row an instance, one column a solver, seconds in the cells."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from turbosat.benchmarks.report.score import Answer, Cell, Item, Table, build
from turbosat.errors import InputError

STATUS_COLUMNS = ("vresult", "result", "verdict", "status")
STATUSES: dict[str, Answer] = {"sat": "sat", "10": "sat", "unsat": "unsat", "20": "unsat"}
FAMILY_COLUMN = "family"


@dataclass(frozen=True, slots=True)
class About:
    """What a file of metadata says of an instance."""

    name: str
    family: str


def read(path: Path, timeout: float, factor: float = 2, about: Path | None = None) -> Table:
    """Return a competition's detailed results as a table.

    The file has a column `hash`, one of `vresult`, `result`, `verdict` or `status` (sat, unsat, unknown),
    perhaps `family`, and one column of seconds per solver. A run is unsolved where its cell is empty, no
    number or not below `timeout` seconds (2024's files write 10000 for a limit of 5000). Answers are taken as
    checked: the competition does so. `about` names a file of names and families, see `read_about`.
    Raise InputError where the form is another.
    """
    described = read_about(about) if about else {}
    items: list[Item] = []
    cells: list[Cell] = []
    seen: set[str] = set()
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        lines = csv.DictReader(stream)
        columns = [name for name in lines.fieldnames or () if name]
        status = next((name for name in STATUS_COLUMNS if name in columns), None)
        if "hash" not in columns or status is None:
            expected = f"columns 'hash' and one of {', '.join(STATUS_COLUMNS)}"
            raise InputError(path.name, 1, f"expected {expected}, found {', '.join(columns) or 'none'}")
        solvers = [name for name in columns if name not in ("hash", FAMILY_COLUMN, status)]
        if not solvers:
            raise InputError(path.name, 1, "expected a column of seconds for each solver, found none")
        for line in lines:
            key = line["hash"]
            if key in seen or None in line or None in line.values():
                raise InputError(path.name, lines.line_num, "expected one full row for each hash")
            seen.add(key)
            known = STATUSES.get(line[status].strip().lower(), "unknown")
            extra = described.get(key, About(key, ""))
            items.append(Item(key, extra.name, line.get(FAMILY_COLUMN) or extra.family, known))
            for solver in solvers:
                seconds = number(line[solver])
                solved = seconds < timeout
                if solved and known == "unknown":
                    message = f"{solver} solved this in {seconds:g} s, but {status} is {line[status]!r}"
                    raise InputError(path.name, lines.line_num, message)
                answer: Answer = known if solved else "unknown"
                ended = "ok" if solved else "timeout"
                cells.append(Cell(key, solver, 0, answer, seconds, ended, checked=solved))
    return build(items, cells, timeout, factor, solvers)


def number(text: str) -> float:
    """Return a cell's seconds, infinite where it is no time: empty, words, negative or NaN."""
    try:
        value = float(text)
    except ValueError:
        return math.inf
    return value if value >= 0 else math.inf


def read_about(path: Path) -> dict[str, About]:
    """Return names and families by hash, from a CSV with columns `hash`, `family` and `filename` or `name`.

    Fields are parted by commas or, as in the Benchmark Database's lists, by blanks.
    """
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        head = stream.readline()
        stream.seek(0)
        rows = csv.DictReader(stream, delimiter="," if "," in head else " ", skipinitialspace=True)
        columns = rows.fieldnames or ()
        if "hash" not in columns or FAMILY_COLUMN not in columns:
            raise InputError(path.name, 1, f"expected columns 'hash' and 'family', found {head.strip()!r}")
        name = next((each for each in ("filename", "name") if each in columns), "hash")
        return {row["hash"]: About(row[name], row[FAMILY_COLUMN]) for row in rows if row["hash"]}
