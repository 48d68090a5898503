"""The figures of a report: scores, the VBS, families and pairwise speed-ups of a table; as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from turbosat.benchmarks.report.score import (
    CATEGORIES,
    VBS,
    Category,
    Margin,
    Score,
    Table,
    families,
    margins,
    ranking,
    score,
    scores,
    seen,
)
from turbosat.benchmarks.report.statistics import (
    LEVEL,
    NOTHING,
    RESAMPLES,
    Estimate,
    Speedup,
    cost_ratio,
    log_ratios,
    speedup,
)

FORMAT = 1  # of the JSON


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what a report says of an experiment: the machine, a limit, a version."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two solvers side by side; ratios are above 1 where the first is faster.

    `speedup` is over the instances both solved, `cost` is the ratio of the sums of PAR-k over all instances;
    `only_first` and `only_second` count, as a mean over the seeds, what only one of them solved.
    """

    first: str
    second: str
    speedup: Speedup
    cost: Estimate
    only_first: float
    only_second: float


@dataclass(frozen=True, slots=True)
class Half:
    """A solver on one half of the instances; `ratio` is of its PAR-k to that of the report's first solver."""

    half: str
    category: Category
    score: Score
    ratio: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All figures of a table, solvers ordered best first."""

    title: str
    table: Table
    facts: tuple[Fact, ...]
    solvers: tuple[str, ...]
    scores: tuple[Score, ...]
    margins: tuple[Margin, ...]
    families: dict[str, dict[str, Score]]
    pairs: tuple[Pair, ...]
    halves: tuple[Half, ...]
    against: str

    def shown(self, most: int = 4) -> tuple[Pair, ...]:
        """Return the pairs worth printing: all of a few solvers, those of `against` or the best of many."""
        if not self.against and len(self.solvers) <= most:
            return self.pairs
        one = self.against or self.solvers[0]
        return tuple(pair for pair in self.pairs if pair.first == one)


def make(table: Table, title: str, facts: Sequence[Fact] = (), *, against: str = "", seed: int = 0) -> Report:
    """Compute a report. `against` puts one solver first in its pairs; `seed` is of the bootstrap."""
    order = ranking(table)
    if against:
        table.only([against])  # says which there are
        order = [against, *(solver for solver in order if solver != against)]
    return Report(
        title=title,
        table=table,
        facts=tuple(facts),
        solvers=tuple(ranking(table)),
        scores=tuple(scores(table)),
        margins=tuple(margins(table)),
        families=families(table),
        pairs=tuple(compare(table, first, second, seed) for first, second in combinations(order, 2)),
        halves=tuple(halves(table, order, seed)),
        against=against,
    )


def halves(table: Table, order: Sequence[str], seed: int = 0) -> Iterator[Half]:
    """Yield the scores of both halves of the instances, by category; the first of `order` has ratio 1."""
    chosen = np.array([seen(item.name) for item in table.items], np.bool_)
    for category in CATEGORIES:
        inside = table.rows(category)
        for half, rows in (("seen", inside[chosen[inside]]), ("unseen", inside[~chosen[inside]])):
            part = table.take(rows.tolist())
            costs = part.costs.mean(axis=2)  # (instances, solvers)
            first = costs[:, table.solvers.index(order[0])] if order else costs
            for solver in order:
                place = table.solvers.index(solver)
                ratio = cost_ratio(first, costs[:, place], seed) if len(rows) else NOTHING
                yield Half(half, category, score(part, solver), ratio)


def compare(table: Table, first: str, second: str, seed: int = 0) -> Pair:
    """Return two solvers of a table side by side."""
    a, b = (table.solvers.index(solver) for solver in (first, second))
    seconds, costs = table.seconds, table.costs
    solved = [(seconds[:, place] < math.inf) for place in (a, b)]  # two of (instances, seeds)
    seeds = len(table.seeds)
    return Pair(
        first=first,
        second=second,
        speedup=speedup(log_ratios(seconds[:, a], seconds[:, b]), seed),
        cost=cost_ratio(costs[:, a].mean(axis=1), costs[:, b].mean(axis=1), seed),
        only_first=float((solved[0] & ~solved[1]).sum() / seeds),
        only_second=float((solved[1] & ~solved[0]).sum() / seeds),
    )


def to_json(report: Report) -> dict[str, Any]:
    """Return the report and every run as values of JSON; what is no finite number is null."""
    table = report.table
    instances = [
        {**asdict(item), "verdict": verdict, "seconds": times}
        for item, verdict, times in zip(table.items, table.verdicts, table.seconds.tolist(), strict=True)
    ]
    data = {
        "format": FORMAT,
        "title": report.title,
        "facts": {fact.name: fact.value for fact in report.facts},
        "timeout_seconds": table.timeout,
        "par_factor": table.factor,
        "seeds": table.seeds,
        "bootstrap": {"resamples": RESAMPLES, "level": LEVEL},
        "wrong": [asdict(each) for each in table.wrong],
        "notes": table.notes,
        "ranking": report.solvers,
        "scores": [asdict(each) for each in report.scores],
        "margins": [asdict(each) for each in report.margins],
        "outcomes": [asdict(each) for each in table.outcomes],
        "pairs": [asdict(each) for each in report.pairs],
        "halves": [asdict(each) for each in report.halves],
        "families": {
            family: {solver: asdict(each) for solver, each in row.items()}
            for family, row in report.families.items()
        },
        "solvers": table.solvers,  # the order of seconds: instance → solver → seed
        "instances": instances,
    }
    cleaned: dict[str, Any] = finite(data)
    return cleaned


def finite(value: Any) -> Any:
    """Return a value of JSON with null in place of NaN and infinities."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def summary(report: Report) -> str:
    """Return one line of what was measured and how it is scored."""
    table = report.table
    rows = {category: len(table.rows(category)) for category in ("SAT", "UNSAT")}
    seeds = f", mean of {len(table.seeds)} seeds" if len(table.seeds) > 1 else ""
    unknown = len(table.items) - rows["SAT"] - rows["UNSAT"]
    return (
        f"{len(table.items)} instances ({rows['SAT']} SAT, {rows['UNSAT']} UNSAT, {unknown} unknown),"
        f" {len(table.solvers)} solvers{seeds}. T = {table.timeout:g} s;"
        f" PAR-{table.factor:g}: an unsolved run counts {table.factor * table.timeout:g} s."
        f" {VBS}: the virtual best solver."
    )
