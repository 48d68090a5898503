"""Importing turbosat, and solving an easy file, must load nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "ray", "scipy", "triton", "highspy")


def modules_after(code: str) -> set[str]:
    probe = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stderr.split())


def test_import_turbosat_loads_nothing_heavy() -> None:
    assert not modules_after("import turbosat").intersection({*HEAVY, "numpy", "pysat", "typer"})


@pytest.mark.parametrize("file", ["queens-16.cnf", "pigeons-8.cnf", "lights-out.cnf"])
def test_solving_an_easy_file_loads_nothing_heavy(file: str) -> None:
    loaded = modules_after(f"from turbosat.cli.main import run; run(['-n', 'examples/{file}'])")
    assert not loaded.intersection({*HEAVY, "pysat"})


@pytest.mark.parametrize("options", [["-n"], [], ["--json", "/dev/null", "-q"], ["-j1"]])
@pytest.mark.parametrize("file", ["queens-16.cnf", "pigeons-8.cnf"])
def test_what_lane_0_settles_in_its_head_start_takes_no_numpy(file: str, options: list[str]) -> None:
    code = f"""
import turbosat.run.scheduler as rules
rules.HEAD_START = rules.ONLY_CORE = 600.0
import turbosat.run.pipeline as pipeline
pipeline.MEANWHILE = ()  # what is loaded to pass the time
from turbosat.cli.main import run
assert run([*{options}, 'examples/{file}']) in (10, 20)
"""
    assert not modules_after(code).intersection({*HEAVY, "numpy", "dataclasses", "pathlib", "typer"})


def test_nothing_heavy_is_loaded_in_its_head_start() -> None:
    code = """
from importlib import import_module
from turbosat.run.pipeline import MEANWHILE
for name in MEANWHILE:
    import_module(name)
"""
    assert not modules_after(code).intersection({*HEAVY, "numpy"})


def test_kissat_starts_before_numpy_is_imported() -> None:
    code = """
import turbosat.cdcl.lanes.race as race
add = race.Race.add
def watched(self, *rest, **more):
    assert self.lanes or 'numpy' not in sys.modules, 'numpy came before Kissat'
    print('started')
    return add(self, *rest, **more)
race.Race.add = watched
import turbosat.run.scheduler as rules
rules.ONLY_CORE = 0.0
from turbosat.cli.main import run
run(['-j1', 'examples/queens-16.cnf'])
"""
    assert "numpy" in modules_after(code)
