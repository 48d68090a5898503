"""Where turbosat is that cannot do all: other systems, frozen programs, users without processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

QUEENS = str(ROOT / "examples" / "queens-16.cnf")


def python(code: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("module", ["resource", "fcntl"])
def test_other_systems_are_refused_in_one_line(module: str) -> None:
    blocked = f"import sys; sys.modules[{module!r}] = None; sys.platform = 'win32'\n"
    said = "turbosat solves formulas on Linux, and on macOS without its limits of memory: this is win32"
    code, out, err = python(
        f"{blocked}try:\n    from turbosat import solve\nexcept ImportError as error:\n    print(error)"
    )
    assert (code, out, err) == (0, f"{said}\n", "")
    code, out, err = python(f"{blocked}from turbosat.cli.main import main; main()", QUEENS)
    assert (code, out, err) == (1, "", f"turbosat: error: {said}\n")
    assert python(f"{blocked}from turbosat import Deadline, Formula, Result")[0] == 0


FROZEN = "import sys; sys.frozen = True\n"
EMBEDDED = "import sys; sys.executable = '/bin/sh'; sys.exec_prefix = '/nowhere'\n"


@pytest.mark.parametrize("made", [FROZEN, EMBEDDED])
def test_a_program_without_an_interpreter_starts_no_more_of_itself(made: str, hard: Path) -> None:
    code, out, err = python(
        f"{made}from turbosat.cli.main import main; main()",
        "-v",
        "-j2",
        "--time",
        "4",
        "--pool-after=0",
        str(hard),
    )
    assert (code, err) == (0, "")
    assert out.count("needs a Python interpreter of its own") == 1
    started = {line.split()[3] for line in out.splitlines() if " started " in line}
    assert started
    assert all(lane.startswith("kissat") for lane in started)
    assert " failed " not in out


@pytest.mark.parametrize("made", [FROZEN, EMBEDDED])
def test_who_insists_on_such_a_lane_is_told(made: str) -> None:
    """The command's lane is a copy of the command; in a user's program it would have to be an interpreter."""
    asked = f"from turbosat import solve; solve({QUEENS!r}, engine='gradient')"
    code, out, err = python(f"{made}{asked}")
    assert (code, out) == (1, "")
    assert "needs a Python interpreter of its own" in err.splitlines()[-1]
    run = python(f"{made}from turbosat.cli.main import main; main()", "-q", "-n", "--engine=gradient", QUEENS)
    assert run == (10, "s SATISFIABLE\n", "")


def test_an_embedded_python_finds_its_interpreter() -> None:
    code = "import sys; sys.executable = '/bin/sh'\nfrom turbosat.cdcl.process.binaries import find_python"
    installed = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = python(f"{code}\nprint(find_python('lane'))")[1].strip()
    assert found == os.path.join(sys.exec_prefix, "bin", installed)


def test_a_user_without_processes() -> None:
    """OpenBLAS would interrupt a process that may start no thread."""
    command = [sys.executable, "-m", "turbosat", "-q", QUEENS]
    if os.getuid() == 0:
        if shutil.which("setpriv") is None or shutil.which("prlimit") is None:
            pytest.skip("root may start as many processes as it likes")
        only = "-all,+dac_override"  # to read this checkout wherever it is
        caps = [f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}"]
        command = ["setpriv", "--reuid=54321", "--clear-groups", *caps, "prlimit", "--nproc=1", *command]
    else:
        command = ["prlimit", "--nproc=1", *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("turbosat: error: kissat: cannot start ")
    assert done.stderr.count("\n") == 1
