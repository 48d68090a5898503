"""Check a DRAT proof: forward to the conflict, then backward over the lemmas it rests on.

Forward, clauses come and go as the proof says, and only root literals are propagated, until they conflict.
Backward, steps are taken back one by one; a lemma that some later check has used must follow from the
clauses before it by unit propagation (RUP), or all its resolvents on its first literal must (RAT). Lemmas
that nothing uses are not checked: the proof without them is complete.

A deletion is ignored when its clause is not there, or is a unit under the root literals (one literal true,
the others false), as solvers delete clauses that are satisfied for good. Keeping a clause is sound: more
clauses only help unit propagation, and RAT is checked against the kept ones too, which only makes it harder.
"""

import numpy as np

from turbosat.check import kernels
from turbosat.check.clock import Clock, OutOfTime, Slices
from turbosat.check.dimacs import Formula, read_formula
from turbosat.check.index import ALIVE, CORE, TAUTOLOGY, Index, Ints, build
from turbosat.check.jit import kernel
from turbosat.check.kernels import Longs, State
from turbosat.check.proof import Proof, parse_proof
from turbosat.check.solution import is_binary
from turbosat.check.source import Source, name_of, read
from turbosat.check.verdict import Outcome, Verdict
from turbosat.check.xor import expand

NOTHING = np.zeros(1, np.int32)


@kernel
def list_occurrences(arena: Ints, steps: Ints, variables: int) -> tuple[Ints, Ints]:
    """Return the clauses of each literal l, as occurrences[first[l]:first[l+1]]."""
    first = np.zeros(2 * variables + 3, np.int32)
    for fill in range(2):
        if fill:
            for l in range(2 * variables + 2):
                first[l + 1] += first[l]
            occurrences = np.empty(first[2 * variables + 2], np.int32)
        for step in steps:
            if step > 0 and arena[step - 1] & 4 == 0:
                for q in range(step, step + (arena[step - 1] >> 3)):
                    l = arena[q]
                    if fill:
                        first[l] -= 1
                        occurrences[first[l]] = step
                    else:
                        first[l] += 1
    return first, occurrences


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
        status = kernels.MORE
        while status == kernels.MORE:
            work = slices.next(doing, int(self.state.registers[kernels.STEP]) / total)
            status, self.pool = kernels.forward(self.state, self.pool, self.index.steps, hi, eager, work)
        return status

    def find_conflict(self) -> int:
        """Run the forward pass; return REFUTED, DONE where there is no conflict, or FALSE_EMPTY."""
        index, registers = self.index, self.state.registers
        offsets = index.steps[: index.clauses]
        heads = index.arena[offsets - 1]
        if (heads >> 3 == 0).any():
            return kernels.REFUTED
        index.arena[offsets - 1] = np.where(heads & TAUTOLOGY, heads, heads | ALIVE)
        status = self._forward(index.clauses, eager=False, doing="forward")
        if status == kernels.DONE:
            status = self._forward(len(index.steps), eager=True, doing="forward")
            self.end = int(registers[kernels.STEP]) + 1
        return status

    def restart(self) -> None:
        """Attach the clauses there at the conflict anew, and mark what the conflict rests on as core."""
        state = self.state
        for array in (state.value, state.seen, state.units, state.lists):
            array[:] = 0
        state.free[:] = -1
        for register in ("TRAIL", "CORE_HEAD", "REST_HEAD", "TOP", "CONFLICT", "STEP"):
            state.registers[getattr(kernels, register)] = 0
        self._forward(self.end, eager=False, doing="backward")
        kernels.mark(state, int(state.registers[kernels.CONFLICT]), 0, int(state.registers[kernels.TRAIL]))
        state.registers[kernels.STEP] = self.end - 1

    def check_core(self) -> bool:
        """Run the backward pass; return whether all core lemmas hold, else registers[STEP] is one that does not."""
        index, registers = self.index, self.state.registers
        first = occurrences = NOTHING
        slices = Slices(self.clock)
        steps = max(1, self.end - index.clauses)
        while True:
            work = slices.next("backward", (self.end - int(registers[kernels.STEP])) / steps)
            status, self.pool = kernels.backward(
                self.state, self.pool, index.steps, index.clauses, first, occurrences, work
            )
            if status == kernels.NEED_OCCURRENCES:
                first, occurrences = list_occurrences(index.arena, index.steps[: self.end], index.variables)
            elif status != kernels.MORE:
                return status == kernels.DONE

    def literals(self, offset: int) -> list[int]:
        """Return a clause as it was written, its pivot first."""
        codes = self.index.arena[offset : offset + (self.index.arena[offset - 1] >> 3)]
        pivot = self.index.arena[offset - 2]
        codes = np.concatenate((codes[codes == pivot], codes[codes != pivot]))
        variables = codes >> 1 if self.index.names is None else self.index.names[codes >> 1]
        found: list[int] = np.where(codes & 1, -variables, variables).tolist()
        return found

    def core(self) -> bytes:
        """Return the proof that was checked, without what nothing uses, as DRAT text."""
        lines = []
        for number in range(self.index.clauses, self.end):
            step = int(self.index.steps[number])
            offset = abs(step)
            original = offset < self.boundary
            if step and (self.index.arena[offset - 1] & CORE or (original and step < 0)):
                prefix = "d " if step < 0 else ""
                lines.append(prefix + " ".join(map(str, [*self.literals(offset), 0])))
        return "\n".join([*lines, "0", ""]).encode()

    @property
    def boundary(self) -> int:
        """Where the arena's lemmas begin."""
        added = self.index.steps[self.index.clauses :]
        added = added[added > 0]
        return int(added[0]) if len(added) else len(self.index.arena) + 2

    def statistics(self) -> dict[str, int]:
        """Return the numbers of the verdict."""
        index, registers = self.index, self.state.registers
        steps = index.steps[index.clauses : max(self.end, index.clauses)]
        added = steps[steps > 0]
        return {
            "clauses": index.clauses,
            "lemmas": len(added),
            "core_lemmas": int(np.count_nonzero(index.arena[added - 1] & CORE)),
            "rat_steps": int(registers[kernels.RAT]),
            "deletions": int(registers[kernels.DELETED]),
            "kept_units": int(registers[kernels.KEPT]),
            "propagations": int(registers[kernels.WORK]),
        }


