"""Scores as the SAT Competition counts them: PAR-k, solved counts, the virtual best solver (VBS) and margins.

A Table is what is scored, wherever its runs come from (an experiment's store, a competition's CSV). With
several seeds, every seed is an experiment of its own and each figure is the mean over them.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError

Answer = Literal["sat", "unsat", "unknown"]
Category = Literal["SAT", "UNSAT", "ALL"]
CATEGORIES: tuple[Category, ...] = ("SAT", "UNSAT", "ALL")
VBS = "VBS"
PORTFOLIO = " ∥ "  # between the names of a portfolio's members
KNOWN_STATUS = "(known status)"


@dataclass(frozen=True, slots=True)
class Item:
    """One instance: its hash, name, family, known status and size where these are known."""

    hash: str
    name: str
    family: str = ""
    known: Answer = "unknown"
    variables: int | None = None
    clauses: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One run: the answer given, after how many seconds, and how it ended (see `store.Run`).

    `checked`: the answer's model or proof was verified. `status`: ok, timeout, memout, error or wrong;
    `reason` says why it is wrong. `cpu` in seconds and `rss` in bytes where measured.
    """

    hash: str
    solver: str
    seed: int
    answer: Answer
    seconds: float
    status: str = "ok"
    checked: bool = False
    reason: str = ""
    cpu: float | None = None
    rss: int | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that is not scored because it is, or may be, wrong."""

    hash: str
    name: str
    solver: str
    seed: int
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """A solver's PAR-k over a category: sum and mean in seconds per instance, NaN without instances."""

    solver: str
    category: Category
    instances: int
    solved: float
    total: float
    mean: float


