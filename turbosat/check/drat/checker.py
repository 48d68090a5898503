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

from collections.abc import Callable, Iterator

import numpy as np

from turbosat.check import kernels
from turbosat.check.clock import Clock
from turbosat.check.drat.index import Index, occurrences_of
from turbosat.check.kernels import ALIVE, CORE, TAUTOLOGY, State

BUDGET = 1 << 18  # watches and literals between two looks at the clock: some milliseconds
MOST = 2**31 - 1  # watches in the pool, which lists name by 32 bits
PIECE = 1 << 12  # steps of a core that are written at a time


class Checker:
    """The state of one check of one proof."""

    def __init__(self, index: Index, clock: Clock) -> None:
        self.index = index
        self.clock = clock
        n = index.variables
        self.state = State(
            arena=index.arena,
            steps=index.steps,
            value=np.zeros(2 * n + 2, np.int8),
            reason=np.zeros(n + 1, np.int32),
            position=np.zeros(n + 1, np.int32),
            trail=np.zeros(n + 1, np.int32),
            done=np.zeros(2 * n + 2, np.int32),
            seen=np.zeros(n + 1, np.uint8),
            stack=np.zeros(n + 1, np.int32),
            units=np.zeros(2 * n + 2, np.int32),
            lists=np.zeros(12 * n + 12, np.int32),
            open=np.zeros(8, np.int64),
            free=np.full(kernels.BLOCKS, -1, np.int32),
            pool=np.empty(min(16 * index.clauses + 1024, MOST), np.int64),
            first=np.empty(0, np.int32),
            occurrences=np.empty(0, np.int32),
            registers=np.zeros(kernels.REGISTERS, np.int64),
        )
        self.end = 0  # the steps taken when the conflict was found

    @property
    def step(self) -> int:
        """The step that a pass has come to."""
        return int(self.state.registers[kernels.STEP])

    def _run(self, pass_: Callable[[State], int], doing: str, done: Callable[[], float]) -> int:
        """Call a kernel until it has an answer; see to what it lacks in between."""
        while True:
            self.clock.tick(doing, done())
            code = pass_(self.state)
            if code == kernels.NEED_ROOM:
                self._grow()
            elif code != kernels.MORE:
                return code

    def _grow(self) -> None:
        """Make the pool larger."""
        pool, top = self.state.pool, int(self.state.registers[kernels.TOP])
        if len(pool) == MOST:
            raise MemoryError
        larger = np.empty(min(2 * len(pool) + int(self.state.registers[kernels.NEEDED]), MOST), np.int64)
        larger[:top] = pool[:top]
        self.state = self.state.renewed(pool=larger)

    def _forward(self, until: int, *, eager: bool, doing: str) -> int:
        return self._run(
            lambda state: kernels.forward(state, until, eager, BUDGET),
            doing,
            lambda: self.step / (len(self.index.steps) + 1),
        )

    def _backward(self, doing: str, begun: int) -> int:
        lowest = self.index.clauses
        return self._run(
            lambda state: kernels.backward(state, lowest, BUDGET),
            doing,
            lambda: (begun - self.step) / (begun - lowest + 1),
        )

    def attach_formula(self) -> int:
        """Propagate the units of the formula; return REFUTED or DONE."""
        index = self.index
        offsets = index.steps[: index.clauses]
        heads = index.arena[offsets - 1]
        if (heads >> 3 == 0).any():
            return kernels.REFUTED
        index.arena[offsets - 1] = np.where(heads & TAUTOLOGY, heads, heads | ALIVE)
        return self._forward(index.clauses, eager=False, doing="forward")

    def find_conflict(self) -> int:
        """Run the forward pass; return REFUTED, DONE where there is no conflict, or FALSE_EMPTY."""
        status = self.attach_formula()
        if status == kernels.DONE:
            status = self._forward(len(self.index.steps), eager=True, doing="forward")
            self.end = self.step + 1
        return status

    def check_each(self) -> bool:
        """Tell whether each lemma is RUP by the attached formula; `step` is the last that is not."""
        index = self.index
        index.arena[index.steps[index.clauses :] - 1] |= CORE
        self.state.registers[kernels.STEP] = len(index.steps) - 1
        return self._backward("implied", len(index.steps)) == kernels.DONE

    def restart(self) -> None:
        """Attach the clauses there at the conflict anew, and mark what the conflict rests on as core."""
        s, registers = self.state, self.state.registers
        s.units[:] = 0
        s.lists[:] = 0
        s.free[:] = -1
        # The trail stays: its order is that of the proof, so that taking a step back cuts off little of it.
        # Where a false literal has been visited is set anew, by attaching, for the new watches.
        done = s.done.reshape(2, -1)
        done[:] = np.arange(1, done.shape[1] + 1, dtype=np.int32)
        registers[[kernels.CORE_HEAD, kernels.REST_HEAD]] = registers[kernels.TRAIL]
        registers[[kernels.TOP, kernels.STEP]] = 0
        self._forward(self.end, eager=False, doing="backward")
        np.maximum.accumulate(done, axis=1, out=done)
        self._run(lambda state: kernels.mark(state, BUDGET), "backward", lambda: 0.0)
        registers[kernels.STEP] = self.end - 1

    def check_core(self) -> bool:
        """Run the backward pass; return whether all core lemmas hold; `step` is where it ended."""
        code = self._backward("backward", self.end)
        if code == kernels.NEED_OCCURRENCES:
            first, occurrences = occurrences_of(self.index, self.end, self.clock)
            self.state = self.state.renewed(first=first, occurrences=occurrences)
            code = self._backward("backward", self.end)
        return code == kernels.DONE

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
            "rat_steps": int(registers[kernels.RAT]),
            "deletions": int(registers[kernels.DELETED]),
            "kept_units": int(registers[kernels.KEPT]),
            "propagations": int(registers[kernels.WORK]),
        }


def shown(literals: list[int]) -> str:
    """Return how messages write a clause."""
    text = " ".join(map(str, [*literals[:12], 0]))
    return text if len(literals) <= 12 else text[:-1] + f"... ({len(literals)} literals)"
