"""The child side of the counting lane: find cardinality constraints, and sums of them that cannot be.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat import system
from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings import linear, modular
from turbosat.encodings.cardinalities import Cardinalities, find, follow
from turbosat.encodings.exclusion import Effort, Exhausted
from turbosat.encodings.gf2.consequences import LARGEST, Facts
from turbosat.encodings.gf2.elimination import eliminate
from turbosat.encodings.gf2.reduction import Limits
from turbosat.encodings.matrix import Matrix, encode
from turbosat.encodings.xor.recovery import CLAUSES, Recovered, recover
from turbosat.errors import SoundnessError
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.lanes.single_task import received

STEPS = 20_000_000  # of finding constraints, each time: about a CPU second
REMAINDERS = 20_000_000  # steps modulo primes, all together: about two CPU seconds
PARITIES = 2.0  # CPU seconds for XORs and their elimination, each time
LARGEST_PROGRAM = 100_000  # literals of a linear program: some 150 MB
PIVOTS = 300_000_000  # rows times iterations of linear programs, all together: 1 to 4 CPU seconds
PROGRAM = 3.0  # seconds of one, by the clock
QUICK = 0.3  # CPU seconds after which the lane gives way, as soon as Python has a say,
SMALL = 20_000  # or before a linear program of more literals,
NICE = 7  # so far


UNFOUNDED = "cardinality constraints are not given by the formula's clauses"


class OutOfTime(Exception):
    """The XORs take too long."""


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    with open(os.devnull, "wb") as nowhere:  # HiGHS greets; last words are those on the standard error
        os.dup2(nowhere.fileno(), 1)
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, say what follows from sums of cardinality constraints, end with an answer or none."""
    formula, _ = received(channel)

    def tell(figures: dict[str, Any], derived: Formula) -> None:
        views = [memoryview(each) for each in (derived.literals, derived.offsets)]  # type: ignore[arg-type] # untyped
        channel.send("facts", figures, views)

    @cache
    def give_way() -> None:
        system.give_way(0, NICE)

    @cache
    def note(text: str) -> None:
        channel.send("note", {"what": text})

    signal.signal(signal.SIGPROF, lambda number, frame: give_way())
    signal.setitimer(signal.ITIMER_PROF, QUICK)
    refuted = refute(formula, tell, give_way, note)
    channel.send("answer", {"status": 20} if refuted else {"status": 0, "why": "all that follows is said"})


def refute(
    formula: Formula,
    tell: Callable[[dict[str, Any], Formula], None] = lambda figures, derived: None,
    give_way: Callable[[], None] = lambda: None,
    note: Callable[[str], None] = lambda text: None,
) -> bool:
    """Say whether cardinality constraints, all of which follow from clauses, sum to a contradiction.

    `tell` is called once with figures and literals that must be true, as clauses; `give_way` is called before
    a large linear program, which nothing interrupts, and `note` with what people should know.
    """
    began = time.process_time()
    matrix = encode(Formula(formula.literals, formula.offsets, formula.variables))
    sums = _Sums(formula, matrix, give_way, note)
    units = np.zeros(0, np.int32)
    figures: dict[str, Any] = {"constraints": 0, "equations": 0, "used": 0, "refuted_by": ""}
    for rows in _passes(matrix):
        figures["constraints"], figures["equations"] = len(rows), int(rows.exact.sum())
        how, used = sums.contradiction(rows)
        if how:
            if not follow(used, matrix.literals, matrix.offsets):
                raise SoundnessError(UNFOUNDED)
            figures["refuted_by"], figures["used"] = how, len(used)
            break
        if sums.facts is not None:
            units = sums.facts.elimination.units
            units = units[~matrix.implied[np.abs(units) - 1]]
            if units.size and not follow(sums.equations, matrix.literals, matrix.offsets):
                raise SoundnessError(UNFOUNDED)
    figures["seconds"] = round(time.process_time() - began, 4)
    derived = Formula(units, np.arange(units.size + 1), formula.variables)
    tell({**figures, "units": units.size}, derived)
    return bool(figures["refuted_by"])


