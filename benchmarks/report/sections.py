"""The tables of a report, the same for the terminal, for Markdown and for the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from turbosat.benchmarks.report.report import Pair, Report
from turbosat.benchmarks.report.score import CATEGORIES, VBS, Score
from turbosat.benchmarks.report.statistics import Estimate
from turbosat.errors import UsageError

MOST = 5  # solvers in a table by family, where not everything is wanted
NONE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a place in a table shows, and the number it is sorted by (None: by its text)."""

    text: str
    key: float | None = None
    best: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its name (as the option --section takes it), title and a line of explanation."""

    name: str
    title: str
    about: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]


def sections(report: Report, names: Sequence[str] = (), *, everything: bool = False) -> list[Section]:
    """Return the sections called so, in this order; without names, all that have something to say.

    `everything` shows every pair of solvers and all of them by family, however many.
    Raise UsageError for a name there is not.
    """
    made = [
        wrong(report),
        score_section(report),
        margin_section(report),
        pair_section(report, report.pairs if everything else report.shown()),
        half_section(report),
        outcome_section(report),
        family_section(report, report.solvers if everything else report.solvers[:MOST]),
        fact_section(report),
    ]
    if not names:
        return [each for each in made if each.rows]
    found = {each.name: each for each in made}
    if missing := [name for name in names if name not in found]:
        raise UsageError(f"no section {missing[0]}; there are: {', '.join(found)}")
    return [found[name] for name in names]


def wrong(report: Report) -> Section:
    """Return the list of wrong answers."""
    rows = [
        (Entry(each.solver), Entry(each.name), Entry(str(each.seed), each.seed), Entry(each.reason))
        for each in report.table.wrong
    ]
    about = "These answers are not scored. No figure of a solver that answers wrongly means anything."
    heads = ("solver", "instance", "seed", "what is wrong")
    return Section("wrong", "WRONG ANSWERS", about, heads, tuple(rows))


def score_section(report: Report) -> Section:
    """Return PAR-k and solved counts over SAT, UNSAT and ALL."""
    table, par = report.table, f"PAR-{report.table.factor:g}"
    by: dict[str, dict[str, Score]] = {}
    for each in report.scores:
        by.setdefault(each.solver, {})[each.category] = each
    least = {category: min(by[solver][category].mean for solver in report.solvers) for category in CATEGORIES}
    heads = ["solver"]
    for category in CATEGORIES:
        count = len(table.rows(category))
        heads += [f"{category}: solved of {count}", f"{category}: {par} mean", f"{category}: {par} sum"]
    rows = []
    for solver in (*report.solvers, VBS):
        row = [Entry(solver)]
        for category in CATEGORIES:
            one = by[solver][category]
            best = solver != VBS and one.mean == least[category] and len(report.solvers) > 1
            row += [
                Entry(count_text(one.solved), one.solved),
                Entry(seconds_text(one.mean, table.timeout), one.mean, best),
                Entry(seconds_text(one.total, table.timeout), one.total),
            ]
        rows.append(tuple(row))
    limit = f"T = {table.timeout:g} s, an unsolved run counts {table.factor:g} T"
    about = f"{par} in seconds, mean and sum; {limit}."
    return Section("scores", "Scores", about, tuple(heads), tuple(rows))


def margin_section(report: Report) -> Section:
    """Return what each solver adds to the VBS."""
    timeout, par = report.table.timeout, f"PAR-{report.table.factor:g}"
    rows = [
        (
            Entry(each.solver),
            Entry(str(len(each.alone)), len(each.alone)),
            Entry(count_text(each.fastest), each.fastest),
            Entry(seconds_text(each.without, timeout), each.without),
            Entry(f"+{seconds_text(each.loss, timeout)}", each.loss),
        )
        for each in report.margins
    ]
    heads = ("solver", "solved by it alone", "fastest on", f"{VBS} without it: {par} mean", "that is more by")
    about = f"What the {VBS}, the fastest of all on each instance, would lose without one of them."
    return Section("vbs", "Marginal contributions to the VBS", about, heads, tuple(rows))


def pair_section(report: Report, pairs: Iterable[Pair]) -> Section:
    """Return pairwise speed-ups."""
    rows = [
        (
            Entry(pair.first),
            Entry(pair.second),
            Entry(str(pair.speedup.instances), pair.speedup.instances),
            ratio_entry(pair.speedup.median),
            ratio_entry(pair.speedup.geometric),
            Entry(ratio_text(pair.speedup.most), pair.speedup.most),
            Entry(ratio_text(pair.speedup.least), pair.speedup.least),
            Entry(p_text(pair.speedup.p), pair.speedup.p),
            ratio_entry(pair.cost),
            Entry(count_text(pair.only_first), pair.only_first),
            Entry(count_text(pair.only_second), pair.only_second),
        )
        for pair in pairs
    ]
    heads = (
        "solver",
        "against",
        "both solved",
        "median",
        "geometric mean",
        "max",
        "min",
        "p",
        f"PAR-{report.table.factor:g} ratio",
        "only it",
        "only the other",
    )
    about = (
        "How many times faster the solver is than the other over the instances both solved, with 95 %"
        " bootstrap intervals; p of the signed-rank test. The PAR ratio is over all instances."
    )
    return Section("speedups", "Pairwise speed-ups", about, heads, tuple(rows))


def half_section(report: Report) -> Section:
    """Return the scores of the half that constants may be chosen on, and of the other."""
    rows = [
        (
            Entry(each.category),
            Entry(each.half),
            Entry(each.score.solver),
            Entry(f"{count_text(each.score.solved)} of {each.score.instances}", each.score.solved),
            Entry(seconds_text(each.score.mean, report.table.timeout), each.score.mean),
            ratio_entry(each.ratio),
        )
        for each in report.halves
        if each.score.instances
    ]
    par = f"PAR-{report.table.factor:g}"
    first = report.halves[0].score.solver if report.halves else ""
    about = (
        "A hash of their files' names halves the instances: constants are chosen on the seen half alone. The"
        f" ratio is of the sum of {par} to that of {first}, with a 95 % bootstrap interval."
    )
    heads = ("category", "half", "solver", "solved", f"{par} mean", "ratio")
    return Section("halves", "Seen and unseen", about, heads, tuple(rows))


def outcome_section(report: Report) -> Section:
    """Return how runs ended."""
    by = {each.solver: each for each in report.table.outcomes}
    rows = []
    for solver in report.solvers:
        if solver in by:
            each = by[solver]
            bad = (each.timeout, each.memout, each.error, each.wrong)
            counts = (each.runs, each.solved, each.unknown, *bad)
            cpu = Entry(NONE, -1) if each.cpu is None else Entry(f"{each.cpu:.0f} s", each.cpu)
            rss = Entry(NONE, -1) if each.rss is None else Entry(f"{each.rss / 2**20:.0f} MiB", each.rss)
            rows.append((Entry(solver), *(Entry(str(count), count) for count in counts), cpu, rss))
    ends = ("solved", "gave up", "timeout", "memout", "error", "wrong")
    heads = ("solver", "runs", *ends, "CPU time", "peak memory")
    return Section("outcomes", "How the runs ended", "", heads, tuple(rows))


def family_section(report: Report, solvers: Sequence[str]) -> Section:
    """Return solved counts and PAR-k of each family for some solvers, the best first."""
    table, names = report.table, (*solvers, VBS)
    rows = []
    for family, scores in report.families.items():
        count = scores[VBS].instances
        least = min(scores[solver].mean for solver in solvers)
        row = [Entry(family), Entry(str(count), count)]
        for solver in names:
            one = scores[solver]
            text = f"{count_text(one.solved)} · {seconds_text(one.mean, table.timeout)}"
            best = solver != VBS and one.solved > 0 and one.mean == least and len(solvers) > 1
            row.append(Entry(text, one.mean, best))
        rows.append(tuple(row))
    cut = f" The {len(solvers)} best solvers." if len(solvers) < len(report.solvers) else ""
    about = f"Solved · PAR-{table.factor:g} mean in seconds (T = {table.timeout:g} s).{cut}"
    if not any(item.family for item in table.items):
        rows = []
    return Section("families", "Families", about, ("family", "instances", *names), tuple(rows))


def fact_section(report: Report) -> Section:
    """Return the machine, the limits and the versions."""
    rows = tuple((Entry(fact.name), Entry(fact.value)) for fact in report.facts)
    return Section("setting", "Setting", "", ("what", "value"), rows)


def seconds_text(value: float, timeout: float) -> str:
    """Return seconds with one digit after the point under long limits, two under short ones."""
    if not math.isfinite(value):
        return NONE
    return f"{value:.1f}" if timeout >= 1000 else f"{value:.2f}"


def count_text(value: float) -> str:
    """Return a count, which over several seeds may be no integer."""
    return f"{value:g}" if value == int(value) else f"{value:.1f}"


def ratio_text(value: float) -> str:
    """Return a ratio with three significant digits."""
    if not math.isfinite(value):
        return NONE
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def ratio_entry(estimate: Estimate) -> Entry:
    """Return a ratio with its interval."""
    if not math.isfinite(estimate.value):
        return Entry(NONE, -1)
    low, high = ratio_text(estimate.low), ratio_text(estimate.high)
    return Entry(f"{ratio_text(estimate.value)} [{low}, {high}]", estimate.value)


def p_text(value: float) -> str:
    """Return a p-value."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
