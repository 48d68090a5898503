"""What a run is born into: ignored signals, limits of the shell, few descriptors, no room for pipes."""

import ctypes
import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.proof.outputs import proves, run

PR_CAPBSET_DROP, CAP_SYS_ADMIN, CAP_SYS_RESOURCE = 24, 21, 24
REFUSED = """
import fcntl, os
from turbosat import solve
pipes = []
try:
    while len(pipes) < 2048:
        pipes.append(os.pipe())
        fcntl.fcntl(pipes[-1][0], fcntl.F_SETPIPE_SZ, 1 << 20)
except PermissionError:
    print(len(pipes))
result = solve([[1, 2], [-1, 2], [1, -2], [-1, -2]], workers=2, pool=False)
print(result.status.name, [lane["state"] for lane in result.statistics["lanes"]].count("failed"))
"""


def ignoring() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


@pytest.mark.parametrize("flags", [(), ("-j1", "--engine=cdcl"), ("--deterministic",)])
@pytest.mark.parametrize("proof", [True, False])
def test_a_parent_that_ignores_its_children(
    proof: bool, flags: tuple[str, ...], formula: Path, out: Path
) -> None:
    words = (formula, "proof") if proof else (formula,)
    assert run("-q", *flags, *words, cwd=out, preexec_fn=ignoring) == (20, b"s UNSATISFIABLE\n", b"")
    if proof:
        assert proves(formula, (out / "proof").read_bytes())


@pytest.mark.parametrize("how", ["SIG_IGN", "lambda *_: reap()"])
def test_a_program_that_ignores_or_reaps_its_children(how: str, formula: Path) -> None:
    code = f"""
import os, signal, sys, turbosat
def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
from signal import SIG_IGN
signal.signal(signal.SIGCHLD, {how})
print(turbosat.solve(sys.argv[1], engine="cdcl", workers=1).status.name)
print(turbosat.solve([[1, 2], [-1]], engine="cdcl", workers=1, mix="kissat").model.tolist())
"""
    command = [sys.executable, "-c", code, str(formula)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("UNSATISFIABLE\n[-1, 2]\n", "")


def test_a_limit_beyond_what_kissat_can_count(formula: Path, out: Path) -> None:
    code, said, complained = run("-v", "--time=1e10", formula, "proof", cwd=out)
    assert (code, said.splitlines()[-1], complained) == (20, b"s UNSATISFIABLE", b"")
    assert b" failed " not in said
    assert proves(formula, (out / "proof").read_bytes())


def limited(what: int, value: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(what, (value, value))


def test_a_limit_of_the_shell_below_ours(formula: Path, out: Path) -> None:
    shell = limited(resource.RLIMIT_AS, 6 << 30)
    words = ("-v", "-n", "-j2", "--no-pool", "--memory=9000", "--json=run.json", "--time=30")
    code, said, complained = run(*words, formula, cwd=out, preexec_fn=shell)
    assert (code, complained) == (20, b"")
    assert b"started kissat" in said
    assert "failed" not in {lane["state"] for lane in json.loads((out / "run.json").read_text())["lanes"]}
    alone = ("--engine=cdcl", "-j1", "--mix=cadical", "--memory=9000")
    assert run(*alone, formula, cwd=out, preexec_fn=shell)[0] == 20


@pytest.mark.parametrize("proof", [(), ("proof",)])
@pytest.mark.parametrize("descriptors", range(12, 30, 6))
def test_few_descriptors_cost_lanes_at_most(
    descriptors: int, proof: tuple[str, ...], formula: Path, out: Path
) -> None:
    few = limited(resource.RLIMIT_NOFILE, descriptors)
    words = ("-q", "-j2", "--no-pool", "--time=30")
    code, said, complained = run(*words, formula, *proof, cwd=out, preexec_fn=few)
    if code == 20:
        assert (said, complained) == (b"s UNSATISFIABLE\n", b"")
    else:
        assert (code, said, complained.count(b"\n")) == (1, b"", 1)
        assert b"Too many open files" in complained
        assert descriptors < 24


def test_no_room_for_large_pipes_is_no_end() -> None:
    """The pipes of a user who is not root have 64 MiB together."""
    libc = ctypes.CDLL(None)

    def unprivileged() -> None:
        for capability in (CAP_SYS_RESOURCE, CAP_SYS_ADMIN):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))

    command = [sys.executable, "-c", REFUSED]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, preexec_fn=unprivileged
    )
    if done.stdout.count("\n") < 2:
        pytest.skip("pipes may have all the memory there is")
    assert done.stdout.splitlines()[-1] == "UNSATISFIABLE 0"
