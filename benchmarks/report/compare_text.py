"""A comparison of two experiments as sections."""

from __future__ import annotations

from collections.abc import Iterable

from turbosat.benchmarks.report.compare import Change, Comparison, Comparisons
from turbosat.benchmarks.report.sections import Entry, Section, count_text, p_text, ratio_entry, seconds_text

MOST = 20  # instances of a kind that are listed


def lead(comparisons: Comparisons) -> list[str]:
    """Return the lines above the tables: what is compared, the verdicts, and what to be wary of."""
    first, second = comparisons.titles
    lines = [
        f"{first} → {second}: {comparisons.instances} instances in common, T = {comparisons.timeout:g} s,"
        f" PAR-{comparisons.factor:g}."
    ]
    for title, count in zip(comparisons.titles, comparisons.missing, strict=True):
        if count:
            lines.append(f"{count} instances only in {title} are left out.")
    for title, count in zip(comparisons.titles, comparisons.wrong, strict=True):
        if count:
            lines.append(f"{count} WRONG ANSWERS in {title}: see its report. They are not scored.")
    if comparisons.disagreements:
        names = ", ".join(comparisons.disagreements)
        lines.append(f"ONE OF THE TWO IS WRONG: SAT in one, UNSAT in the other: {names}.")
    lines += [each.words for each in comparisons.solvers]
    lines += [noise_text(each) for each in comparisons.solvers]
    return [*lines, *comparisons.notes]


def noise_text(each: Comparison) -> str:
    """Return where the noise of single instances comes from."""
    spread = f"{100 * each.noise.deviation:.0f} %"
    if each.noise.runs:
        return f"Noise of {each.after}: {spread} between seeds, from {each.noise.runs + 1} runs and more."
    return f"Noise of {each.after}: {spread} assumed, no seeds were repeated."


def sections(comparisons: Comparisons) -> list[Section]:
    """Return the overview and, for each solver, the instances that changed."""
    found = [overview(comparisons), halves(comparisons)]
    for each in comparisons.solvers:
        kinds = (
            ("solved", "newly solved", each.solved),
            ("lost", "no longer solved", each.lost),
            ("faster", "faster beyond noise", each.faster),
            ("slower", "slower beyond noise", each.slower),
        )
        for name, words, changes in kinds:
            if changes:
                made = change_section(f"{name}-{each.after}", f"{each.after}: {words}", changes)
                found.append(made)
    return found


def overview(comparisons: Comparisons) -> Section:
    """Return one row a solver."""
    timeout = comparisons.timeout
    rows = []
    for each in comparisons.solvers:
        before, after = each.scores
        name = each.after if each.before == each.after else f"{each.before} → {each.after}"
        difference = each.difference
        rows.append(
            (
                Entry(name),
                Entry(f"{count_text(before.solved)} → {count_text(after.solved)}", after.solved),
                Entry(str(len(each.solved)), len(each.solved)),
                Entry(str(len(each.lost)), len(each.lost)),
                Entry(
                    f"{seconds_text(before.mean, timeout)} → {seconds_text(after.mean, timeout)}", after.mean
                ),
                Entry(
                    f"{difference.value:+.3g} [{difference.low:+.3g}, {difference.high:+.3g}]",
                    difference.value,
                ),
                ratio_entry(each.speedup.median),
                ratio_entry(each.speedup.geometric),
                Entry(p_text(each.speedup.p), each.speedup.p),
                Entry(each.verdict),
            )
        )
    heads = (
        "solver",
        "solved",
        "new",
        "lost",
        f"PAR-{comparisons.factor:g} mean",
        "difference",
        "median speed-up",
        "geometric mean",
        "p",
        "verdict",
    )
    about = (
        "Speed-ups over the instances solved both times, above 1 where it is faster now, with 95 % bootstrap"
        " intervals; p of the signed-rank test."
    )
    return Section("overview", "What changed", about, heads, tuple(rows))


def halves(comparisons: Comparisons) -> Section:
    """Return two rows a solver: what was gained where constants may be chosen, and where they may not."""
    timeout = comparisons.timeout
    rows = []
    for each in comparisons.solvers:
        for half in each.halves:
            if half.instances:
                means = f"{seconds_text(half.before, timeout)} → {seconds_text(half.after, timeout)}"
                rows.append(
                    (
                        Entry(each.after),
                        Entry(half.name),
                        Entry(str(half.instances), half.instances),
                        Entry(means, half.after),
                        ratio_entry(half.ratio),
                    )
                )
    about = (
        "A hash of their files' names halves the instances. Constants are chosen on the seen half alone:"
        " what is gained there and not on the other was tuned, not bettered."
    )
    heads = ("solver", "half", "instances", f"PAR-{comparisons.factor:g} mean", "ratio")
    return Section("halves", "Seen and unseen", about, heads, tuple(rows))


def change_section(name: str, title: str, changes: Iterable[Change]) -> Section:
    """Return a list of instances that changed one way."""
    changes = list(changes)
    rows = []
    for each in changes[:MOST]:
        times = [
            Entry("unsolved" if seconds is None else f"{seconds:.2f} s", -1 if seconds is None else seconds)
            for seconds in (each.before, each.after)
        ]
        rows.append((Entry(each.name), Entry(each.family), *times, ratio(each)))
    about = f"The first {MOST} of {len(changes)}." if len(changes) > MOST else ""
    heads = ("instance", "family", "before", "after", "ratio")
    return Section(name, f"{title} ({len(changes)})", about, heads, tuple(rows))


def ratio(change: Change) -> Entry:
    """Return how many times faster an instance is now, where it was solved both times."""
    if change.before is None or change.after is None:
        return Entry("", -1)
    value = change.before / max(change.after, 1e-9)
    return Entry(f"{value:.2f}", value)
