"""Lanes on the nodes of a real Ray cluster: placed on all, replaced when a node dies, none left."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.run.ray_cluster import RayCluster
from tests.families import dimacs, random_ksat
from tests.processes import descendants, eventually, gone, hold, processes, turbosat
from turbosat import Deadline, Event, Reason, Status, UsageError, solve


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with RayCluster() as two:
        two.add(1)
        two.add(2)
        yield two


@pytest.fixture
def seconds_hard(tmp_path: Path) -> Path:
    """Return an unsatisfiable file that takes Kissat some ten seconds."""
    path = tmp_path / "random.cnf"
    path.write_text(dimacs(*random_ksat(300, 1320, seed=1)))
    return path


def on_nodes(cluster: RayCluster) -> list[int]:
    """Return how many lanes have an engine's process on each node."""
    counts = []
    for node in cluster.nodes:
        table = processes()
        commands = [table[pid][1] for pid in descendants(node.pid) if pid in table]
        counts.append(sum("cadical_worker" in each or "bin/kissat" in each for each in commands))
    return counts


@pytest.mark.slow
def test_where_there_is_no_cluster_is_one_line(hard: Path) -> None:
    code, out, err = turbosat("--ray-address", "127.0.0.1:9", hard)
    assert code == 1
    assert err.startswith("turbosat: error: --ray-address 127.0.0.1:9: nothing answers there")
    assert err.count("\n") == 1
    assert not [line for line in out.splitlines() if line.startswith("s ")]
    with pytest.raises(UsageError, match="expected HOST:PORT or auto"):
        solve(hard, ray_address="nowhere")


@pytest.mark.slow
def test_lanes_on_both_nodes_and_the_right_answer_when_one_dies(
    cluster: RayCluster, seconds_hard: Path
) -> None:
    events: list[Event] = []
    killed: list[float] = []

    def watch(event: Event) -> None:
        events.append(event)
        if not killed:
            hold(signal.SIGSTOP)  # however slow the cluster is, no lane here is done before it
        if not killed and event.kind == "progress" and all(on_nodes(cluster)):
            node = cluster.nodes[1]
            for pid in descendants(node.pid):
                if "raylet/raylet" in processes().get(pid, (0, ""))[1]:
                    os.kill(pid, signal.SIGKILL)
            killed.append(event.seconds)
            hold(signal.SIGCONT)

    result = solve(seconds_hard, ray_address=cluster.address, time_limit=900, on_event=watch, workers=2)
    assert result.status is Status.UNSATISFIABLE
    assert killed
    remote = [lane for lane in result.statistics["lanes"] if lane["place"] == "pool"]
    assert len(remote) >= 2
    assert result.statistics["pool"]["nodes"] == 2
    assert result.statistics["pool"]["places"] == 3
    assert gone(cluster.called("cadical_worker"))


@pytest.mark.slow
def test_a_run_that_is_ended_leaves_nothing_on_the_nodes(hard: Path) -> None:
    with RayCluster() as one:
        one.add(3)
        with Deadline(600) as deadline:

            def cancel(event: Event) -> None:
                if event.kind == "progress" and on_nodes(one) == [1]:
                    deadline.cancel()

            result = solve(hard, ray_address=one.address, deadline=deadline, on_event=cancel, workers=2)
        assert (result.status, result.reason) == (Status.UNKNOWN, Reason.INTERRUPTED)
        assert gone(one.called("cadical_worker") | one.called("bin/kissat"))
        assert eventually(lambda: not one.called("ray::LaneActor"))
