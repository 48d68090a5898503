"""What changed between two experiments, and whether it is noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.report.report import finite
from turbosat.benchmarks.report.score import Answer, Score, Table, score, seen
from turbosat.benchmarks.report.sources import Source
from turbosat.benchmarks.report.statistics import (
    FLOOR,
    NOTHING,
    Estimate,
    Floats,
    Speedup,
    bootstrap,
    cost_ratio,
    sign_test,
    speedup,
)
from turbosat.errors import UsageError

Verdict = Literal["better", "worse", "mixed", "no difference", "same runs"]

SIGNIFICANT = 0.05 / 3  # of each of three tests: 5 % at most that any of them fools us
MATTERS = 0.02  # a change of speed below 2 % is no news, however sure
ASSUMED = 0.05  # standard deviation of log seconds where no seeds were repeated
LEAST = 0.1  # seconds: no single run changes by less than this beyond noise
REACH = 1.96  # standard deviations


@dataclass(frozen=True, slots=True)
class Noise:
    """Standard deviation of log seconds between runs of one solver on one instance.

    `runs`: degrees of freedom it was estimated from, over repeated seeds; 0 where it is assumed.
    """

    deviation: float
    runs: int


@dataclass(frozen=True, slots=True)
class Change:
    """One instance that changed: seconds before and after, None where unsolved.

    With several seeds, the geometric mean of those that solved it.
    """

    hash: str
    name: str
    family: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Half:
    """One half of the instances, and its mean PAR-k in seconds before and after, nan where it is empty.

    `ratio` is how many times less it is after.
    """

    name: str
    instances: int
    before: float
    after: float
    ratio: Estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """One solver before and after.

    `speedup` is above 1 where it is faster after, `difference` is of the mean PAR-k in seconds, below 0 where
    it is better. `chance` is the p of the sign test on what is newly solved and lost. An instance counts as
    solved where at least half of its seeds are. `control`: its command and version are the same in both,
    while another's are not.
    """

    before: str
    after: str
    scores: tuple[Score, Score]
    difference: Estimate
    speedup: Speedup
    solved: tuple[Change, ...]
    lost: tuple[Change, ...]
    faster: tuple[Change, ...]
    slower: tuple[Change, ...]
    halves: tuple[Half, Half]
    chance: float
    noise: Noise
    control: bool
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Two experiments side by side over the instances they share."""

    titles: tuple[str, str]
    timeout: float
    factor: float
    instances: int
    missing: tuple[int, int]
    solvers: tuple[Comparison, ...]
    wrong: tuple[int, int]
    disagreements: tuple[str, ...]
    notes: tuple[str, ...]


def compare(
    before: Source, after: Source, pairs: Sequence[tuple[str, str]] = (), *, seed: int = 0
) -> Comparisons:
    """Compare two experiments solver by solver.

    `pairs` names a solver of each; by default those of the same name, or the only one of each. Where the
    limits differ, both are scored within the shorter one. Raise UsageError where nothing is shared.
    """
    first, second, notes = aligned(before.table, after.table)
    pairs = pairs or paired(first.solvers, second.solvers)
    # the same command and version on both sides: what changes there is the machine's doing
    same = [before.versions.get(a, ("", a)) == after.versions.get(b, ("", "")) for a, b in pairs]
    controls = [each and not all(same) for each in same]
    made = [
        one(first.only([a]), second.only([b]), control, seed)
        for (a, b), control in zip(pairs, controls, strict=True)
    ]
    notes += [
        f"{each.after} is the same command and version in both, yet {each.verdict}: the machine, its load or"
        " the limits changed, too."
        for each in made
        if each.control and each.verdict in ("better", "worse", "mixed")
    ]
    return Comparisons(
        titles=(before.title, after.title),
        timeout=first.timeout,
        factor=first.factor,
        instances=len(first.items),
        missing=(len(before.table.items) - len(first.items), len(after.table.items) - len(first.items)),
        solvers=tuple(made),
        wrong=(len(before.table.wrong), len(after.table.wrong)),
        disagreements=disagreements(first, second),
        notes=tuple(notes),
    )