def _passes(matrix: Matrix) -> Iterator[Cardinalities]:
    """Yield the constraints in clauses, then, if there are more, those that chains of clauses give."""
    last: Cardinalities | None = None
    for chains in (False, True):
        try:
            literals = 2 * matrix.variables
            rows = find(matrix.literals, matrix.offsets, literals, Effort(STEPS), chains=chains)
        except Exhausted:
            return
        if last is None or not _same(rows, last):
            yield rows
        last = rows


def _same(one: Cardinalities, other: Cardinalities) -> bool:
    fields = "offsets", "codes", "least", "exact"
    return all(np.array_equal(getattr(one, field), getattr(other, field)) for field in fields)


class _Sums:
    """What may refute the constraints of one formula, pass by pass, and the effort that is left for it."""

    def __init__(
        self, formula: Formula, matrix: Matrix, give_way: Callable[[], None], note: Callable[[str], None]
    ) -> None:
        self.equations = Cardinalities.none()  # of the last pass
        self.facts: Facts | None = None  # that follow from these and XORs, None if that took long
        self._formula, self._matrix = formula, matrix
        self._give_way, self._note = give_way, note
        self._remainders = Effort(REMAINDERS)
        self._pivots = PIVOTS

    def contradiction(self, rows: Cardinalities) -> tuple[str, Cardinalities]:
        """Return how the rows contradict each other, and which of them; "" if it is not seen that they do."""
        equations = rows.chosen(np.flatnonzero(rows.exact))
        if not _same(equations, self.equations):
            self.equations = equations
            self.facts = _parities(self._formula, self._matrix, equations)
            if self.facts is not None and self.facts.conflict is not None:
                used = self.facts.elimination.contradiction
                assert used is not None
                return "parity", equations.chosen(used[used < len(equations)])
            for prime in modular.PRIMES if len(equations) else ():
                try:
                    multipliers = modular.refuting(equations, prime, self._remainders)
                except Exhausted:
                    break
                if multipliers is not None:
                    return f"remainders modulo {prime}", equations.chosen(np.flatnonzero(multipliers))
        multipliers = self._program(rows)
        if multipliers is not None:
            return "inequalities", rows.chosen(np.flatnonzero(multipliers))
        return "", rows

    def _program(self, rows: Cardinalities) -> NDArray[np.int64] | None:
        """Return multipliers that refute the rows as a linear program, if it is small enough."""
        if not rows.tight or rows.codes.size > LARGEST_PROGRAM or self._pivots < len(rows):
            return None
        if rows.codes.size > SMALL:
            self._give_way()
        try:
            multipliers, iterations = linear.refuting(
                rows, self._matrix.variables, PROGRAM, self._pivots // len(rows)
            )
        except ImportError as error:
            self._note(f"linear programs are left out: {error}")
            return None
        self._pivots -= iterations * len(rows)
        return multipliers


def _parities(formula: Formula, matrix: Matrix, equations: Cardinalities) -> Facts | None:
    """Return what follows from the equations modulo 2, first, and the XORs; None if it takes long."""
    if not len(equations):
        return None
    began = time.process_time()

    def check() -> None:
        if time.process_time() > began + PARITIES:
            raise OutOfTime

    try:
        recovered = recover(formula, check=check)
        middle = time.process_time()
        _, sides = equations.inequalities()
        names = (matrix.names[equations.codes >> 1] + 1).astype(np.int32)
        parities = Xors(names, equations.offsets, (sides & 1).astype(np.bool_))
        xors = _joined(parities, recovered.xors)
        sources = np.append(np.full(len(equations), CLAUSES, np.uint8), recovered.sources)
        elimination = eliminate(xors, formula.variables, check=check, limits=Limits(bytes=LARGEST))
    except OutOfTime:
        return None
    spent = middle - began, time.process_time() - middle
    return Facts(Recovered(xors, sources), elimination, spent)


def _joined(one: Xors, other: Xors) -> Xors:
    offsets = np.append(one.offsets, other.offsets[1:] + one.offsets[-1])
    variables = np.append(one.variables, other.variables)
    return Xors(variables, offsets, np.append(one.parities, other.parities))
