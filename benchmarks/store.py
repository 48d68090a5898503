"""An experiment on disk: one SQLite file, one committed transaction a finished run.

A crash at any moment loses at most the runs that were in flight. Only one harness at a time may write to an
experiment (a lock on the file DIR/lock); anyone may read.
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from turbosat.errors import EngineError, InputError, UsageError, printable

Result = Literal["sat", "unsat", "unknown"]
Status = Literal["ok", "timeout", "memout", "error", "wrong"]
Verified = Literal["model", "proof", "none", "failed"]

FILE, LOCK = "runs.sqlite", "lock"
LOCK_PATIENCE = 30.0  # seconds: the processes of a killed harness clean up before they let go of its lock


@dataclass(frozen=True, slots=True)
class Solver:
    """A solver as it was given; `kind` is solver or portfolio."""

    name: str
    command: str
    version: str
    kind: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A formula: its GBD hash, where it came from, the size of its file, and what is known of it."""

    hash: str
    path: str
    name: str
    family: str
    variables: int
    clauses: int
    bytes: int
    known: Result


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a solver on an instance.

    `result` is what counts: unknown unless the status is ok. `wall` and `cpu` are in seconds, `rss` is the
    peak of the process tree in bytes, 0 where it was over before it could be seen. `exit` is the exit code or
    -N after signal N. `lane` and `lane_seed` tell which part of a portfolio answered. `started` is an ISO
    date in UTC, `attempt` counts from 1 and is more where the harness lost a run and began again, `reason`
    says in words why a run did not count.
    """

    hash: str
    solver: str
    seed: int
    result: Result
    wall: float
    cpu: float
    rss: int
    exit: int
    verified: Verified
    lane: str
    lane_seed: int | None
    status: Status
    started: str
    attempt: int
    reason: str


def _cells(row: Solver | Instance | Run) -> tuple[Any, ...]:
    """Return the cells of a row; a name that is no text, which SQLite does not take, as it is shown."""
    return tuple(printable(cell) if isinstance(cell, str) and _odd(cell) else cell for cell in astuple(row))


def _odd(text: str) -> bool:
    """Whether a text stands for bytes that could not be decoded."""
    return any("\ud800" <= character <= "\udfff" for character in text)


_TYPES = {"int": "INT", "int | None": "INT", "float": "REAL"}
_KEYS = {Solver: ("solvers", "name"), Instance: ("instances", "hash"), Run: ("runs", "hash, solver, seed")}
_Row = TypeVar("_Row", Solver, Instance, Run)


def _columns(row: type[_Row]) -> str:
    return ", ".join(f"{field.name} {_TYPES.get(str(field.type), 'TEXT')}" for field in fields(row))


_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS header(key TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE IF NOT EXISTS files(stamp TEXT PRIMARY KEY, described TEXT)",
    *(
        f"CREATE TABLE IF NOT EXISTS {table}({_columns(row)}, PRIMARY KEY({key}))"
        for row, (table, key) in _KEYS.items()
    ),
)


class Experiment:
    """The header, solvers, instances and runs of one directory."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an experiment to read it. Raises InputError when there is none."""
        path = folder / FILE
        if not path.is_file():
            raise InputError(
                str(path), None, "expected the results of turbosat-bench run, found no such file"
            )
        return cls(folder, _connect(path))

    @classmethod
    @contextmanager
    def writing(cls, folder: Path) -> Iterator[tuple[Self, int]]:
        """Open or create an experiment to write to it, alone; also gives the descriptor that holds the lock.

        Raises UsageError when another harness is at work there, EngineError where it cannot be written any
        more, as when somebody has removed it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _acquire(lock, folder)
            connection = _connect(folder / FILE)
            try:
                _journal(connection, "WAL")  # one wait for the disk a transaction, not three
                with connection:
                    for statement in _SCHEMA:
                        connection.execute(statement)
                yield cls(folder, connection), lock
            finally:
                _journal(
                    connection, "DELETE"
                )  # one file again, which can be read where nothing can be written
                connection.close()
        except sqlite3.Error as error:
            raise EngineError(f"{folder}: the results cannot be kept: {error}") from error
        finally:
            os.close(lock)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def header(self) -> dict[str, Any]:
        """Machine, limits, seed, versions, command, date, suites."""
        rows = self._connection.execute("SELECT key, value FROM header")
        return {key: json.loads(value) for key, value in rows}

    @property
    def solvers(self) -> dict[str, Solver]:
        """The solvers by name, in the order they were given."""
        return {solver.name: solver for solver in self._rows(Solver)}

    @property
    def instances(self) -> dict[str, Instance]:
        """The instances by hash, in the order they were found."""
        return {instance.hash: instance for instance in self._rows(Instance)}

    def runs(self) -> list[Run]:
        """Return all finished runs, in the order of instances, solvers and seeds."""
        place = {key: number for number, key in enumerate([*self.instances, *self.solvers])}
        runs = self._rows(Run)
        return sorted(runs, key=lambda run: (place[run.hash], place[run.solver], run.seed))

    def write_header(self, header: dict[str, Any]) -> None:
        """Add to the header, over what is there."""
        rows = [(key, json.dumps(value)) for key, value in header.items()]
        with self._connection as connection:
            connection.executemany("INSERT OR REPLACE INTO header VALUES (?, ?)", rows)

    def add(self, rows: Iterable[Solver | Instance]) -> None:
        """Add solvers and instances, or renew them, in one transaction; their places in the order stay."""
        with self._connection as connection:
            for row in rows:
                table, key = _KEYS[type(row)]
                names = [field.name for field in fields(row)]
                renew = ", ".join(f"{name} = excluded.{name}" for name in names)
                marks = ", ".join("?" * len(names))
                connection.execute(
                    f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT({key}) DO UPDATE SET {renew}",
                    _cells(row),
                )

    def record(self, runs: Iterable[Run]) -> None:
        """Store finished runs, new or corrected, in one transaction."""
        with self._connection as connection:
            marks = ", ".join("?" * len(fields(Run)))
            connection.executemany(f"INSERT OR REPLACE INTO runs VALUES ({marks})", map(_cells, runs))

    def of_instance(self, hash: str) -> list[Run]:
        """Return the finished runs on one instance."""
        return self._rows(Run, "WHERE hash = ?", hash)

    def described(self, stamp: str) -> dict[str, Any] | None:
        """Return what `remember` was told of a file, by its stamp."""
        row = self._connection.execute("SELECT described FROM files WHERE stamp = ?", (stamp,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def remember(self, stamp: str, described: dict[str, Any]) -> None:
        """Keep what reading a file told, so that a resumed experiment need not read it again."""
        with self._connection as connection:
            connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?)", (stamp, json.dumps(described)))

    def _rows(self, kind: type[_Row], where: str = "", *values: str) -> list[_Row]:
        table, _ = _KEYS[kind]
        names = ", ".join(field.name for field in fields(kind))
        query = f"SELECT {names} FROM {table} {where} ORDER BY rowid"
        try:
            return [kind(*row) for row in self._connection.execute(query, values)]
        except sqlite3.DatabaseError as error:
            raise InputError(str(self.folder / FILE), None, f"cannot be read: {error}") from error


def write_csv(experiment: Experiment, path: Path) -> None:
    """Write every run as one flat row, with its instance and solver; the header goes into `#` comments."""
    about = [field.name for field in fields(Instance)]
    columns = [field.name for field in fields(Run) if field.name != "hash"]
    instances, solvers = experiment.instances, experiment.solvers
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "w", encoding="utf-8", newline="") as file:
        for key, value in experiment.header.items():
            file.write(f"# {key}: {json.dumps(value)}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*about, *columns, "version", "command"])
        for run in experiment.runs():
            instance, solver = instances[run.hash], solvers[run.solver]
            cells = [getattr(instance, name) for name in about] + [getattr(run, name) for name in columns]
            writer.writerow([*cells, solver.version, solver.command])
    os.replace(temporary, path)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=60.0)
        connection.execute("PRAGMA synchronous = FULL")  # what is recorded outlives a loss of power, too
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        raise InputError(str(path), None, f"cannot be opened: {error}") from error
    return connection


def _journal(connection: sqlite3.Connection, mode: str) -> None:
    with suppress(sqlite3.OperationalError):  # a file system without shared memory, or someone who reads now
        connection.execute(f"PRAGMA journal_mode = {mode}")


def _acquire(lock: int, folder: Path) -> None:
    end = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > end:
                raise UsageError(f"{folder}: another turbosat-bench is at work there") from None
            time.sleep(0.05)
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(lock), os.stat(folder / LOCK)):
            return
    raise EngineError(f"{folder}: removed while another turbosat-bench was at work there")
