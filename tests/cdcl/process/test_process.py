"""Children: none outlives its parent, none leaks a descriptor, none costs an import too many."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cdcl.engines.engines import ENGINES, LONG, formula, hopeless, wait
from tests.families import dimacs, endless
from tests.processes import ROOT, descendants, gone, no_more_descriptors
from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.process.child import Child, readable
from turbosat.cdcl.process.python_child import PythonChild
from turbosat.errors import Cause, EngineError

RACE = """
import sys, time
from pathlib import Path
from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.engines.kissat import Kissat
engines = [Kissat(), Cadical()]
for engine in engines:
    engine.start(Path(sys.argv[1]))
    engine.advance(Budget())
print(*[engine.pid for engine in engines], flush=True)
time.sleep(60)
"""

LEAN = """
import sys
from pathlib import Path
from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.engines.kissat import Kissat
engine = Kissat(("--sat",))
engine.start(Path(sys.argv[1]))
engine.advance(Budget())
heavy = {"numpy", "pysat", "json", "socket", "tempfile", "importlib.metadata", "asyncio"}
print(sorted(heavy & set(sys.modules)))
engine.stop()
"""


@pytest.fixture
def hard_file(tmp_path: Path) -> Path:
    path = tmp_path / "hard.cnf"
    path.write_text(dimacs(*endless()))
    return path


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_children_die_with_their_parent(hard_file: Path, death: signal.Signals) -> None:
    command = [sys.executable, "-c", RACE, str(hard_file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = set(map(int, parent.stdout.readline().split()))
        assert len(pids) == 2
        assert pids <= descendants(parent.pid)
        assert {os.getpgid(pid) for pid in pids} == {os.getpgid(parent.pid)}
        time.sleep(0.2)
        parent.send_signal(death)
        assert gone(pids)


def test_kissat_on_a_path_starts_without_anything_heavy(hard_file: Path) -> None:
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + LEAN]
    done = subprocess.run([*command, str(hard_file)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_no_descriptor_and_no_process_is_left(no_children_left: None) -> None:
    def once() -> None:
        for build in ENGINES:
            with build() as engine:
                engine.start(formula([[1], [-1]]))
                wait(engine)
            with build() as engine:
                engine.start(hopeless())
                wait(engine, Budget(seconds=0.02))
            with build() as engine:
                engine.start(hopeless())
                engine.advance(Budget())
                assert engine.pid is not None
                os.kill(engine.pid, signal.SIGKILL)
                with pytest.raises(EngineError):
                    engine.poll(5)
            build().stop()

    once()
    before = descriptors()
    for _ in range(3):
        once()
    # What earlier tests left open may be closed meanwhile.
    assert descriptors().items() <= before.items()


def test_a_lane_whose_model_finds_no_descriptor_is_lost_for_now(no_children_left: None) -> None:
    with Cadical() as engine:
        engine.start(formula([[1, 2], [-1]]))
        engine.advance(Budget())
        assert readable(engine.fileno(), LONG)
        with no_more_descriptors(), pytest.raises(EngineError, match=os.strerror(errno.EMFILE)) as lost:
            engine.poll(LONG)
        assert lost.value.cause is Cause.UNSTARTED  # so that it is started again
        assert engine.pid is None


def test_children_print_nothing_here(capfd: pytest.CaptureFixture[str]) -> None:
    for build in ENGINES:
        with build() as engine:
            engine.start(formula([[1, 2], [-1]]))
            wait(engine)
    assert capfd.readouterr() == ("", "")


def test_what_a_child_said_before_it_ended_is_why_nothing_can_be_sent() -> None:
    child = PythonChild("turbosat.lanes.counting_worker", "counting")
    try:
        child.send("load", {})
        child.send("advance", {})
        assert child.exit_code() is not None or child._child.exit_code(60.0) is not None
        with pytest.raises(EngineError, match="KeyError"):
            child.send("more", {})
    finally:
        child.stop()


def test_what_cannot_be_started_is_an_error() -> None:
    with pytest.raises(EngineError, match="cannot start"):
        Child(["/nowhere/at/all"])


def descriptors() -> dict[str, str]:
    found = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found[entry.name] = os.readlink(entry)
        except OSError:
            continue  # the one that lists
    return found
