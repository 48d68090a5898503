"""What a device is worth to turbosat: one command for a machine that is lent for some minutes.

python -m turbosat.benchmarks.studies.lease -o lease.json          on a machine with a CUDA device
python -m turbosat.benchmarks.studies.lease --dry -o dry.json      what of it needs no device

Each row runs in a process of its own within its own limit: what breaks or hangs costs its row only. The file
has the predictions beside the readings, and a verdict on what each row decides.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

from turbosat.benchmarks.studies.rows import ROWS, Row
from turbosat.errors import DeviceError, TurbosatError
from turbosat.gpu.cuda import nvrtc
from turbosat.gpu.cuda.context import open_context, unusable
from turbosat.gpu.cuda.driver import Attribute
from turbosat.system import available_cores
from turbosat.version import __version__

TOTAL = 540.0  # seconds
PACKAGES = ("numpy", "torch", "triton", "nvidia-cuda-nvrtc")


def machine() -> dict[str, Any]:
    """Return the device, what its driver and the compiler are, and the host."""
    context, compiler = open_context(), nvrtc.find()
    found: dict[str, Any] = {
        "turbosat": __version__,
        "host": f"{platform.machine()}, {available_cores()} cores",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "nvrtc": None if compiler is None else compiler.version,
        "date": date.today().isoformat(),
        "device": None,
    }
    if context is not None:
        found["device"] = context.name
        found["driver"] = context.version
        found["attributes"] = {each.name.lower(): context.attribute(each) for each in Attribute}
        context.close()
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def read(row: Row, *, dry: bool, left: float) -> dict[str, Any]:
    """Run a row in a process of its own; return its part of the file."""
    command = [sys.executable, "-m", __spec__.name, "--row", row.name, *(["--dry"] if dry else [])]
    begin, limit = time.perf_counter(), min(row.seconds, left)
    part: dict[str, Any] = {"row": row.name, "predicted": row.predicted, "gives_up": row.kill}
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return {**part, "seconds": limit, "verdict": "not read", "why": f"it took more than {limit:.0f} s"}
    part["seconds"] = round(time.perf_counter() - begin, 2)
    if run.returncode:
        return {**part, "verdict": "not read", "why": run.stderr.strip()[-800:]}
    part["readings"] = json.loads(run.stdout)
    return {**part, "verdict": "not read" if dry else verdict(row, part["readings"])}


def verdict(row: Row, readings: dict[str, Any]) -> str:
    """Say what readings mean."""
    try:
        return "holds" if row.holds(readings) else f"gives up {row.kill}"
    except (KeyError, TypeError, ValueError) as error:
        return f"cannot be judged: {error!r}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows and write the file; return the exit code."""
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(description="Measure what a CUDA device is worth to turbosat.")
    parser.add_argument("--dry", action="store_true", help="do what needs no device")
    parser.add_argument("--rows", nargs="*", choices=names, default=names, metavar="ROW")
    parser.add_argument("--row", choices=names, help="run one row here, and print its readings")
    parser.add_argument("-o", "--output", type=Path, default=Path("lease.json"))
    options = parser.parse_args(arguments)
    if not options.dry and (reason := unusable()) is not None:
        print(f"lease: {reason} (--dry does what needs none)", file=sys.stderr)
        return 2
    if options.row is not None:
        (row,) = (each for each in ROWS if each.name == options.row)
        try:
            print(json.dumps(row.run(None if options.dry else open_context())))
        except (TurbosatError, ValueError) as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    end = time.perf_counter() + TOTAL
    try:
        device = machine()
    except DeviceError as error:
        print(f"lease: {error}", file=sys.stderr)
        return 2
    report = {
        **device,
        "command": shlex.join(sys.argv if arguments is None else arguments),
        "dry": options.dry,
    }
    report["rows"] = []
    for row in ROWS:
        if row.name in options.rows:
            report["rows"].append(read(row, dry=options.dry, left=max(1.0, end - time.perf_counter())))
            options.output.write_text(json.dumps(report, indent=1) + "\n")  # what is read stays read
            print(f"{row.name}: {report['rows'][-1]['verdict']}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
