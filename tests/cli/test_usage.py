"""What a run says it spent is its own: not what this program spent before, or on other children meanwhile."""

import json
import subprocess
import sys
import time

import pytest

from tests.processes import ROOT
from turbosat import solve

pytestmark = pytest.mark.usefixtures("no_children_left")
EXAMPLE = ROOT / "examples" / "pigeons-8.cnf"
WORK = "import time\nwhile time.process_time() < 1.5: pass"


def test_cpu_seconds_are_those_of_one_run() -> None:
    first = solve(EXAMPLE, workers=1).statistics["cpu_seconds"]
    begin = time.process_time()
    while time.process_time() - begin < 1.5:
        pass
    subprocess.run([sys.executable, "-c", WORK], check=True)
    second = solve(EXAMPLE, workers=1).statistics["cpu_seconds"]
    assert first > 0
    assert second < first + 1.0


def test_another_child_that_ends_meanwhile_is_not_the_runs() -> None:
    # In a small process: a child's peak is at least the memory of the one that it was forked from.
    code = f"""
import json, subprocess, sys
from turbosat import Event, solve
def work(event: Event) -> None:
    if event.kind == "started":
        subprocess.run([sys.executable, "-c", "data = b'x' * 300_000_000\\n" + {WORK!r}], check=True)
run = solve({str(EXAMPLE)!r}, workers=1, pool=False, engine="cdcl", on_event=work)
print(json.dumps(run.statistics))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    statistics = json.loads(done.stdout)
    assert 0 < statistics["cpu_seconds"] < 1.2
    assert 1_000_000 < statistics["largest_child_peak_bytes"] < 200_000_000
