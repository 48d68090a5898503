"""Copies of this process: like children with an interpreter of their own, but sooner there."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.families import dimacs, endless
from tests.processes import ROOT, descendants, eventually, gone, processes, start

PROGRAM = """
import json, os, signal, sys, time
from turbosat.cdcl.process.child import Child
from turbosat.cdcl.process.fork import permit, possible
permit()
assert possible()
signal.signal(signal.SIGTERM, lambda *_: os.write(2, b"the parent's handler\\n"))
secret, unread = os.open("/dev/null", os.O_RDONLY), os.pipe()[1]
kept = os.open("/dev/null", os.O_RDONLY)
"""

LOOK = """
def look():
    files = sorted(set(map(int, os.listdir("/proc/self/fd"))))
    print(json.dumps({
        "files": [each for each in files if os.path.exists(f"/proc/self/fd/{each}")],
        "input": os.read(0, 1).decode(),
        "term": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "parent": os.getppid(),
    }), flush=True)
    print("oh", file=sys.stderr, flush=True)
child = Child(look, keep=[kept], deaf=True)
assert child.exit_code(10.0) == 0
first, rest = child.read().decode().splitlines()
print(json.dumps({**json.loads(first), "rest": rest, "kept": kept, "self": os.getpid()}))
child.stop()
"""


def run(code: str) -> str:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM + code]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert not done.stderr
    return done.stdout


def test_a_copy_inherits_nothing_but_what_it_is_given() -> None:
    found = json.loads(run(LOOK))
    assert set(found["files"]) == {0, 1, 2, found["kept"]}
    assert found["input"] == ""
    assert found["term"]
    assert found["blocked"] == [signal.SIGINT]
    assert found["parent"] == found["self"]
    assert found["rest"] == "oh"


def test_what_the_parent_has_yet_to_collect_closes_no_descriptor_of_a_copy() -> None:
    told = run(
        "import gc; gc.disable()\n"
        "class Ring: pass\n"
        "ring = Ring()\n"
        "ring.self, ring.file = ring, open('/dev/null')\n"
        "del ring\n"
        "def collect():\n"
        "    own = [os.open('/dev/zero', os.O_RDONLY) for _ in range(9)]\n"
        "    gc.collect()\n"
        "    print(sum(len(os.read(each, 1)) for each in own), flush=True)\n"
        "child = Child(collect, deaf=True)\n"
        "print(child.exit_code(10.0), child.read().decode())\n"
    )
    assert told.split() == ["0", "9"]


def test_what_a_copy_dies_of_is_told_as_by_an_interpreter() -> None:
    told = run(
        "def fail(): raise MemoryError\n"
        "child = Child(fail, deaf=True)\n"
        "print(child.exit_code(10.0), child.read().decode().splitlines()[-1])\n"
    )
    assert told == "1 MemoryError\n"


def test_a_copy_keeps_to_its_limit_of_memory() -> None:
    told = run(
        "def take(): return bytearray(1 << 30)\n"
        "child = Child(take, memory_limit=1 << 29, deaf=True)\n"
        "print(child.exit_code(10.0), child.read().decode().splitlines()[-1])\n"
    )
    assert told == "1 MemoryError\n"


def test_a_copy_dies_with_its_parent() -> None:
    code = "child = Child(lambda: time.sleep(60), deaf=True)\nprint(child.pid, flush=True)\ntime.sleep(60)\n"
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM + code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert pid in descendants(parent.pid)
        parent.kill()
        assert gone({pid})


@pytest.mark.parametrize(
    "why",
    [
        "import threading; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
        "ballast = bytearray(1 << 28)",
    ],
)
def test_what_has_threads_or_is_large_is_not_copied(why: str) -> None:
    assert run(f"{why}\nprint(possible())\n") == "False\n"


def test_only_programs_of_ours_are_copied() -> None:
    code = "from turbosat.cdcl.process.fork import possible; print(possible())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_copy_that_is_killed_is_noticed_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "hard.cnf"
    file.write_text(dimacs(*endless()))
    process = start("-j", "2", "-v", "--no-pool", "--time=60", file)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "started" in line and "cadical-guided" in line:
                break
        table = processes()
        ours = table[process.pid][1]
        copies = {pid for pid in descendants(process.pid) if table[pid][1] == ours}
        assert len(copies) >= 2  # a descent and CaDiCaL
        for pid in copies:
            os.kill(pid, signal.SIGKILL)
        assert gone(copies)
        assert eventually(lambda: len(descendants(process.pid)) >= 3)
    finally:
        process.terminate()
        process.communicate(timeout=60)
