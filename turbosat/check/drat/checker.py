"""Check a DRAT proof: forward to the conflict, then backward over the lemmas it rests on.

Forward, clauses come and go as the proof says, and only root literals are propagated, until they conflict.
Backward, steps are taken back one by one; a lemma that some later check has used must follow from the
clauses before it by unit propagation (RUP), or all its resolvents on its first literal must (RAT). Lemmas
that nothing uses are not checked: the proof without them is complete.

A deletion is ignored when its clause is not there, or is a unit under the root literals (one literal true,
the others false), as solvers delete clauses that are satisfied for good. Keeping a clause is sound: more
clauses only help unit propagation, and RAT is checked against the kept ones too, which only makes it harder.

Memory, in bytes: the proof's file once, 4 a literal while it is read, 4 a literal and 12 a lemma for the
clauses, 12 a step, 16 and more a living clause for watches; and 4 a literal once a RAT lemma comes up.
"""

from collections.abc import Iterator

import numpy as np

from turbosat.check.base.clock import Clock, Slices
from turbosat.check.drat import kernels, state
from turbosat.check.drat.index import Index, build, list_occurrences
from turbosat.check.drat.state import ALIVE, CORE, TAUTOLOGY, Longs, State
from turbosat.check.reading.dimacs import Formula
from turbosat.check.reading.proof import Proof
from turbosat.check.reading.xor import expand
from turbosat.check.verdict import Outcome, Verdict

NOTHING = np.zeros(1, np.int32)
PIECE = 1 << 12  # steps of a core that are written at a time


