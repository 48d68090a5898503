"""Judge a DRAT proof of a formula, whose xor lines stand for clauses."""

from collections.abc import Iterator

import numpy as np

from turbosat.check import kernels
from turbosat.check.clock import Clock
from turbosat.check.drat.checker import Checker, shown
from turbosat.check.drat.index import build
from turbosat.check.reading.dimacs import Formula
from turbosat.check.reading.proof import Proof
from turbosat.check.reading.xor import expand
from turbosat.check.verdict import Outcome, Verdict


def judge_proof(formula: Formula, proof: Proof, clock: Clock) -> tuple[Verdict, Iterator[bytes] | None]:
    """Check a parsed proof of a parsed formula; return the verdict and, if it is verified, its core."""
    items, variables = expand(formula)
    index = build(items, proof.items, variables, clock)
    proof.forget_literals()
    checker = Checker(index, clock)
    missing = int(np.count_nonzero(index.steps[index.clauses :] == 0))
    first_missing = int(np.argmax(index.steps[index.clauses :] == 0)) if missing else 0

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        notes = list(formula.notes)
        statistics = checker.statistics()
        if missing:
            place = proof.place(first_missing)
            notes.append(f"ignored {missing} deletions of clauses that are not there, the first at {place}")
        if statistics["kept_units"]:
            notes.append(f"ignored {statistics['kept_units']} deletions of unit clauses")
        if proof.fault is not None:
            notes.append(f"the conflict comes before what is no proof: {proof.fault}")
        return Verdict(
            outcome, "proof", reason, tuple(notes), missing=missing, seconds=clock.elapsed(), **statistics
        )

    status = checker.find_conflict()
    step = checker.step - index.clauses
    if status == kernels.FALSE_EMPTY:
        reason = f"{proof.place(step)}: the empty clause, but unit propagation meets no conflict"
        return verdict("not verified", reason), None
    if status == kernels.DONE:
        if proof.fault is not None:
            raise proof.fault
        return verdict("not verified", "the proof ends without a conflict"), None
    if checker.end == 0:
        return verdict("verified", "unit propagation refutes the formula, without the proof"), iter([b"0\n"])
    checker.restart()
    if checker.check_core():
        numbers = checker.statistics()
        reason = f"{numbers['core_lemmas']} of {numbers['lemmas']} lemmas refute the formula"
        return verdict("verified", reason), checker.core()
    step = checker.step
    lemma = checker.literals(int(index.steps[step]))
    against = checker.literals(int(checker.state.registers[kernels.FAILED]))
    reason = (
        f"{proof.place(step - index.clauses)}: the lemma {shown(lemma)} does not follow, "
        f"nor does its resolvent on {lemma[0]} with {shown(against)}"
    )
    return verdict("not verified", reason), None
