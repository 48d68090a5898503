"""SymbiYosys with turbosat as its engines, on the project of the documentation; skipped where it is not."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

SBY = shutil.which("sby") or shutil.which("yowasp-sby")
PREFIX = "" if SBY is None or "yowasp" not in SBY else "yowasp-"
PROJECT = re.search(r"^```ini\n(.*?)^```", (ROOT / "docs" / "circuits.md").read_text(), re.M | re.S)
DESIGN = """
module counter(input clk, input rst, input enable, output reg [3:0] count);
    parameter LAST = 9;
    initial count = 0;
    always @(posedge clk)
        if (rst) count <= 0;
        else if (enable) count <= count == LAST ? 0 : count + 1;
`ifdef FORMAL
    always @(posedge clk) assert (count <= 9);
`endif
endmodule
"""

pytestmark = pytest.mark.skipif(SBY is None, reason="SymbiYosys is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with the project, and programs by the names that it calls them by."""
    assert PROJECT is not None
    (tmp_path / "counter.sby").write_text(PROJECT[1].replace("vcd off", "vcd off\naigsmt none"))
    (tmp_path / "counter.sv").write_text(DESIGN)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("aigbmc", "ric3"):
        code = f"from turbosat.verify.cli.shims import {name}; {name}()"
        script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -c {shlex.quote(code)} "$@"\n'
        (programs / f"turbosat-{name}").write_text(script)
    for name in ("yosys", "yosys-witness", "yosys-smtbmc"):
        path = shutil.which(f"{PREFIX}{name}")
        if path is not None:
            (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(path)} "$@"\n')
    for script_file in programs.iterdir():
        script_file.chmod(0o755)
    return tmp_path


def checked(place: Path, task: str) -> tuple[int, str]:
    """Run a task; return its exit code and what it says."""
    path = os.pathsep.join([str(place / "programs"), os.environ.get("PATH", os.defpath)])
    more = {"AIGBMC": "turbosat-aigbmc", "RIC3": "turbosat-ric3", "PYTHONPATH": str(ROOT), "PATH": path}
    command = [SBY or "sby", "-f", "counter.sby", task]
    everything = {**os.environ, **more}
    done = subprocess.run(
        command, cwd=place, env=everything, capture_output=True, text=True, timeout=900, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow  # Yosys compiled to WebAssembly takes minutes at its first start
@pytest.mark.parametrize("task", ["bounded", "proven"])
def test_a_project_passes_and_fails(place: Path, task: str) -> None:
    code, out = checked(place, task)
    assert code == 0, out
    assert "DONE (PASS, rc=0)" in out
    design = place / "counter.sv"
    design.write_text(design.read_text().replace("LAST = 9", "LAST = 12"))
    code, out = checked(place, task)
    assert code == 2, out
    assert "DONE (FAIL, rc=2)" in out
    trace = place / f"counter_{task}" / "engine_0" / "trace.aiw"
    assert trace.read_text().startswith("1\nb0\n")
    assert "Converted 12 time steps" in out or "Converted 11 time steps" in out