class Checker:
    """The state of one check of one proof."""

    def __init__(self, index: Index, clock: Clock) -> None:
        self.index = index
        self.clock = clock
        n = index.variables
        self.state = State(
            arena=index.arena,
            value=np.zeros(2 * n + 2, np.int8),
            reason=np.zeros(n + 1, np.int32),
            position=np.zeros(n + 1, np.int32),
            trail=np.zeros(n + 1, np.int32),
            done=np.zeros((2, n + 1), np.int32),
            seen=np.zeros(n + 1, np.uint8),
            stack=np.zeros(n + 1, np.int32),
            units=np.zeros(2 * n + 2, np.int32),
            lists=np.zeros((4 * n + 4, 3), np.int32),
            free=np.full(40, -1, np.int32),
            registers=np.zeros(12, np.int64),
        )
        self.pool: Longs = np.empty(16 * index.clauses + 1024, np.int64)
        self.lemmas = np.flatnonzero(index.steps[index.clauses :] > 0)  # proof steps
        self.end = 0  # the steps taken when the conflict was found

    def _forward(self, hi: int, *, eager: bool, doing: str) -> int:
        slices = Slices(self.clock)
        total = len(self.index.steps) + 1
        status = state.MORE
        while status == state.MORE:
            work = slices.next(doing, int(self.state.registers[state.STEP]) / total)
            status, self.pool = kernels.forward(self.state, self.pool, self.index.steps, hi, eager, work)
        return status

    def attach_formula(self) -> int:
        """Propagate the units of the formula; return REFUTED or DONE."""
        index = self.index
        offsets = index.steps[: index.clauses]
        heads = index.arena[offsets - 1]
        if (heads >> 3 == 0).any():
            return state.REFUTED
        index.arena[offsets - 1] = np.where(heads & TAUTOLOGY, heads, heads | ALIVE)
        return self._forward(index.clauses, eager=False, doing="forward")

    def find_conflict(self) -> int:
        """Run the forward pass; return REFUTED, DONE where there is no conflict, or FALSE_EMPTY."""
        status = self.attach_formula()
        if status == state.DONE:
            status = self._forward(len(self.index.steps), eager=True, doing="forward")
            self.end = int(self.state.registers[state.STEP]) + 1
        return status

    def check_each(self) -> bool:
        """Tell whether each lemma is RUP by the attached formula; registers[STEP] is the last that is not."""
        index, registers = self.index, self.state.registers
        index.arena[index.steps[index.clauses :] - 1] |= CORE
        registers[state.STEP] = len(index.steps) - 1
        slices = Slices(self.clock)
        status = state.MORE
        while status == state.MORE:
            done = 1 - (int(registers[state.STEP]) - index.clauses) / (len(index.steps) - index.clauses + 1)
            work = slices.next("implied", done)
            status, self.pool = kernels.backward(
                self.state, self.pool, index.steps, index.clauses, NOTHING, NOTHING, work
            )
        return status == state.DONE

    def restart(self) -> None:
        """Attach the clauses there at the conflict anew, and mark what the conflict rests on as core."""
        s, registers = self.state, self.state.registers
        s.units[:] = 0
        s.lists[:] = 0
        s.free[:] = -1
        # The trail stays: its order is that of the proof, so that taking a step back cuts off little of it.
        # Where a false literal has been visited is set anew, by attaching, for the new watches.
        s.done[:] = np.arange(1, s.done.shape[1] + 1, dtype=np.int32)
        registers[[state.CORE_HEAD, state.REST_HEAD]] = registers[state.TRAIL]
        registers[[state.TOP, state.STEP]] = 0
        self._forward(self.end, eager=False, doing="backward")
        np.maximum.accumulate(s.done, axis=1, out=s.done)
        kernels.mark(s, int(registers[state.CONFLICT]), 0, int(registers[state.TRAIL]))
        registers[state.STEP] = self.end - 1

    def check_core(self) -> bool:
        """Run the backward pass; return whether all core lemmas hold; registers[STEP] is where it ended."""
        index, registers = self.index, self.state.registers
        first = occurrences = NOTHING
        slices = Slices(self.clock)
        steps = max(1, self.end - index.clauses)
        while True:
            work = slices.next("backward", (self.end - int(registers[state.STEP])) / steps)
            status, self.pool = kernels.backward(
                self.state, self.pool, index.steps, index.clauses, first, occurrences, work
            )
            if status == state.NEED_OCCURRENCES:
                first, occurrences = list_occurrences(index.arena, index.steps[: self.end], index.variables)
            elif status != state.MORE:
                return status == state.DONE

    def literals(self, offset: int) -> list[int]:
        """Return a clause as it was written, its pivot first."""
        codes = self.index.arena[offset : offset + (self.index.arena[offset - 1] >> 3)]
        pivot = self.index.arena[offset - 2]
        codes = np.concatenate((codes[codes == pivot], codes[codes != pivot]))
        variables = codes >> 1 if self.index.names is None else self.index.names[codes >> 1]
        found: list[int] = np.where(codes & 1, -variables, variables).tolist()
        return found

    def core(self) -> Iterator[bytes]:
        """Yield the proof that was checked, without what nothing uses, as DRAT text."""
        steps = self.index.steps[self.index.clauses : self.end]
        steps = steps[steps != 0]
        originals = self.index.steps[: self.index.clauses].max(initial=0)
        offsets = np.abs(steps)
        stays = (self.index.arena[offsets - 1] & CORE > 0) | ((steps < 0) & (offsets <= originals))
        steps = steps[stays]
        for start in range(0, len(steps), PIECE):
            lines = []
            for step in steps[start : start + PIECE].tolist():
                prefix = "d " if step < 0 else ""
                lines.append(prefix + " ".join(map(str, [*self.literals(abs(step)), 0])) + "\n")
            yield "".join(lines).encode()
        yield b"0\n"

    def statistics(self) -> dict[str, int]:
        """Return the numbers of the verdict."""
        index, registers = self.index, self.state.registers
        steps = index.steps[index.clauses : max(self.end, index.clauses)]
        added = steps[steps > 0]
        return {
            "clauses": index.clauses,
            "lemmas": len(added),
            "core_lemmas": int(np.count_nonzero(index.arena[added - 1] & CORE)),
            "rat_steps": int(registers[state.RAT]),
            "deletions": int(registers[state.DELETED]),
            "kept_units": int(registers[state.KEPT]),
            "propagations": int(registers[state.WORK]),
        }


def shown(literals: list[int]) -> str:
    """Return how messages write a clause."""
    text = " ".join(map(str, [*literals[:12], 0]))
    return text if len(literals) <= 12 else text[:-1] + f"... ({len(literals)} literals)"


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
    step = int(checker.state.registers[state.STEP]) - index.clauses
    if status == state.FALSE_EMPTY:
        reason = f"{proof.place(step)}: the empty clause, but unit propagation meets no conflict"
        return verdict("not verified", reason), None
    if status == state.DONE:
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
    step = int(checker.state.registers[state.STEP])
    lemma = checker.literals(int(index.steps[step]))
    against = checker.literals(int(checker.state.registers[state.FAILED]))
    reason = (
        f"{proof.place(step - index.clauses)}: the lemma {shown(lemma)} does not follow, "
        f"nor does its resolvent on {lemma[0]} with {shown(against)}"
    )
    return verdict("not verified", reason), None
