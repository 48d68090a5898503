"""Whom the controller charges what: seconds where a population tells them, effort where it does not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.families import pigeonhole
from turbosat.encodings.matrix import encode
from turbosat.formula.formula import Formula
from turbosat.gpu.backend import Report
from turbosat.gpu.bandit import configurations
from turbosat.gpu.controller import Controller
from turbosat.gpu.gradient.cpu import CpuPopulation
from turbosat.gpu.rules import Weighted

SLOWER = 7.0  # what a unit of effort of weighted descent takes, in those of a walk
UNIT = 5e-9  # seconds


class Device(CpuPopulation):
    """Lanes on cores that tell the seconds of a device on which weighted descent is slow."""

    def advance(self, effort: NDArray[np.int64], until: NDArray[np.int64]) -> Report:
        """Run lanes."""
        report = super().advance(effort, until)
        slow = np.array([SLOWER if isinstance(rule, Weighted) else 1.0 for rule in self._rules])
        return Report(
            *(report.false, report.best, report.least, report.flips, report.effort),
            seconds=report.effort * slow * UNIT,
        )


class WideDevice(Device):
    """The same with all lanes at once, which move to the configurations that do better."""

    shifting = True

    def __init__(self, *arguments: int) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.lockstep = self.lanes


def controlled(kind: type[CpuPopulation], lanes: int = 9) -> Controller:
    """Return a search that does not end."""
    variables, rows = pigeonhole(8, 7)
    matrix = encode(Formula.from_clauses(rows, variables))
    return Controller(kind(matrix, lanes, 1), configurations(matrix, "auto"), 1)


@pytest.mark.parametrize("kind", [Device, WideDevice])
def test_seconds_are_shared_out_by_the_bandit(kind: type[CpuPopulation]) -> None:
    """Equal shares that the bandit is held to are equal seconds, whatever a unit of effort takes."""
    controller = controlled(kind)
    controller._shares = lambda: np.array([0.5, 0.3, 0.2])  # type: ignore[method-assign]
    while controller.charged.sum() < 1.0:
        controller.advance(0.02)
    assert np.allclose(controller.charged / controller.charged.sum(), [0.5, 0.3, 0.2], atol=0.05)
    assert list(controller.shares.values()) == pytest.approx([0.5, 0.3, 0.2], abs=0.05)
    efforts = controller.effort / controller.effort.sum()
    slow = np.array([SLOWER, 1.0, SLOWER])
    expected = np.array([0.5, 0.3, 0.2]) / slow
    assert np.allclose(efforts, expected / expected.sum(), atol=0.06)


def test_rounds_go_by_effort_all_the_same() -> None:
    told, silent = controlled(Device), controlled(CpuPopulation)
    for controller in (told, silent):
        controller.advance_rounds(12)
    assert told.effort.tolist() == silent.effort.tolist()
    assert told.charged.sum() == 0.0
    assert told.shares == silent.shares


def test_who_tells_no_seconds_is_charged_effort() -> None:
    controller = controlled(CpuPopulation)
    controller.advance(0.05)
    assert controller.charged.sum() == 0.0
    assert controller.shares["walk"] == controller.effort[1] / controller.effort.sum()


def test_every_configuration_runs_on() -> None:
    """One that took more than it was owed waits, and comes back."""
    controller = controlled(WideDevice, 40)
    seen = np.zeros(3)
    for _ in range(3):
        while (controller.effort <= seen).any():
            controller.advance(0.0)
        seen = controller.effort.astype(float)
    assert (controller.charged > 0).all()
