"""The live view: what events make of it, and when it is drawn."""

import io
import subprocess
import sys

from rich.console import Console

from tests.processes import ROOT
from turbosat import Deadline, Event
from turbosat.cli.live import AFTER, View


def shown(view: View) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(view.picture())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return str(text)


def row(text: str, lane: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [lane])


def test_lanes_rates_guidance_and_pool() -> None:
    with Deadline(600) as deadline:
        view = View(deadline, Console(file=io.StringIO()))
        for event in (
            Event("started", 0.1, "kissat", {"place": "here"}),
            Event("progress", 1.0, "kissat", {"conflicts": 1000.0}),
            Event("progress", 2.0, "kissat", {"conflicts": 13500.0}),
            Event("started", 0.2, "gradient", {"place": "here"}),
            Event("progress", 2.0, "gradient", {"best": 7, "flips": 3_600_000, "flips_per_second": 2e6}),
            Event("started", 0.3, "algebra", {"place": "here"}),
            Event("progress", 2.0, "algebra", {"inputs": 24, "swept": 0.423}),
            Event("pool", 2.1, "", {"state": "ready", "places": 4, "nodes": 2, "gpus": 0}),
            Event("started", 3.0, "cadical-guided", {"place": "pool"}),
            Event("guided", 3.1, "cadical-guided", {"what": "phases of 7 false clauses"}),
            Event("shared", 4.0, "cadical-guided", {"clauses": 20, "units": 1}),
            Event("shared", 5.0, "cadical-guided", {"clauses": 22, "units": 0}),
            Event("stopped", 6.0, "cadical-guided", {"why": "it gave up"}),
        ):
            view.event(event)
        text = shown(view)
        view.pause()
    assert "s left; pool: 4 places on 2 nodes" in text
    assert row(text, "kissat") == ["kissat", "here", "running", "13.5", "k", "12.5", "k"]
    assert row(text, "gradient") == ["gradient", "here", "running", "7", "2.0", "M"]
    assert row(text, "algebra") == ["algebra", "here", "42%", "of", "2^24"]
    guided = ["cadical-guided", "pool", "stopped", "42", *["phases", "of", "7", "false", "clauses"]]
    assert row(text, "cadical-guided") == guided


def test_nothing_is_drawn_in_the_first_moments() -> None:
    with Deadline() as deadline:
        screen = io.StringIO()
        view = View(deadline, Console(file=screen, force_terminal=True, width=100))
        view.event(Event("started", AFTER / 2, "kissat", {}))
        assert screen.getvalue() == ""
        view.event(Event("progress", AFTER * 2, "kissat", {"conflicts": 5.0}))
        assert "kissat" in screen.getvalue()
        view.pause()
        view.pause()


def test_rich_is_loaded_only_to_draw() -> None:
    script = "import sys, turbosat.cli.live; print('rich.live' in sys.modules)"
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "False\n"