def aligned(first: Table, second: Table) -> tuple[Table, Table, list[str]]:
    """Return both tables over the instances they share, in one order and under one limit, and notes."""
    if first.factor != second.factor:
        raise UsageError("the two are scored with different factors")
    notes = []
    places = {item.hash: row for row, item in enumerate(second.items)}
    rows = [row for row, item in enumerate(first.items) if item.hash in places]
    if not rows:
        raise UsageError("the two have no instance in common that was run by every solver")
    if first.timeout != second.timeout:
        limits = sorted((first.timeout, second.timeout))
        notes.append(f"Limits of {limits[0]:g} s and {limits[1]:g} s: both scored within {limits[0]:g} s.")
        first, second = first.within(limits[0]), second.within(limits[0])
    return first.take(rows), second.take([places[first.items[row].hash] for row in rows]), notes


def paired(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, str]]:
    """Return the solvers to compare: of the same name, else the only two."""
    if shared := [(name, name) for name in first if name in second]:
        return shared
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    raise UsageError(f"no solver in common: {', '.join(first)} and {', '.join(second)}; name them")


def disagreements(first: Table, second: Table) -> tuple[str, ...]:
    """Return the names of instances that one says are SAT, the other UNSAT."""
    opposite: list[set[Answer]] = [{"sat", "unsat"}]
    return tuple(
        item.name
        for item, a, b in zip(first.items, first.verdicts, second.verdicts, strict=True)
        if {a, b} in opposite
    )


def one(first: Table, second: Table, control: bool, seed: int) -> Comparison:
    """Compare the only solver of each table; their instances are the same, in the same order."""
    a, b = first.seconds[:, 0], second.seconds[:, 0]  # (instances, seeds of each)
    noise = noise_of([a, b])
    was, now = typical(a), typical(b)  # (instances,)
    solved_was, solved_now = half(a), half(b)
    changes = [
        Change(item.hash, item.name, item.family, none_if_unsolved(t), none_if_unsolved(u))
        for item, t, u in zip(first.items, was.tolist(), now.tolist(), strict=True)
    ]
    both = solved_was & solved_now
    reach = REACH * noise.deviation * math.sqrt(1 / a.shape[1] + 1 / b.shape[1])
    with np.errstate(invalid="ignore"):  # unsolved − unsolved
        clear = both & (np.abs(was - now) >= LEAST)
    logs = np.zeros(len(was))
    logs[both] = np.log(np.maximum(was[both], FLOOR) / np.maximum(now[both], FLOOR))
    costs = [table.costs[:, 0].mean(axis=1) for table in (first, second)]  # two of (instances,)
    gained, lost = ~solved_was & solved_now, solved_was & ~solved_now
    scores = score(first, first.solvers[0]), score(second, second.solvers[0])
    ratios = speedup(logs[both], seed)
    difference = bootstrap(mean_difference, *costs, seed=seed)
    strict = bootstrap(mean_difference, *costs, seed=seed, level=1 - SIGNIFICANT)
    same = a.shape == b.shape and bool(np.array_equal(a, b))
    moved = int(gained.sum()), int(lost.sum())
    chance = sign_test(*moved)
    verdict = judge(strict, ratios, chance, moved[0] - moved[1], same)
    words = in_words(second.solvers[0], verdict, ratios, difference, moved, chance)
    return Comparison(
        before=first.solvers[0],
        after=second.solvers[0],
        scores=scores,
        difference=difference,
        speedup=ratios,
        halves=halves([item.name for item in first.items], *costs, seed=seed),
        chance=chance,
        noise=noise,
        control=control,
        verdict=verdict,
        words=words,
        solved=chosen(changes, gained, now),
        lost=chosen(changes, lost, was),
        faster=chosen(changes, clear & (logs > reach), -logs),
        slower=chosen(changes, clear & (logs < -reach), logs),
    )


def halves(names: Sequence[str], before: Floats, after: Floats, *, seed: int) -> tuple[Half, Half]:
    """Return the mean costs of both halves; costs (instances,) in seconds."""
    chosen = np.array([seen(each) for each in names], np.bool_)  # (instances,)

    def mean(name: str, rows: NDArray[np.bool_]) -> Half:
        if not rows.any():
            return Half(name, 0, math.nan, math.nan, NOTHING)
        was, now = before[rows], after[rows]
        return Half(name, int(rows.sum()), float(was.mean()), float(now.mean()), cost_ratio(now, was, seed))

    return mean("seen", chosen), mean("unseen", ~chosen)


