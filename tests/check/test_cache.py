"""The cache of compiled kernels: keyed by all they are made from, and never in the way."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from turbosat.check import jit

CHECKER = Path(jit.__file__).parent
SATISFIABLE = "p cnf 2 1\n1 2 0\n"


def copied(folder: Path) -> Path:
    """Copy the checker, and nothing else of turbosat, without what is compiled of it."""
    shutil.copytree(CHECKER, folder / "turbosat" / "check", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "turbosat" / "__init__.py").touch()
    return folder / "turbosat" / "check"


def judge(folder: Path, **environment: str) -> str:
    """Check an empty proof of a satisfiable formula with the checker in a folder."""
    code = (
        "from turbosat.check import check_proof as c;"
        f"v = c({SATISFIABLE.encode()!r}, b'');"
        "print(v.outcome, v.reason, sep=': ')"
    )
    # Constants can be exchanged within the second that tells one .pyc from the next.
    alone = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=inherited | alone | environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout.strip()


def test_exchanged_constants_are_compiled_anew(tmp_path: Path) -> None:
    """Kernels that still say DONE as REFUTED is said now would verify any proof."""
    checker = copied(tmp_path)
    honest = "not verified: the proof ends without a conflict"
    assert judge(tmp_path) == honest
    compiled = set((checker / "__pycache__").glob("*.nb[ci]"))
    assert compiled
    state = checker / "state.py"
    text = state.read_text()
    assert text.count("DONE, MORE, REFUTED") == 1
    state.write_text(text.replace("DONE, MORE, REFUTED", "REFUTED, MORE, DONE"))
    assert judge(tmp_path) == honest
    assert set((checker / "__pycache__").glob("*.nb[ci]")) > compiled


@pytest.mark.parametrize("state", ["full", "damaged"])
def test_a_cache_that_is_of_no_use_does_not_matter(tmp_path: Path, state: str) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    code = (
        "import turbosat.check.jit as jit\n"
        "@jit.kernel\ndef f(x):\n    return x + 1\n"
        "assert f(1) == 2\n"
        "print(sum(f.stats.cache_hits.values()))\n"
    )
    script = tmp_path / "script.py"

    def run(prefix: str = "") -> str:
        script.write_text(prefix + code)
        done = subprocess.run(
            [sys.executable, str(script)],
            env=os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(CHECKER.parents[1])},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    if state == "full":  # files can be made, but nothing written to them
        assert (
            run(
                "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
            )
            == "0\n"
        )
        assert not list(cache.rglob("*.nbc"))
    else:
        assert run() == "0\n"
        assert run() == "1\n"
        for file in cache.rglob("*.nbc"):
            file.write_bytes(file.read_bytes()[:100])
        assert run() == "0\n"
        for file in cache.rglob("*.nbi"):
            file.write_bytes(b"")
        assert run() == "0\n"
        assert run() == "1\n"


def test_the_digest_holds_whatever_kernels_are_made_from() -> None:
    """Every module that has kernels, and every module of the checker that these take a name from."""
    made_from = {"jit.py"}
    for path in CHECKER.glob("*.py"):
        tree = ast.parse(path.read_text())
        kernels = [
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            and any(isinstance(mark, ast.Name) and mark.id == "kernel" for mark in node.decorator_list)
        ]
        if kernels:
            made_from.add(path.name)
        used = {
            name.id
            for kernel in kernels
            for body in kernel.body
            for name in ast.walk(body)
            if isinstance(name, ast.Name)
        }
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("turbosat"):
                for name in node.names:
                    if (name.asname or name.name) in used:
                        home = (node.module or "").removeprefix("turbosat.check").removeprefix(".")
                        made_from.add(f"{home or name.name}.py")
    assert made_from == set(jit.MODULES)
    assert jit._DIGEST is not None
