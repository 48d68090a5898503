"""From the outcome of a run to what counts: its checks, the known status, and the other solvers' answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from turbosat.benchmarks.run.runner import Outcome
from turbosat.benchmarks.run.verify import Done
from turbosat.benchmarks.store import Instance, Result, Run, Status, Verified

OPPOSITE: dict[Result, Result] = {"sat": "unsat", "unsat": "sat"}
WORDS: dict[Result, str] = {"sat": "satisfiable", "unsat": "unsatisfiable"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The columns of a run that say what its answer is worth."""

    result: Result
    status: Status
    verified: Verified
    reason: str


def by_itself(outcome: Outcome, check: Done | None) -> Verdict:
    """Judge a run by its own output; `check` is that of its model or proof, None where none was made.

    An unsatisfiability whose proof could not be checked in time counts as unsolved, as in the competition.
    """
    if outcome.ended != "exit":
        return Verdict("unknown", outcome.ended, "none", outcome.reason)
    if outcome.status != "ok" or outcome.claim == "unknown":
        return Verdict("unknown", outcome.status, "none", outcome.reason)
    if check is None:
        return Verdict(outcome.claim, "ok", "none", "")
    kind: Verified = "model" if outcome.claim == "sat" else "proof"
    if check.outcome == "verified":
        return Verdict(outcome.claim, "ok", kind, "")
    if check.outcome == "not verified":
        return Verdict("unknown", "wrong", "failed", check.reason)
    words = "not checked in time" if check.outcome == "timeout" else f"unreadable: {check.reason}"
    verified: Verified = "none" if check.outcome == "timeout" else "failed"
    return Verdict("unknown", "error", verified, f"the {kind} is {words}")


def together(run: Run, others: Sequence[Run], known: Result) -> list[Run]:
    """Return the run and those others of the same instance that must be corrected, beginning with the run.

    A checked answer is believed before a known status, and that before an unchecked answer.
    """
    changed = [run]
    if run.result == "unknown":
        return changed
    if run.verified == "none":
        against = next((other for other in others if _checked(other, OPPOSITE[run.result])), None)
        if known == OPPOSITE[run.result]:
            changed[0] = _wrong(run, f"it says {WORDS[run.result]}, known is {WORDS[known]}")
        elif against is not None:
            changed[0] = _wrong(run, _contradicted(run, against))
    else:
        changed += [
            _wrong(other, _contradicted(other, run))
            for other in others
            if other.result == OPPOSITE[run.result] and other.verified == "none"
        ]
    return changed


def faults(runs: Iterable[Run], instances: Mapping[str, Instance]) -> list[str]:
    """Return a line for everything that must not be: wrong answers, and answers that cannot both be right."""
    lines = []
    checked: dict[str, Run] = {}
    for run in runs:
        instance = instances[run.hash]
        who = f"{run.solver} (seed {run.seed}) on {instance.path}"
        if run.status == "wrong":
            lines.append(f"{who}: {run.reason}")
        elif run.verified in ("model", "proof"):
            if instance.known == OPPOSITE[run.result]:
                lines.append(f"{who}: {run.verified} checked, but it was known to be {WORDS[instance.known]}")
            first = checked.setdefault(run.hash, run)
            if first.result != run.result:
                lines.append(f"{who}: {run.verified} checked, and {first.solver}'s {first.verified}, too")
    return lines


def _checked(run: Run, result: Result) -> bool:
    return run.result == result and run.verified in ("model", "proof")


def _contradicted(run: Run, by: Run) -> str:
    return f"it says {WORDS[run.result]}, but {by.solver}'s {by.verified} was checked"


def _wrong(run: Run, reason: str) -> Run:
    return replace(run, result="unknown", status="wrong", verified="failed", reason=reason)
