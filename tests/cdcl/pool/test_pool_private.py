"""Whom a pool lets in: nobody. What it listens on, who may look into its folder, whom it believes."""

import os
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.cdcl.engines.engines import hopeless
from tests.cdcl.pool.pools import come_up, lane, ready
from tests.processes import LATE, descendants, folders, processes, turbosat
from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.pool.pool import Pool
from turbosat.errors import EngineError

TABLES = "tcp", "tcp6", "udp", "udp6"
LISTEN = "0A"


@pytest.fixture(scope="module")
def busy() -> Iterator[Pool]:
    """Return a pool in which both places have a lane."""
    pool = ready(hopeless())
    for kind in ("kissat", "cadical"):
        engine = lane(pool, kind)
        engine.start(hopeless())
        engine.advance(Budget())
        assert engine.poll(1.0) is None
    yield pool
    pool.stop()


def listening(pid: int) -> Iterator[tuple[str, int]]:
    """Yield the addresses and ports at which a process waits for others."""
    try:
        links = [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
        tables = {
            name: Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6", "udp", "udp6")
        }
    except OSError:  # it has ended
        return
    own = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    for name, table in tables.items():
        for line in table.splitlines()[1:]:
            fields = line.split()
            if fields[9] in own and (fields[3] == LISTEN or name.startswith("udp")):
                words, _, port = fields[1].partition(":")
                # Words of four bytes, each in the order of this machine.
                raw = b"".join(
                    int(words[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(words), 8)
                )
                address = ip_address(raw)
                yield str(getattr(address, "ipv4_mapped", None) or address), int(port, 16)


def test_nothing_listens_but_on_the_loopback_interface(busy: Pool) -> None:
    assert busy.about is not None
    found = {(pid, each) for pid in descendants(os.getpid()) for each in listening(pid)}
    assert len({pid for pid, _ in found}) >= 3  # the GCS, the raylet, workers
    assert [each for _, each in found if not ip_address(each[0]).is_loopback] == []


def test_nobody_else_gets_into_its_folder(busy: Pool) -> None:
    (name,) = folders()
    folder = Path(tempfile.gettempdir()) / name
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid == os.geteuid()
    assert any(stat.S_ISSOCK(path.lstat().st_mode) for path in folder.rglob("*"))


@pytest.mark.slow
def test_nobody_joins_without_the_token(busy: Pool) -> None:
    (gcs,) = (pid for pid in descendants(os.getpid()) if "gcs_server" in processes()[pid][1].split()[0])
    (port,) = {port for _, port in listening(gcs)}
    program = f"""
        import ray
        try:
            ray.init(address="127.0.0.1:{port}", logging_level=50, log_to_driver=False)
        except BaseException as error:
            print(type(error).__name__, error)
        else:
            print("joined")
    """
    environment = {**os.environ, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    for mode in ({"RAY_AUTH_MODE": "disabled"}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
            env={**environment, **mode},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=10 * LATE,
        )
        assert done.stdout
        assert "joined" not in done.stdout


@pytest.mark.parametrize("version", ["2.50.1", "2.9.0", "unknown"])
def test_a_ray_that_knows_no_tokens_is_not_used(
    version: str, hard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ray.py").write_text(f"__version__ = {version!r}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, out, err = turbosat("--ray-address", "127.0.0.1:9", hard)
    why = f"needs a newer Ray than {version}: pip install 'ray>=2.52'"
    assert (code, err) == (1, f"turbosat: error: --ray-address {why}\n")
    assert not [line for line in out.splitlines() if line.startswith("s ")]
    pool = Pool(hopeless(), 1)
    try:
        with pytest.raises(EngineError, match="needs a newer Ray"):
            come_up(pool)
    finally:
        pool.stop()
