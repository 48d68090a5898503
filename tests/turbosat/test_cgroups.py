"""What control groups grant: read from made-up hierarchies of both versions, and from real ones."""

import sys
from pathlib import Path

import pytest

from tests import groups
from tests.processes import ROOT
from turbosat import cgroups

MB = 1 << 20


def made_up(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    membership: str,
    mounts: list[tuple[str, str, str, str]],
    files: dict[str, str],
) -> None:
    """Let this process be in groups that are files below a folder; mounts: point, root, type, options."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    lines = ["30 23 0:9 / /proc rw - proc proc rw"]
    for point, root, kind, options in mounts:
        escaped = str(tmp_path / point).replace(" ", r"\040")
        lines.append(f"31 23 0:7 {root} {escaped} rw,relatime shared:3 - {kind} {kind} {options}")
    (tmp_path / "mounts").write_text("\n".join(lines))
    (tmp_path / "membership").write_text(membership)
    monkeypatch.setattr(cgroups, "MOUNTS", str(tmp_path / "mounts"))
    monkeypatch.setattr(cgroups, "MEMBERSHIP", str(tmp_path / "membership"))
    cgroups._hierarchy.cache_clear()


V2 = [("all", "/", "cgroup2", "rw")]


@pytest.mark.parametrize(
    ("membership", "files", "quota"),
    [
        ("0::/a/b\n", {"all/a/cpu.max": "150000 100000\n", "all/a/b/cpu.max": "max 100000\n"}, 1.5),
        ("0::/a/b\n", {"all/a/cpu.max": "400000 100000\n", "all/a/b/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/a\n", {"all/a/cpu.max": "max 100000\n"}, None),
        ("0::/a\n", {"all/a/cpu.max": "nonsense\n"}, None),
        ("0::/a\n", {"all/a/cpu.max": ""}, None),
        ("0::/a\n", {}, None),
        ("0::/../b\n", {"all/cpu.max": "200000 100000\n"}, 2.0),  # outside of what this namespace sees
        ("", {"all/cpu.max": "200000 100000\n"}, None),
    ],
)
def test_quota_of_version_2(
    membership: str,
    files: dict[str, str],
    quota: float | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    made_up(monkeypatch, tmp_path, membership, V2, files)
    assert cgroups.cpu_quota() == quota


def test_version_1_in_a_container_and_beside_version_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A container sees its own group as the root of the mount; blanks in the table of mounts are octal.
    mounts = [
        ("of all", "/", "cgroup2", "rw"),
        ("cpu time", "/docker/7", "cgroup", "rw,cpu,cpuacct"),
        ("memory", "/docker/7", "cgroup", "rw,memory"),
    ]
    files = {
        "cpu time/cpu.cfs_quota_us": "-1\n",
        "cpu time/cpu.cfs_period_us": "100000\n",
        "cpu time/inner/cpu.cfs_quota_us": "250000\n",
        "cpu time/inner/cpu.cfs_period_us": "100000\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/memory.usage_in_bytes": f"{900 * MB}\n",
        "memory/inner/memory.limit_in_bytes": f"{500 * MB}\n",
        "memory/inner/memory.usage_in_bytes": f"{300 * MB}\n",
        "memory/inner/memory.stat": f"inactive_file 1\ntotal_inactive_file {100 * MB}\n",
        "memory/inner/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    }
    membership = "4:memory:/docker/7/inner\n3:cpu,cpuacct:/docker/7/inner\n0::/docker/7\n"
    made_up(monkeypatch, tmp_path, membership, mounts, files)
    assert cgroups.cpu_quota() == 2.5
    assert cgroups.memory_room() == (300 * MB, 500 * MB)
    assert cgroups.memory_kills() == 3


@pytest.mark.parametrize(
    ("files", "room"),
    [
        ({"memory.max": "max", "memory.current": "5"}, None),
        ({"memory.max": f"{8 * MB}", "memory.current": f"{3 * MB}"}, (5 * MB, 8 * MB)),
        (
            {
                "memory.max": f"{8 * MB}",
                "memory.current": f"{3 * MB}",
                "memory.stat": f"inactive_file {2 * MB}",
            },
            (7 * MB, 8 * MB),
        ),
        (
            {"memory.max": f"{8 * MB}", "memory.high": f"{4 * MB}", "memory.current": f"{3 * MB}"},
            (MB, 4 * MB),
        ),
        ({"memory.max": "max", "memory.high": f"{4 * MB}", "memory.current": f"{5 * MB}"}, (-MB, 4 * MB)),
    ],
)
def test_memory_of_version_2(
    files: dict[str, str], room: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    below = {f"all/a/{name}": text for name, text in files.items()}
    made_up(monkeypatch, tmp_path, "0::/a/b\n", V2, {**below, "all/a/b/memory.max": "max"})
    assert cgroups.memory_room() == room


def test_no_groups_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cgroups, "MEMBERSHIP", str(tmp_path / "nothing"))
    assert (cgroups.cpu_quota(), cgroups.memory_room(), cgroups.memory_kills()) == (None, None, 0)


def told(folder: Path, expression: str) -> str:
    code = f"from turbosat import cgroups, system; print(({expression}))"
    return groups.run(folder, [sys.executable, "-c", code], ROOT)[1].strip()


def test_a_real_quota() -> None:
    with groups.group("cpu", groups.quota(1.25)) as folder:
        assert told(folder, "cgroups.cpu_quota(), system.available_cores()") == "(1.25, 1)"


def test_a_real_limit_of_memory() -> None:
    with groups.group("memory", groups.memory(100 * MB)) as folder:
        room, total = eval(told(folder, "system.available_memory()"))
        assert total == 100 * MB
        assert 10 * MB < room < 100 * MB
