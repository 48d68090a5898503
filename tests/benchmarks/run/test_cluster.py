"""turbosat-bench run on a real Ray cluster: the same table as here, whatever dies meanwhile."""

import asyncio
import importlib.util
import lzma
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.bench import SMALL, Words, bench, essence, nasty, start, table
from tests.benchmarks.run.ray_cluster import RayCluster
from tests.families import dimacs, pigeonhole, random_ksat
from tests.processes import LATE, allowance
from turbosat.benchmarks.gbd_hash import describe
from turbosat.benchmarks.run import node_runner as node_runner
from turbosat.benchmarks.run.cluster import joined
from turbosat.benchmarks.run.jobs import Errand
from turbosat.benchmarks.run.limits import Limits
from turbosat.benchmarks.run.node_actor import Formula
from turbosat.benchmarks.run.node_runner import claim_cores
from turbosat.benchmarks.run.solvers import parse
from turbosat.benchmarks.store import Experiment
from turbosat.errors import UsageError

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
JOBS = min(2, len(os.sched_getaffinity(0)))
NODE_RUNNER, RUNNER = "turbosat.benchmarks.run.node_runner", "turbosat.benchmarks.run.runner"


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with RayCluster() as cluster:
        cluster.add(JOBS)
        yield cluster


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    for number in range(3):
        (folder / f"random-{number}.cnf").write_text(dimacs(*random_ksat(50, 200 + 5 * number, seed=number)))
    (folder / "pigeons.cnf.xz").write_bytes(lzma.compress(dimacs(*pigeonhole(6, 5)).encode()))
    return folder


def told(err: str) -> str:
    """Return what a run on a cluster said, less what it says where others are on the same machine."""
    return re.sub(r"note: job \d+ (shares its cores: .*|waits for free cores of the cluster)\n", "", err)


@needs_ray
def test_the_same_table_as_here(cluster: RayCluster, suite: Path, tmp_path: Path) -> None:
    order: Words = (suite, "-s", "kissat", "-t", "20", "-m", "500M", "--proofs", "--jobs", str(JOBS))
    there: Words = ("-o", tmp_path / "there", "--ray-address", cluster.address)
    code, _out, err = bench(*order, *there)
    assert (code, told(err)) == (0, "")
    assert bench(*order, "-o", tmp_path / "here")[0] == 0
    runs = table(tmp_path / "there")
    assert essence(runs) == essence(table(tmp_path / "here"))
    assert {run.verified for run in runs.values()} == {"model", "proof"}
    assert all(0 < run.wall < 20 for run in runs.values())
    assert len(list((tmp_path / "there" / "logs").glob("*.out.xz"))) == 4
    with Experiment.open(tmp_path / "there") as experiment:
        assert experiment.header["machine"]["nodes"] == 1
    assert cluster.clean()


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("victim", ["ray::NodeActor", NODE_RUNNER, RUNNER])
def test_whatever_dies_the_table_stays(cluster: RayCluster, victim: str, tmp_path: Path) -> None:
    suite = small_suite(tmp_path)
    order: Words = (suite, *nasty(tmp_path, "sat", "slow", "forks"), "-t", "20", "--jobs", str(JOBS))
    assert bench(*order, "-o", tmp_path / "here")[0] == 1
    expected = essence(table(tmp_path / "here"))
    kills = 0
    with start(*order, "-o", tmp_path / "there", "--ray-address", cluster.address) as process:
        while process.poll() is None and kills < 3:
            if cluster.called("slow.py") and (found := victims(cluster, victim)):
                os.kill(min(found), signal.SIGKILL)
                kills += 1
                time.sleep(1)
            time.sleep(0.02)
        process.communicate(timeout=30 * LATE)
    assert kills >= 2
    assert process.returncode == 1
    runs = table(tmp_path / "there")
    assert essence(runs) == expected
    assert max(run.attempt for run in runs.values()) > 1
    assert cluster.clean()


def victims(cluster: RayCluster, name: str) -> set[int]:
    """Return the actors, or the node runners or runners, which are told by what is above and below them."""
    if name == "ray::NodeActor":
        return cluster.called(name)
    solvers = cluster.called("slow.py")
    parents = {parent(pid) for pid in solvers}
    return parents if name == RUNNER else {parent(pid) for pid in parents}


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def small_suite(folder: Path) -> Path:
    suite = folder / "suite"
    suite.mkdir()
    for number in range(4):
        (suite / f"{number}.cnf").write_text(f"p cnf {number + 2} 2\n1 2 0\n-1 0\n" + "1 2 0\n" * number)
    return suite


@needs_ray
@pytest.mark.slow
def test_a_lost_node(tmp_path: Path) -> None:
    suite = small_suite(tmp_path)
    order: Words = (suite, *nasty(tmp_path, "sat", "slow"), "-t", "20", "--jobs", "2")
    if JOBS == 2:
        assert bench(*order, "-o", tmp_path / "here")[0] == 1
    with RayCluster() as cluster:
        for cores in (0, 1, 1):
            cluster.add(cores)
        address: Words = ("--ray-address", cluster.address)
        with start(*order, "-o", tmp_path / "there", *address) as process:
            while len(cluster.called("slow.py")) < 1:
                assert process.poll() is None
                time.sleep(0.02)
            lost = cluster.nodes.pop()
            os.killpg(lost.pid, signal.SIGKILL)
            lost.wait()
            _out, err = process.communicate(timeout=30 * LATE)
        assert process.returncode == 1, err
        assert cluster.clean()
    runs = table(tmp_path / "there")
    assert len(runs) == 8
    if JOBS == 2:
        assert essence(runs) == essence(table(tmp_path / "here"))


