import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pysat.solvers import Cadical153

from tests.gpu.sweep.machine_device import MachineDevice
from tests.gpu.sweep.test_sweep import circuit
from turbosat import Deadline, Status, TurbosatError, solve
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.cdcl.lanes.race import Race
from turbosat.cdcl.process.channel import Message
from turbosat.cdcl.process.child import Spent
from turbosat.encodings.gf2.consequences import find
from turbosat.encodings.support.compilation import compile_recovered
from turbosat.encodings.xor.recovery import recover
from turbosat.errors import DeviceError
from turbosat.events import Event
from turbosat.formula.formula import Formula
from turbosat.gpu.cuda import context
from turbosat.gpu.sweep import cuda_device, devices
from turbosat.gpu.sweep.candidates import Verdict
from turbosat.gpu.sweep.cuda import Launch, Outcome
from turbosat.lanes import algebra_worker
from turbosat.lanes.algebra import Algebra


class Told:
    """The parent's end: keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def send(self, kind: str, data: dict[str, Any]) -> None:
        assert kind in ("progress", "note")
        self.notes += [data["what"]] if kind == "note" else []


class Losing(MachineDevice):
    """A device that never comes to the end of a launch."""

    def run(self, todo: Launch) -> Outcome:
        done = super().run(todo)
        return Outcome(0, done.survivors, done.found, done.seconds)


def explored(
    formula: Formula, opened: Callable[[], MachineDevice], monkeypatch: pytest.MonkeyPatch
) -> tuple[Verdict | None, list[str]]:
    """Let the lane's search run with a device that everything is worth; return what it notes, too."""
    monkeypatch.setattr(os, "nice", lambda by: 0)
    monkeypatch.setattr(devices, "WORTH", 0)
    monkeypatch.setattr(context, "unusable", lambda: None)
    monkeypatch.setattr(cuda_device, "open_device", opened)
    task = {"timed": True, "device": "auto", "seed": 0, "remaining": 60.0}
    told: Any = Told()
    verdict = algebra_worker._Explorer(told, formula, find(formula, lambda: None), task).run()
    return verdict, told.notes


@pytest.mark.parametrize("kind", [MachineDevice, Losing])
@pytest.mark.parametrize("seed", range(6))
def test_answers_are_those_of_cadical(
    seed: int, kind: type[MachineDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a device; and on CPU cores where it has not done all that it was given."""
    formula = circuit(seed, 9, 20, 6 + 2 * seed)
    device = kind()
    verdict, notes = explored(formula, lambda: device, monkeypatch)
    assert len(notes) == (kind is Losing)
    assert all("the device broke in a sweep" in note and "warps have come" in note for note in notes)
    assert device.closed
    assert verdict is not None
    assert device.launches
    with Cadical153(bootstrap_with=[list(clause) for clause in formula]) as solver:
        satisfiable = solver.solve()
    assert verdict.unsatisfiable == (not satisfiable)
    assert (verdict.values is not None) == satisfiable
    assert verdict.values is None or formula.satisfied(verdict.values)


def chained() -> Formula:
    """Return 36 inputs, gates over them, each in a chain of XORs, and one clause of all gates."""
    rows: list[list[int]] = []
    for y in range(37, 72):
        a, b = y - 36, y - 35
        rows += [[-y, a, b], [-y, -a, -b], [y, -a, b], [y, a, -b]]
    for y in range(72, 107):
        rows += [[-y, y - 35], [-y, y - 71], [y, 35 - y, 71 - y]]
    rows.append(list(range(72, 107)))
    return Formula.from_clauses(rows)


def test_more_inputs_are_swept_where_a_device_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices.most_inputs("auto") == devices.most_inputs("cpu") == 34
    monkeypatch.setattr(context, "unusable", lambda: None)
    assert devices.most_inputs("cpu") == 34
    assert devices.most_inputs("auto") == devices.most_inputs("cuda") == 44
    formula = chained()
    recovered = recover(formula)
    assert compile_recovered(formula, recovered) is None
    program = compile_recovered(formula, recovered, limit=128, swept=44)
    assert program is not None
    assert program.inputs.size == 36
    assert np.unique(program.inputs).size == 36


def refused() -> MachineDevice:
    raise DeviceError("no room")


def test_a_device_that_cannot_be_had_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, notes = explored(circuit(0, 9, 20, 6), refused, monkeypatch)
    assert verdict is not None
    assert notes == ["a sweep is on a core: no cuda: no room"]


class Mouth:
    """A child that says one thing, and then nothing any more."""

    pid, broken, spent = None, None, Spent()

    def __init__(self, message: Message) -> None:
        self.left = [message]

    def receive(self, timeout: float | None) -> Message | None:
        return self.left.pop() if self.left else None

    def send(self, *_: object) -> None:
        pass

    def stop(self) -> None:
        pass


def test_what_a_lane_notes_is_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    said: Any = Mouth(Message("note", {"what": "no room"}))
    engine = Algebra()
    monkeypatch.setattr(engine, "start", lambda source: setattr(engine, "_child", said))
    events: list[Event] = []
    with Deadline() as deadline, Race(deadline, events.append) as race:
        race.add(Entrant("algebra", 0), engine, chained())
        for _ in range(2):
            assert race.glance() is None
    assert [str(each)[9:] for each in events if each.kind == "note"] == ["note algebra what=no room"]


@pytest.mark.parametrize("opened", [Losing, refused])
@pytest.mark.parametrize("seed", range(3))
def test_the_finite_field_engine_goes_on_where_a_device_breaks(
    seed: int, opened: Callable[[], MachineDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "WORTH", 0)
    monkeypatch.setattr(context, "unusable", lambda: None)
    monkeypatch.setattr(cuda_device, "open_device", opened)
    formula = circuit(seed, 9, 20, 12)
    result = solve(formula, engine="galois", time_limit=600)
    with Cadical153(bootstrap_with=[list(clause) for clause in formula]) as solver:
        assert result.status is (Status.SATISFIABLE if solver.solve() else Status.UNSATISFIABLE)
    if result.statistics["galois"].get("mode") == "kernel":
        assert result.statistics["galois"]["device"] == "cpu"
        with pytest.raises(TurbosatError, match=r"no room|warps have come"):
            solve(formula, engine="galois", device="cuda", time_limit=600)


def test_cores_do_not_sweep_what_only_a_device_could(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "unusable", lambda: None)
    monkeypatch.setattr(cuda_device, "open_device", refused)
    result = solve(chained(), engine="galois", time_limit=600)
    assert result.status is Status.SATISFIABLE
    assert result.statistics["galois"]["mode"] == "clauses"