@dataclass(frozen=True, slots=True)
class Margin:
    """What a solver adds to the virtual best solver, over all instances.

    `alone`: hashes of instances only it solved (with any seed); `fastest`: on how many it was the first,
    shared places counted for each; `without`: mean PAR-k of the VBS of the others; `loss`: what that is more.
    """

    solver: str
    alone: tuple[str, ...]
    fastest: float
    without: float
    loss: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a solver's runs ended, with its CPU seconds and peak memory in bytes where measured.

    `unknown`: it ended by itself without an answer. An answer after the limit is none of these.
    """

    solver: str
    runs: int
    solved: int
    unknown: int
    timeout: int
    memout: int
    error: int
    wrong: int
    cpu: float | None
    rss: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Seconds of every solver on every instance, judged and ready to be scored.

    `seconds` is float64 (instances, solvers, seeds), infinite where unsolved or not scored. `verdicts` gives
    each instance's status: of a checked answer, else as it is known, else of the unanimous answers.
    `virtual` are the solvers that did not run, but are the faster of some that did.
    """

    items: tuple[Item, ...]
    solvers: tuple[str, ...]
    seeds: tuple[int, ...]
    timeout: float
    factor: float
    seconds: NDArray[np.float64]
    verdicts: tuple[Answer, ...]
    wrong: tuple[Wrong, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    virtual: tuple[str, ...] = ()

    @property
    def costs(self) -> NDArray[np.float64]:
        """PAR-k seconds of each run, float64 (instances, solvers, seeds): factor × T where unsolved."""
        return np.where(np.isfinite(self.seconds), self.seconds, self.factor * self.timeout)

    @property
    def best(self) -> NDArray[np.float64]:
        """Seconds of the virtual best solver, float64 (instances, seeds), infinite where none solved it."""
        return np.asarray(self.seconds.min(axis=1, initial=math.inf))

    def rows(self, category: Category) -> NDArray[np.intp]:
        """Return the instances of a category: of that verdict, or all of them."""
        inside = [category in ("ALL", verdict.upper()) for verdict in self.verdicts]
        return np.flatnonzero(inside)

    def only(self, solvers: Sequence[str]) -> Table:
        """Return the table of these solvers alone, in this order; verdicts stay."""
        if missing := [name for name in solvers if name not in self.solvers]:
            raise UsageError(f"no runs of {missing[0]}; there are: {', '.join(self.solvers)}")
        places = [self.solvers.index(name) for name in solvers]
        return replace(
            self,
            solvers=tuple(solvers),
            seconds=self.seconds[:, places],
            wrong=tuple(each for each in self.wrong if each.solver in (*solvers, KNOWN_STATUS)),
            outcomes=tuple(each for name in solvers for each in self.outcomes if each.solver == name),
            virtual=tuple(each for each in self.virtual if each in solvers),
        )

    def with_portfolio(self, members: Sequence[str]) -> Table:
        """Return the table with one solver more: as fast as the fastest of some, with each seed.

        That is what they do at once on a core each. UsageError for one that there is not, or too few.
        """
        name = PORTFOLIO.join(members)
        if len(set(members)) < 2 or name in self.solvers:
            raise UsageError(f"a portfolio has two solvers or more, and one name: {name}")
        least = self.only(members).best
        return replace(
            self,
            solvers=(*self.solvers, name),
            seconds=np.concatenate([self.seconds, least[:, np.newaxis]], axis=1),
            virtual=(*self.virtual, name),
        )

    def within(self, timeout: float) -> Table:
        """Return the table under a shorter time limit: later answers count as unsolved."""
        if timeout > self.timeout:
            raise UsageError(f"the runs had a limit of {self.timeout:g} s, not {timeout:g} s")
        return replace(
            self, timeout=timeout, seconds=np.where(self.seconds <= timeout, self.seconds, math.inf)
        )

    def take(self, rows: Sequence[int]) -> Table:
        """Return the table of some instances, in this order."""
        return replace(
            self,
            items=tuple(self.items[row] for row in rows),
            seconds=self.seconds[list(rows)],
            verdicts=tuple(self.verdicts[row] for row in rows),
        )


def seen(name: str) -> bool:
    """Return whether an instance is of the half that constants may be chosen on: its file's name decides.

    Folders and the ending of a compressed file are no part of it.
    """
    plain = name.rpartition("/")[2].removesuffix(".xz").removesuffix(".gz").removesuffix(".bz2")
    return hashlib.sha256(plain.encode()).digest()[0] % 2 == 0


def build(
    items: Iterable[Item],
    cells: Iterable[Cell],
    timeout: float,
    factor: float = 2,
    solvers: Sequence[str] = (),
) -> Table:
    """Judge every answer and lay the runs out as a table.

    `solvers` gives the columns and their order (default: as they come). An answer that contradicts the
    instance's status, or one of answers that contradict each other with none checked, is not scored and is
    listed in `wrong`. Instances that some solver has not run with some seed are left out, with a note.
    Raise UsageError for a limit or factor that is not positive.
    """
    if not (timeout > 0 and math.isfinite(timeout) and factor >= 1 and math.isfinite(factor)):
        raise UsageError(f"a limit of {timeout} s and a factor of {factor} make no score")
    cells = list(cells)
    names = tuple(solvers) or tuple(dict.fromkeys(cell.solver for cell in cells))
    seeds = tuple(sorted({cell.seed for cell in cells})) or (0,)
    runs: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.solver in names:
            runs.setdefault(cell.hash, []).append(cell)
    everything = list(items)
    full = len(names) * len(seeds)
    done = {key for key, own in runs.items() if len({(cell.solver, cell.seed) for cell in own}) == full}
    kept = [item for item in everything if item.hash in done]
    seconds = np.full((len(kept), len(names), len(seeds)), math.inf)  # (instances, solvers, seeds)
    verdicts: list[Answer] = []
    wrong: list[Wrong] = []
    late = unchecked = 0
    for row, item in enumerate(kept):
        verdict, bad = judge(item, runs[item.hash])
        verdicts.append(verdict)
        wrong += bad
        unscored = {(each.solver, each.seed) for each in bad}
        answered = [cell for cell in runs[item.hash] if cell.answer != "unknown"]
        unchecked += item.known == "unknown" and verdict == "unsat" and not any(c.checked for c in answered)
        for cell in answered:
            if (cell.solver, cell.seed) not in unscored:
                late += cell.seconds > timeout
                if cell.seconds <= timeout:
                    seconds[row, names.index(cell.solver), seeds.index(cell.seed)] = cell.seconds
    notes = []
    if len(kept) < len(everything):
        left = len(everything) - len(kept)
        notes.append(f"{left} of {len(everything)} instances left out: not run by every solver and seed.")
    if unchecked:
        taken = "instance is" if unchecked == 1 else "instances are"
        notes.append(f"{unchecked} {taken} taken as UNSAT from answers that no proof confirms.")
    if late:
        notes.append(f"{late} answers came after the limit of {timeout:g} s and count as unsolved.")
    ends = outcomes(names, [cell for item in kept for cell in runs[item.hash]], seconds, wrong)
    return Table(
        items=tuple(kept),
        solvers=names,
        seeds=seeds,
        timeout=timeout,
        factor=factor,
        seconds=seconds,
        verdicts=tuple(verdicts),
        wrong=tuple(wrong),
        outcomes=ends,
        notes=tuple(notes),
    )


def judge(item: Item, cells: Iterable[Cell]) -> tuple[Answer, list[Wrong]]:
    """Return an instance's status and the answers on it that must not be scored."""
    cells = list(cells)
    claims = [cell for cell in cells if cell.answer != "unknown" and cell.status != "wrong"]
    wrong = [
        Wrong(item.hash, item.name, cell.solver, cell.seed, cell.reason or "wrong")
        for cell in cells
        if cell.status == "wrong"
    ]
    checked: set[Answer] = {cell.answer for cell in claims if cell.checked}
    given: set[Answer] = {cell.answer for cell in claims}
    truth: Answer = "unknown"
    if len(checked) == 1:
        (truth,) = checked
        if item.known not in ("unknown", truth):
            reason = f"said to be {item.known}, but a checked answer is {truth}"
            wrong.append(Wrong(item.hash, item.name, KNOWN_STATUS, 0, reason))
    elif not checked and item.known != "unknown":
        truth = item.known
    elif not checked and len(given) == 1:
        (truth,) = given
    for cell in claims:
        if truth == "unknown":
            reason = f"{cell.answer}, contradicted by another answer"
        elif cell.answer != truth:
            reason = f"{cell.answer}, but the instance is {truth}"
        else:
            continue
        wrong.append(Wrong(item.hash, item.name, cell.solver, cell.seed, reason))
    return truth, wrong


def outcomes(
    solvers: Sequence[str], cells: Iterable[Cell], seconds: NDArray[np.float64], wrong: Iterable[Wrong]
) -> tuple[Outcome, ...]:
    """Count how runs ended; seconds as in Table, (instances, solvers, seeds)."""
    cells = list(cells)
    bad = Counter(each.solver for each in wrong)
    found = []
    for place, solver in enumerate(solvers):
        own = [cell for cell in cells if cell.solver == solver]
        ends = Counter(cell.status for cell in own)
        times = [cell.cpu for cell in own if cell.cpu is not None]
        peaks = [cell.rss for cell in own if cell.rss is not None]
        found.append(
            Outcome(
                solver=solver,
                runs=len(own),
                solved=int(np.isfinite(seconds[:, place]).sum()),
                unknown=sum(cell.status == "ok" and cell.answer == "unknown" for cell in own),
                timeout=ends["timeout"],
                memout=ends["memout"],
                error=ends["error"],
                wrong=bad[solver],
                cpu=math.fsum(times) if times else None,
                rss=max(peaks, default=None),
            )
        )
    return tuple(found)


def score(table: Table, solver: str, category: Category = "ALL") -> Score:
    """Return a solver's PAR-k over a category; `solver` may be VBS, the virtual best solver."""
    seconds = table.best if solver == VBS else table.seconds[:, table.solvers.index(solver)]
    return score_of(table, solver, category, seconds[table.rows(category)])


def score_of(table: Table, solver: str, category: Category, seconds: NDArray[np.float64]) -> Score:
    """Return the score of seconds (instances, seeds), infinite where unsolved."""
    solved = np.isfinite(seconds)
    count, seeds = seconds.shape
    unsolved = (solved.size - int(solved.sum())) * table.factor * table.timeout
    total = math.fsum([*seconds[solved].tolist(), unsolved]) / seeds  # fsum: the same in any order
    mean = total / count if count else math.nan
    return Score(solver, category, count, float(solved.sum() / seeds), total, mean)


def scores(table: Table) -> list[Score]:
    """Return every solver's score in every category, best of ALL first, and the VBS at the end."""
    return [score(table, solver, each) for solver in (*ranking(table), VBS) for each in CATEGORIES]


def ranking(table: Table) -> list[str]:
    """Return the solvers by their PAR-k over all instances, best first; ties by name."""
    return sorted(table.solvers, key=lambda solver: (score(table, solver).total, solver))


def margins(table: Table) -> list[Margin]:
    """Return what each solver that ran adds to the virtual best solver, in the order of `ranking`."""
    table = table.only([name for name in table.solvers if name not in table.virtual])
    whole = score(table, VBS).mean
    found = []
    for solver in ranking(table):
        place = table.solvers.index(solver)
        others = np.delete(table.seconds, place, axis=1).min(axis=1, initial=math.inf)  # (instances, seeds)
        own = table.seconds[:, place]
        alone = np.isfinite(own).any(axis=1) & ~np.isfinite(others).any(axis=1)
        without = score_of(table, VBS, "ALL", others).mean
        found.append(
            Margin(
                solver=solver,
                alone=tuple(table.items[row].hash for row in np.flatnonzero(alone)),
                fastest=float((np.isfinite(own) & (own <= others)).sum() / own.shape[1]),
                without=without,
                loss=without - whole,
            )
        )
    return found


def families(table: Table) -> dict[str, dict[str, Score]]:
    """Return the scores of every solver and the VBS over each family, families by name."""
    rows: dict[str, list[int]] = {}
    for row, item in enumerate(table.items):
        rows.setdefault(item.family or "(none)", []).append(row)
    parts = {family: table.take(places) for family, places in sorted(rows.items())}
    return {
        family: {solver: score(part, solver) for solver in (*table.solvers, VBS)}
        for family, part in parts.items()
    }
