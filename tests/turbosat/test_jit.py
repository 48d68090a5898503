"""The solver's kernels: compiled anew when anything they are made from has changed."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.caching import CacheImpl

from turbosat import jit

PACKAGE = Path(jit.__file__).parent


def test_changed_constants_are_compiled_anew(tmp_path: Path) -> None:
    """A kernel of a copy of the package takes a constant from gpu/rules.py, which an update changes."""
    package = tmp_path / "turbosat"
    for pattern in ("__init__.py", "gpu/__init__.py", *jit.MODULES):
        for file in PACKAGE.glob(pattern):
            target = package / file.relative_to(PACKAGE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    (package / "gpu" / "kernels_probe.py").write_text(
        "from turbosat.gpu.rules import WEIGHT_ONE\nfrom turbosat.jit import jit\n\n\n"
        "@jit\ndef probe(x):\n    return x + WEIGHT_ONE\n"
    )
    code = (
        "from turbosat.gpu.kernels_probe import WEIGHT_ONE, probe;"
        "print(probe(0) == WEIGHT_ONE, WEIGHT_ONE, sum(probe.stats.cache_hits.values()))"
    )
    alone = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}

    def run() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", code], env=inherited | alone, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    right, before, hits = run()
    assert (right, hits) == ("True", "0")
    assert run() == ["True", before, "1"]
    rules = package / "gpu" / "rules.py"
    rules.write_text(rules.read_text() + "\nWEIGHT_ONE = 12345  # type: ignore\n")
    assert run() == ["True", "12345", "0"]


def test_the_digest_holds_whatever_kernels_are_made_from() -> None:
    """Every module with kernels, and all that these import of turbosat, directly or not."""

    def path(module: str) -> Path | None:
        place = PACKAGE.parent / module.replace(".", "/")
        return next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.exists()), None)

    digested = {file for pattern in jit.MODULES for file in PACKAGE.glob(pattern)}
    todo = [
        file
        for folder in ("gpu", "encodings")
        for file in (PACKAGE / folder).glob("*.py")
        if "turbosat.jit import" in file.read_text()
    ]
    found = set(todo)
    while todo:
        for node in ast.walk(ast.parse(todo.pop().read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("turbosat"):
                for name in [node.module or "", *(f"{node.module}.{name.name}" for name in node.names)]:
                    file = path(name)
                    if file is not None and file.name != "__init__.py" and file not in found:
                        found.add(file)
                        todo.append(file)
    assert found
    assert found <= digested
    assert jit._DIGEST is not None


def test_kernels_compile_where_no_cache_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    assert jit.jit(lambda x: x + 1)(1) == 2
