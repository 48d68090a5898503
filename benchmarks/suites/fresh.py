"""Formulas that nobody has tuned for: new seeds and sizes, hard enough for Kissat and not too hard.

The draws follow from one seed: kind, seed of the formula, and the seconds that Kissat should take, as likely
between 1 and 2 as between 10 and 20. How large the formula becomes is found by asking Kissat: from the easy
end in steps that grow, then between a size that is too easy and one that is too hard. The first that is
within a factor of the seconds wanted is taken, else the nearest one tried within the window
(`sizes.fitting`).

So sizes depend on how fast the machine is. And it is Kissat's default that is asked: where its time jumps
from size to size, a size on which it has bad luck is taken before a larger one would be. That leans against
Kissat, as with any suite chosen by one solver's time; another seed of Kissat says how much. `manifest.csv`
says all that makes each formula again (`again.py`).
"""

from __future__ import annotations

import csv
import os
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from turbosat.benchmarks import families
from turbosat.benchmarks.families.base import HIGHEST_SEED
from turbosat.benchmarks.suites.kinds import KINDS, Kind
from turbosat.benchmarks.suites.sizes import Window, fitting
from turbosat.cdcl.process.binaries import find_kissat
from turbosat.cdcl.process.child import Child
from turbosat.cdcl.process.tree import worked
from turbosat.errors import EngineError, UsageError

LOOK = 0.1  # seconds between two looks at a run
COLUMNS = "file", "family", "status", "kissat_s", "kissat_answer", "seed", "parameters"
MANIFEST = "manifest.csv"
ANSWERS = {0: "?", 10: "SAT", 20: "UNSAT"}


@dataclass(frozen=True, slots=True)
class Draw:
    """What is decided before any formula is made."""

    number: int
    kind: Kind
    seed: int
    place: float  # of the seconds wanted: from 0, the least, to 1, the most, on a scale of logarithms


@dataclass(frozen=True, slots=True)
class Found:
    """A formula of the suite, and what Kissat said of it after `seconds` of CPU time."""

    file: Path
    draw: Draw
    parameters: dict[str, Any]
    status: str
    seconds: float
    answer: str

    def row(self) -> tuple[str, ...]:
        """Return its line of the manifest."""
        chosen = " ".join(f"{name}={_word(value)}" for name, value in self.parameters.items())
        seconds = f"{self.seconds:.2f}"
        return (
            self.file.name,
            self.draw.kind.family,
            self.status,
            seconds,
            self.answer,
            str(self.draw.seed),
            chosen,
        )


def draws(seed: int, kinds: Sequence[Kind] = KINDS) -> Iterator[Draw]:
    """Yield draws without end: all kinds in a random order, again and again. The seed decides them all."""
    dice = random.Random(f"fresh {seed}")
    number = 0
    while True:
        for kind in dice.sample(kinds, len(kinds)):
            yield Draw(number, kind, dice.randrange(HIGHEST_SEED + 1), dice.random())
            number += 1


def make(
    folder: Path,
    seed: int,
    files: int,
    window: Window,
    *,
    jobs: int = 1,
    kinds: Sequence[Kind] = KINDS,
    tell: Callable[[Draw, Found | None], None] = lambda *_: None,
) -> list[Found]:
    """Fill a new folder with that many formulas and their manifest; return them.

    `tell` hears of each draw and what became of it, None where no size of it fits. UsageError where the
    folder holds anything, EngineError where there is no Kissat or nothing fits any more.
    """
    prepare(folder)
    kissat = find_kissat()
    found: list[Found] = []
    stream = draws(seed, kinds)
    lost = 0
    with ThreadPoolExecutor(jobs) as threads:
        while len(found) < files:
            batch = [next(stream) for _ in range(min(files - len(found), len(kinds)))]
            fitting = threads.map(lambda draw: _fit(folder, draw, window, kissat), batch)
            for draw, each in zip(batch, fitting, strict=True):
                tell(draw, each)
                lost = 0 if each is not None else lost + 1
                found += [] if each is None else [each]
            if lost > 3 * len(kinds):
                raise EngineError(f"no kind has a size that takes Kissat {window.least} to {window.most} s")
            _write(folder / MANIFEST, found)
    return found


def prepare(folder: Path) -> None:
    """Make a folder for a draw; UsageError where it holds anything."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"{folder}: there is something in this folder")


def _fit(folder: Path, draw: Draw, window: Window, kissat: str) -> Found | None:
    """Look for a size of a draw that takes Kissat about as long as wanted; None where there is none."""
    family = draw.kind.family
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
        place = Path(scratch) / "formula"  # no name that a suite takes for a formula, should this be killed

        def ask(parameters: Mapping[str, Any], seconds: float) -> tuple[float, str]:
            families.generate(family, seed=draw.seed, **parameters).write(place)
            return _ask(kissat, place, seconds)

        size = fitting(draw.kind.parameters, ask, window, window.at(draw.place))
        if size is None:
            return None
        problem = families.generate(family, seed=draw.seed, **size.parameters)
        problem.write(place)
        file = folder / f"{draw.number:04}-{family}-s{draw.seed}.cnf"
        os.replace(place, file)
    status = "?" if problem.status == "unknown" else problem.status.upper()
    return Found(file, draw, dict(size.parameters), status, size.seconds, size.answer)


def _ask(kissat: str, file: Path, seconds: float) -> tuple[float, str]:
    """Return the CPU seconds that Kissat took, and its answer, ? for none within so many.

    They are the same on a machine that is busy with other runs.
    """
    child = Child([kissat, "-q", "-n", str(file)])
    try:
        while (code := child.exit_code(LOOK)) is None and worked(child.pid) < seconds:
            pass
    finally:
        child.stop()
    return (seconds, "?") if code is None else (child.spent.seconds, ANSWERS.get(code, "?"))


def _write(manifest: Path, found: Sequence[Found]) -> None:
    with open(f"{manifest}.part", "w", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([COLUMNS, *(each.row() for each in found)])
    os.replace(f"{manifest}.part", manifest)


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