def _shown(literals: list[int]) -> str:
    text = " ".join(map(str, [*literals[:12], 0]))
    return text if len(literals) <= 12 else text[:-1] + f"... ({len(literals)} literals)"


def judge_proof(formula: Formula, proof: Proof, clock: Clock) -> tuple[Verdict, bytes | None]:
    """Check a parsed proof against a parsed formula; return the verdict and the core of a verified proof."""
    items, variables = expand(formula)
    index = build(items, proof.items, variables, clock)
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
        return Verdict(outcome, "proof", reason, tuple(notes), missing=missing, seconds=clock.elapsed(), **statistics)

    status = checker.find_conflict()
    step = int(checker.state.registers[kernels.STEP]) - index.clauses
    if status == kernels.FALSE_EMPTY:
        return verdict("not verified", f"{proof.place(step)} is the empty clause, but there is no conflict yet"), None
    if status == kernels.DONE:
        if proof.fault is not None:
            raise proof.fault
        return verdict("not verified", "the proof ends without a conflict"), None
    if checker.end == 0:
        return verdict("verified", "unit propagation refutes the formula, without the proof"), b"0\n"
    checker.restart()
    if checker.check_core():
        numbers = checker.statistics()
        reason = f"{numbers['core_lemmas']} of {numbers['lemmas']} lemmas refute the formula"
        return verdict("verified", reason), checker.core()
    step = int(checker.state.registers[kernels.STEP])
    lemma = checker.literals(int(index.steps[step]))
    against = checker.literals(int(checker.state.registers[kernels.FAILED]))
    reason = (
        f"{proof.place(step - index.clauses)}: the lemma {_shown(lemma)} does not follow, "
        f"nor does its resolvent on {lemma[0]} with {_shown(against)}"
    )
    return verdict("not verified", reason), None


def check_proof(
    cnf: Source, proof: Source, *, binary: bool | None = None, seconds: float | None = None
) -> Verdict:
    """Check a DRAT proof (a path or bytes) of a formula's (a path or bytes) unsatisfiability."""
    clock = Clock(seconds)
    try:
        formula = read_formula(cnf, clock)
        data = read(proof, "proof")
        parsed = parse_proof(
            data, name_of(proof, "proof"), clock, binary=is_binary(data) if binary is None else binary
        )
        return judge_proof(formula, parsed, clock)[0]
    except OutOfTime:
        return Verdict("timeout", "proof", "out of time", seconds=clock.elapsed())