@needs_ray
@pytest.mark.slow
def test_a_killed_harness_leaves_nothing_and_goes_on(cluster: RayCluster, tmp_path: Path) -> None:
    suite = small_suite(tmp_path)
    order: Words = (suite, *nasty(tmp_path, "sat", "slow", "forks"), "-t", "20", "--jobs", str(JOBS))
    assert bench(*order, "-o", tmp_path / "here")[0] == 1
    there: Words = (*order, "-o", tmp_path / "there", "--ray-address", cluster.address)
    with start(*there) as process:
        while not cluster.called("slow.py"):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.communicate()
    assert cluster.clean()
    before = table(tmp_path / "there")
    assert bench(*there)[0] == 1
    after = table(tmp_path / "there")
    assert {key: after[key].started for key in before} == {key: run.started for key, run in before.items()}
    assert essence(after) == essence(table(tmp_path / "here"))


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_ends_everything(cluster: RayCluster, tmp_path: Path, number: int) -> None:
    (tmp_path / "one.cnf").write_text(SMALL)
    order: Words = (tmp_path / "one.cnf", *nasty(tmp_path, "deaf"), "-t", "60", "-o", tmp_path / "out")
    with start(*order, "--ray-address", cluster.address) as process:
        while not cluster.called("deaf.py"):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=30 * LATE)
    assert (process.returncode, out) == (130, "")
    assert err == "turbosat-bench: interrupted after 0 of 1 runs; the same command goes on\n"
    assert cluster.clean(within=allowance(1))


@needs_ray
@pytest.mark.slow
def test_too_small_a_cluster(cluster: RayCluster, tmp_path: Path) -> None:
    order: Words = (".", "-s", "kissat", "-o", tmp_path / "out", "--ray-address", cluster.address)
    code, out, err = bench(*order, "--jobs", "64", "--cores", "1")
    assert (code, out) == (1, "")
    assert err == (f"turbosat-bench: error: the cluster has room for {JOBS} jobs of 1 cores, not for 64\n")
    code, _, err = bench(*order, "--memory", "900T")
    assert "room for 0 jobs of 1 cores and" in err
    assert not (tmp_path / "out").exists()


@needs_ray
@pytest.mark.slow
def test_formulas_are_sent_where_they_are_not_shared(
    cluster: RayCluster, suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(path: str) -> Formula:
        return Formula(path, os.stat(path).st_size, 1)  # no node has this one

    monkeypatch.setattr(Formula, "of", elsewhere)
    logs = tmp_path / "logs"
    logs.mkdir()
    files = sorted(suite.iterdir())
    limits = Limits(20.0, 100.0, 1 << 30, 1 << 30)

    async def runs() -> None:
        job = joined_cluster.jobs(logs)[0]
        await job.warm()
        try:
            for file in files:
                description = describe(file)
                assert (await job.describe(file))["hash"] == description.hash
                errand = Errand(description.hash, str(file), description.variables, 0, limits, 1, 20.0)
                outcome, check = await job.perform(errand, parse("kissat"))
                assert outcome.claim in ("sat", "unsat")
                assert check is not None
                assert check.outcome == "verified"
                assert (logs / f"{description.hash}.kissat.0.out.xz").stat().st_size > 0
                kept = list(cluster.folder.glob("tmp/turbosat-bench-*/formulas/*"))
                assert [path.name for path in kept] == [file.name]
        finally:
            await job.close()

    with joined(cluster.address, 1, 1, 0, print) as joined_cluster:
        asyncio.run(runs())
    assert cluster.clean()


def test_without_ray_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(UsageError, match=r"^--ray-address needs Ray: pip install 'ray>=2.52'$"),
        joined("127.0.0.1:1", 1, 1, 0, print),
    ):
        pass


@needs_ray
def test_auto_is_the_address_of_the_environment(
    cluster: RayCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.cnf").write_text(SMALL)
    order: Words = (tmp_path / "one.cnf", "-s", "kissat", "-o", tmp_path / "out", "--ray-address", "auto")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")  # where a cluster was, and is no more
    code, _, err = bench(*order)
    assert (code, err.count("\n")) == (1, 1)
    assert "nothing answers there" in err
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    code, _, err = bench(*order)
    assert (code, told(err)) == (0, "")


@needs_ray
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "nothing answers there"),
        ("local", "expected HOST:PORT or auto"),
        ("", "expected HOST:PORT or auto"),
        ("ray://127.0.0.1:1", "expected HOST:PORT or auto"),
        ("127.0.0.1:99999999", "nothing answers there"),
    ],
)
def test_addresses_without_a_cluster(address: str, words: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    code, out, err = bench(".", "-s", "kissat", "-o", tmp_path / "out", "--ray-address", address)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err
    assert time.monotonic() - begun < allowance(10)
    assert not (tmp_path / "out").exists()


def test_ray_is_loaded_only_when_it_is_wanted() -> None:
    program = (
        "import sys, turbosat.benchmarks.run.campaign, turbosat.benchmarks.run.cluster\n"
        "import turbosat.benchmarks.commands.main\n"
        "sys.exit('ray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_no_core_is_claimed_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_runner, "CLAIM", str(tmp_path))  # other runs on this machine have claims, too
    count = len(os.sched_getaffinity(0))
    held: list[socket.socket] = []
    cores: list[int] = []
    try:
        for _ in range(count):
            claim = claim_cores(1, count)
            assert claim is not None
            cores += claim[0]
            held += claim[1]
        assert sorted(cores) == sorted(os.sched_getaffinity(0))
        assert claim_cores(1, count, patience=0.2) is None
        held.pop().close()
        again = claim_cores(1, count, patience=0.2)
        assert again is not None
        held += again[1]
        assert again[0] == [cores[-1]]
    finally:
        for each in held:
            each.close()
