import json
from dataclasses import replace
from pathlib import Path

import pytest

from turbosat.benchmarks.studies import lease
from turbosat.benchmarks.studies.rows import ROWS, Row
from turbosat.errors import DeviceError
from turbosat.gpu.cuda import nvrtc
from turbosat.gpu.cuda.context import unusable


def row(name: str) -> Row:
    (found,) = (each for each in ROWS if each.name == name)
    return found


def dry_run(folder: Path, *names: str) -> list[dict[str, object]]:
    """Return the rows of a dry run's file."""
    output = folder / "lease.json"
    assert lease.main(["--dry", "-o", str(output), "--rows", *names]) == 0
    report = json.loads(output.read_text())
    assert report["dry"]
    assert report["command"].startswith("--dry")
    assert {"device", "nvrtc", "packages", "date", "host"} <= report.keys()
    rows: list[dict[str, object]] = report["rows"]
    return rows


def test_a_row_without_a_device(tmp_path: Path) -> None:
    (part,) = dry_run(tmp_path, "equality")
    assert part["readings"] == {"cases": 4, "differing": []}
    assert part["verdict"] == "not read"
    assert part["predicted"] == {"differing": []}


@pytest.mark.slow
@pytest.mark.skipif(nvrtc.find() is None, reason=str(nvrtc.missing()))
def test_all_rows_without_a_device(tmp_path: Path) -> None:
    parts = dry_run(tmp_path, *(each.name for each in ROWS))
    assert [part["row"] for part in parts] == [each.name for each in ROWS]
    assert all("readings" in part for part in parts), parts


def test_a_row_that_breaks_or_hangs_costs_its_row_only() -> None:
    slow = lease.read(replace(row("equality"), seconds=0.01), dry=True, left=60)
    assert slow["why"] == "it took more than 0 s"
    broken = lease.read(replace(row("equality"), name="absent"), dry=True, left=60)
    assert "invalid choice" in broken["why"]
    assert slow["verdict"] == broken["verdict"] == "not read"


def test_all_rows_together_end_in_time() -> None:
    assert lease.TOTAL <= 540
    assert (
        sum(each.seconds for each in ROWS) <= 660
    )  # limits; what is left is given to the rows in their order


def test_verdicts() -> None:
    walks = row("walks")
    fast = {f"{name} {crowd}": {"flips_a_second": 1e8 * crowd} for name in ("a", "b") for crowd in (4, 8)}
    assert lease.verdict(walks, fast) == "holds"
    slow = {**fast, "c 4": {"flips_a_second": 1e8}}
    assert lease.verdict(walks, slow).startswith("gives up teams that walk")
    assert lease.verdict(row("equality"), {"differing": ["r3-500 32"]}).startswith("gives up teams")
    assert lease.verdict(row("sweep"), {}).startswith("cannot be judged")
    gains = {f"{name} gain": gain for name, gain in (("a", 1.0), ("b", 2.5), ("c", 9.0))}
    assert lease.verdict(row("solutions"), gains) == "holds"


def test_a_device_that_refuses_is_a_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        raise DeviceError("cuDevicePrimaryCtxRetain failed")

    monkeypatch.setattr(lease, "unusable", lambda: None)
    monkeypatch.setattr(lease, "open_context", refused)
    assert lease.main([]) == 2
    assert capsys.readouterr().err == "lease: cuDevicePrimaryCtxRetain failed\n"


@pytest.mark.skipif(unusable() is None, reason="there is a device")
def test_without_a_device_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert lease.main([]) == 2
    assert "--dry" in capsys.readouterr().err
