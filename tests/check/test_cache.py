"""A library of other declarations is never used: neither in a checkout nor in an installation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from turbosat.check import library

PACKAGE = Path(library.__file__).parents[1]
SATISFIABLE = "p cnf 2 1\n1 2 0\n"
HONEST = "not verified: the proof ends without a conflict"


def copied(folder: Path) -> Path:
    """Copy the checker and the tool that builds it, and nothing that is built or compiled of them."""
    for part in ("check", "core"):
        kept_out = shutil.ignore_patterns("__pycache__", "lib")
        shutil.copytree(PACKAGE / part, folder / "turbosat" / part, ignore=kept_out)
    (folder / "turbosat" / "__init__.py").touch()
    return folder / "turbosat" / "check"


def judge(folder: Path) -> tuple[str, str]:
    """Check an empty proof of a satisfiable formula with the checker in a folder: answer and complaint."""
    code = (
        "from turbosat.check import CoreError, check_proof as c\n"
        "try:\n"
        f"    v = c({SATISFIABLE.encode()!r}, b'')\n"
        "    print(v.outcome, v.reason, sep=': ')\n"
        "except CoreError as error:\n"
        "    raise SystemExit(str(error))\n"
    )
    # Constants can be exchanged within the second that tells one .pyc from the next.
    alone = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    inherited = {name: value for name, value in os.environ.items() if name != "TURBOSAT_CHECK_CORE"}
    run = subprocess.run([sys.executable, "-c", code], env=inherited | alone, capture_output=True, text=True)
    return run.stdout.strip(), run.stderr.strip()


def exchange(checker: Path) -> None:
    """Exchange two constants, as an update would: kernels that mean the old ones could verify anything."""
    declared = checker / "kernels.py"
    text = declared.read_text()
    assert text.count("DONE, MORE = range(2)") == 1
    declared.write_text(text.replace("DONE, MORE = range(2)", "MORE, DONE = range(2)"))


def test_a_checkout_is_built_anew(tmp_path: Path) -> None:
    checker = copied(tmp_path)
    assert judge(tmp_path) == (HONEST, "")
    (built,) = (checker / "lib").glob("*.so")
    exchange(checker)
    assert judge(tmp_path) == (HONEST, "")
    (rebuilt,) = (checker / "lib").glob("*.so")
    assert rebuilt != built


def test_an_installation_refuses_what_does_not_belong_to_it(tmp_path: Path) -> None:
    checker = copied(tmp_path)
    assert judge(tmp_path) == (HONEST, "")
    for source in checker.rglob("*.[ch]"):
        source.unlink()
    assert judge(tmp_path) == (HONEST, "")
    exchange(checker)
    out, err = judge(tmp_path)
    assert out == ""
    assert "does not belong to this turbosat-check" in err