def mean_difference(before: Floats, after: Floats) -> Floats:
    """Return the mean over the last axis of what is more after."""
    return np.asarray((after - before).mean(axis=-1))


def noise_of(seconds: Sequence[Floats]) -> Noise:
    """Estimate the noise from repeated seeds, each (instances, seeds), infinite where unsolved.

    Runs below LEAST seconds are left out: their noise is that of starting a process.
    """
    squares, freedom = 0.0, 0
    for table in seconds:
        for row in table:
            logs = np.log(row[np.isfinite(row) & (row >= LEAST)])
            if len(logs) > 1:
                squares += float(((logs - logs.mean()) ** 2).sum())
                freedom += len(logs) - 1
    return Noise(math.sqrt(squares / freedom), freedom) if freedom else Noise(ASSUMED, 0)


def half(seconds: Floats) -> NDArray[np.bool_]:
    """Return which instances are solved with at least half of the seeds, bool (instances,)."""
    return np.asarray(np.isfinite(seconds).mean(axis=1) >= 0.5)


def typical(seconds: Floats) -> Floats:
    """Return the geometric mean of each instance's solved seeds, (instances,), infinite where none is."""
    solved = np.isfinite(seconds)
    logs = np.where(solved, np.log(np.maximum(np.where(solved, seconds, 1), FLOOR)), 0)
    count = solved.sum(axis=1)
    return np.where(count > 0, np.exp(logs.sum(axis=1) / np.maximum(count, 1)), math.inf)


def none_if_unsolved(seconds: float) -> float | None:
    """Return finite seconds, else None."""
    return seconds if math.isfinite(seconds) else None


def chosen(changes: Sequence[Change], where: NDArray[np.bool_], order: Floats) -> tuple[Change, ...]:
    """Return the changes at some places, by rising order, then by name."""
    rows = sorted(np.flatnonzero(where).tolist(), key=lambda row: (order[row], changes[row].name))
    return tuple(changes[row] for row in rows)


def judge(difference: Estimate, ratios: Speedup, chance: float, gain: int, same: bool) -> Verdict:
    """Say whether it is better: by the PAR-k interval, by speed where both solved, by what is solved.

    The interval of the difference is one of the level 1 - SIGNIFICANT.
    """
    if same:
        return "same runs"
    signs = set()
    if difference.low > 0 or difference.high < 0:
        signs.add(-1 if difference.low > 0 else 1)
    if ratios.p < SIGNIFICANT and abs(math.log(ratios.geometric.value)) > math.log1p(MATTERS):
        signs.add(1 if ratios.geometric.value > 1 else -1)
    if chance < SIGNIFICANT:
        signs.add(1 if gain > 0 else -1)
    if not signs:
        return "no difference"
    if len(signs) == 2:
        return "mixed"
    return "better" if 1 in signs else "worse"


def in_words(
    solver: str,
    verdict: Verdict,
    ratios: Speedup,
    difference: Estimate,
    moved: tuple[int, int],
    chance: float,
) -> str:
    """Return the verdict as a sentence or two."""
    if verdict == "same runs":
        return f"{solver}: the runs are the same, to the last digit."
    lead = {
        "better": "better, and not by chance.",
        "worse": "WORSE, and not by chance.",
        "mixed": "better in some ways, worse in others, neither by chance.",
        "no difference": "no difference that could not be chance.",
    }[verdict]
    parts = [f"{solver}: {lead}"]
    if ratios.instances:
        value, low, high = ratios.geometric.value, ratios.geometric.low, ratios.geometric.high
        word = "faster" if value >= 1 else "slower"
        if value < 1:
            value, low, high = 1 / value, 1 / high, 1 / low
        parts.append(
            f"{value:.3g} × {word} [{low:.3g}, {high:.3g}] over the {ratios.instances} instances solved both"
            f" times (p = {ratios.p:.2g});"
        )
    gained, lost = moved
    parts.append(f"{gained} newly solved, {lost} lost (p = {chance:.2g});")
    sign = f"{difference.value:+.3g} s [{difference.low:+.3g}, {difference.high:+.3g}]"
    parts.append(f"mean PAR {sign}.")
    return " ".join(parts)


def to_json(comparisons: Comparisons) -> dict[str, Any]:
    """Return a comparison as values of JSON; what is no finite number is null."""
    cleaned: dict[str, Any] = finite({"format": 1, **asdict(comparisons)})
    return cleaned
