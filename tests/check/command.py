"""turbosat-check as a real process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.processes import ROOT

Argument = str | bytes | Path


class Run(NamedTuple):
    """How a run ended, and what it wrote."""

    code: int
    out: str
    err: str


@contextmanager
def running(
    *arguments: Argument, folder: Path, prefix: str = "", **options: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `turbosat-check ARGUMENTS`, to be killed in the end; `prefix` is shell text before it."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    options["env"] = {**os.environ, "PYTHONPATH": path, **options.pop("env", {})}
    command: list[Argument] = [sys.executable, "-m", "turbosat.check.cli", *arguments]
    if prefix:
        command = ["bash", "-c", f'{prefix} exec "$@"', "bash", *command]
    with subprocess.Popen(command, cwd=folder, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def run(*arguments: Argument, folder: Path, given: bytes | None = None, **options: Any) -> Run:
    """Run `turbosat-check ARGUMENTS` to its end, with `given` as standard input."""
    if "stdin" not in options:
        options["stdin"] = subprocess.DEVNULL if given is None else subprocess.PIPE
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    with running(*arguments, folder=folder, **streams) as process:
        out, err = process.communicate(given, timeout=300)
    return Run(
        process.returncode, (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace")
    )
