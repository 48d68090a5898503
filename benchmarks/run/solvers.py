"""Solvers as they are given on the command line, and the commands that they become.

NAME alone is turbosat, kissat or cadical. NAME=COMMAND is any command with the competition's output; where it
begins with the word turbosat, kissat or cadical, that solver is meant, with options. In a command, {file},
{seed}, {timeout} (seconds), {memory} (megabytes), {cores} and {proof} are filled in; without {file}, the file
comes last. NAME=portfolio:COMMAND,COMMAND runs several at once on the same cores.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from turbosat.benchmarks.store import Solver
from turbosat.cdcl.process.binaries import find_kissat
from turbosat.errors import UsageError
from turbosat.version import __version__

PORTFOLIO = "portfolio:"
PATIENCE = 20.0  # seconds to wait for a version
_NAMED = re.compile(r"([A-Za-z0-9_.+-]+)=(.*)", re.DOTALL)
_SLOTS = re.compile(r"\{(file|seed|timeout|memory|cores|proof)\}")


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is told: `timeout` in seconds, `memory` in bytes, and where the proof goes, if anywhere."""

    file: str
    seed: int
    timeout: float
    memory: int
    cores: int
    proof: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """One command with slots to fill; `proof` comes after the file where a proof is wanted."""

    text: str
    words: tuple[str, ...]
    proof: tuple[str, ...]
    version: str

    @property
    def proves(self) -> bool:
        """Whether it can be told to write a proof."""
        return bool(self.proof) or any("{proof}" in word for word in self.words)


@dataclass(frozen=True, slots=True)
class Contestant:
    """A solver of an experiment: one member, or a portfolio of several."""

    name: str
    text: str
    members: tuple[Member, ...]

    @property
    def record(self) -> Solver:
        """Return what the results say of it."""
        versions = dict.fromkeys(member.version for member in self.members)
        kind = "portfolio" if self.text.startswith(PORTFOLIO) else "solver"
        return Solver(self.name, self.text, ", ".join(versions), kind)

    @property
    def proves(self) -> bool:
        """Whether every member can write a proof."""
        return all(member.proves for member in self.members)

    def seed(self, seed: int, member: int) -> int:
        """Return the seed of a member: no two members of two runs share one."""
        return seed * len(self.members) + member

    def commands(self, task: Task) -> list[list[str]]:
        """Return the command of each member."""
        return [self._command(index, task) for index in range(len(self.members))]

    def _command(self, index: int, task: Task) -> list[str]:
        member = self.members[index]
        proof = None if task.proof is None else f"{task.proof}.{index}"
        values = {
            "file": task.file,
            "seed": str(self.seed(task.seed, index)),
            "timeout": f"{task.timeout:g}",
            "memory": str(task.memory >> 20),
            "cores": str(task.cores),
            "proof": proof or os.devnull,
        }
        words = member.words if any("{file}" in word for word in member.words) else (*member.words, "{file}")
        if proof is not None:
            words += member.proof
        return [_SLOTS.sub(lambda slot: values[slot[1]], word) for word in words]


def parse(text: str) -> Contestant:
    """Read what --solver was given. Raises UsageError for what cannot be run."""
    match = _NAMED.fullmatch(text)
    if match:
        name, command = match[1], match[2].strip()
    elif text in BUILT_IN:
        name = command = text
    elif text.startswith(PORTFOLIO):
        name, command = "portfolio", text
    else:
        raise UsageError(f"--solver {text}: expected NAME=COMMAND, or one of {', '.join(BUILT_IN)}")
    if name in (".", ".."):
        raise UsageError(f"--solver {text}: the name is part of file names")
    parts = [command]
    if command.startswith(PORTFOLIO):
        parts = [part.strip() for part in command.removeprefix(PORTFOLIO).split(",")]
    return Contestant(name, command, tuple(map(_member, parts)))


def _member(text: str) -> Member:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--solver {text}: {error}") from None
    if not words:
        raise UsageError("--solver: expected a command, found nothing")
    if words[0] in BUILT_IN:
        command, proof, version = BUILT_IN[words[0]](words[1:])
        return Member(text, tuple(command), proof, version)
    program = shutil.which(words[0])
    if program is None:
        raise UsageError(f"--solver {text}: {words[0]} is not a program that can be run")
    with open(program, "rb") as file:
        version = f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"
    return Member(text, (os.path.abspath(program), *words[1:]), (), version)


def _turbosat(options: list[str]) -> tuple[list[str], tuple[str, ...], str]:
    command = [sys.executable, "-P", "-m", "turbosat", *options]
    if not _given(options, "--workers", "-j"):
        command += ["--workers", "{cores}"]
    return [*command, *_seed(options)], ("{proof}",), f"turbosat {__version__}"


def _kissat(options: list[str]) -> tuple[list[str], tuple[str, ...], str]:
    program = find_kissat()
    return [program, *options, *_seed(options)], ("{proof}",), f"kissat {_version(program)}"


def _cadical(options: list[str]) -> tuple[list[str], tuple[str, ...], str]:
    program = shutil.which("cadical")
    if program is not None:
        return [program, *options, *_seed(options)], ("{proof}",), f"cadical {_version(program)}"
    from importlib.metadata import version

    command = [sys.executable, "-P", "-m", "turbosat.benchmarks.run.cadical_main", *options, *_seed(options)]
    return command, (), f"CaDiCaL 3.0.0 of python-sat {version('python-sat')}"


def _given(options: list[str], *flags: str) -> bool:
    return any(option.split("=")[0] in flags for option in options)


def _seed(options: list[str]) -> list[str]:
    return [] if _given(options, "--seed") else ["--seed={seed}"]


def _version(program: str) -> str:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{Path(program).name} --version: {error}") from error
    return (done.stdout.split() or ["unknown"])[-1]


BUILT_IN: dict[str, Callable[[list[str]], tuple[list[str], tuple[str, ...], str]]] = {
    "turbosat": _turbosat,
    "kissat": _kissat,
    "cadical": _cadical,
}
