"""A property's circuit made small: what it depends on, with latches that are always equal made one.

Latches that begin equal, and are equal after a step from any state in which all so believed are, are always
equal (C. van Eijk: Sequential Equivalence Checking Based on Structural Similarities, IEEE TCAD 19(7), 2000).
Candidates come from random runs, and from states that the solver finds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.deadline import Deadline
from turbosat.encodings.circuit.aig import FALSE, TRUE, Aig, Literals, no_literals
from turbosat.encodings.circuit.builder import AigBuilder, renamed
from turbosat.encodings.circuit.cone import influence
from turbosat.encodings.circuit.simulation import Words, simulate, values
from turbosat.solver.solver import Solver
from turbosat.verify.prove.answer import Found
from turbosat.verify.unrolling import Encoder, signed
from turbosat.verify.verdict import Invariant
from turbosat.verify.watch import Watch

FRAMES: Final = 64  # of random runs, 64 side by side
CONFLICTS: Final = 200  # of a question whether two latches stay equal
SECONDS: Final = 1.0  # for all such questions
MIX: Final = np.uint64(0x9E3779B97F4A7C15)  # odd, of well mixed bits


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """A smaller circuit, and what its inputs and latches are in the whole one."""

    aig: Aig
    bad: int
    whole: Aig
    inputs: NDArray[np.intp]  # positions in the whole circuit
    latches: NDArray[np.intp]
    merged: dict[int, int]  # latches' literals, and the literals that are always equal to them
    closed: bool  # whether no latch was left out but those that are merged

    def run(self, found: Found) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return a run's first state and inputs in the whole circuit; what does not matter is 0."""
        assert found.latches is not None
        assert found.inputs is not None
        latches = self.whole.reset == 1
        latches[self.latches] = found.latches
        inputs = np.zeros((len(found.inputs), self.whole.inputs), np.bool_)
        inputs[:, self.inputs] = found.inputs
        return latches, inputs

    def invariant(self, found: Found) -> Invariant:
        """Return an invariant of the whole circuit: what was found, and that merged latches are equal."""
        assert found.clauses is not None
        names = 2 * (self.latches + self.whole.inputs + 1)
        first = self.aig.inputs + 1
        clauses = [
            tuple(int(names[(literal >> 1) - first]) ^ literal & 1 for literal in clause)
            for clause in found.clauses
        ]
        for literal, other in self.merged.items():
            if other <= TRUE:
                clauses.append((literal ^ other ^ 1,))
            else:
                clauses += [(literal, other ^ 1), (literal ^ 1, other)]
        return Invariant(tuple(clauses), found.depth, found.distinct)


def reduced(aig: Aig, bad: int, deadline: Deadline | None = None, seconds: float = SECONDS) -> Reduced:
    """Return a smaller circuit in which a property can fail just when it can in the whole one.

    What takes long, asking whether latches stay equal, does so for `seconds` at most. Raises Expired.
    """
    with ExitStack() as stack:
        return _reduced(aig, bad, deadline or stack.enter_context(Deadline()), seconds)


def _reduced(aig: Aig, bad: int, deadline: Deadline, seconds: float) -> Reduced:
    check = deadline.check
    roots = np.array([bad, *aig.constraints], np.int32)
    inside = influence(aig, roots, check)
    leaders = found_leaders(aig, inside[1 + aig.inputs : aig.first_and], deadline, seconds)
    own = aig.latch_literals()
    # Once to substitute, and once more without what nothing depends on any longer.
    builder, literals = _substituted(
        aig, leaders, np.arange(aig.inputs), np.flatnonzero(leaders == own), check
    )
    kept = np.flatnonzero(leaders == own)
    small = builder.build(
        bad=[int(renamed(roots[:1], literals)[0])], constraints=renamed(aig.constraints, literals).tolist()
    )
    inside = influence(small, np.concatenate([small.bad, small.constraints]), check)
    inputs = np.flatnonzero(inside[1 : 1 + small.inputs])
    latches = np.flatnonzero(inside[1 + small.inputs : small.first_and])
    builder, literals = _substituted(small, small.latch_literals(), inputs, latches, check)
    made = builder.build(
        bad=[int(renamed(small.bad, literals)[0])],
        constraints=renamed(small.constraints, literals).tolist(),
        trim=True,
    )
    merged = {
        int(latch): int(leader)
        for latch, leader in zip(own.tolist(), leaders.tolist(), strict=True)
        if latch != leader
    }
    matter = int((influence(aig, roots, check)[1 + aig.inputs : aig.first_and]).sum())
    return Reduced(
        aig=replace(made, bad=no_literals()),
        bad=int(made.bad[0]),
        whole=aig,
        inputs=inputs,
        latches=kept[latches],
        merged=merged,
        closed=matter == latches.size + len(merged),
    )


def _substituted(
    aig: Aig,
    leaders: Literals,
    inputs: NDArray[np.intp],
    latches: NDArray[np.intp],
    check: Callable[[], None],
) -> tuple[AigBuilder, Literals]:
    """Copy a circuit with these inputs and latches, all other latches being what their leaders say.

    Inputs and latches that nothing reads are false. Returns the literal of each variable, too.
    """
    builder = AigBuilder()
    into = np.zeros(1 + aig.variables, np.int32)
    into[1 + inputs] = builder.add_inputs(inputs.size)
    first = 1 + aig.inputs
    for latch in latches.tolist():
        reset = int(aig.reset[latch])
        into[first + latch] = builder.add_latch(reset if reset <= TRUE else None)
    literals = builder.copy(aig, into[1:first], renamed(leaders, into).astype(np.int32), check)
    following = renamed(aig.next_state, literals)
    for latch in latches.tolist():
        builder.set_next(int(into[first + latch]), int(following[latch]))
    return builder, literals


def found_leaders(aig: Aig, inside: NDArray[np.bool_], deadline: Deadline, seconds: float) -> Literals:
    """Return a literal for each latch that it is always equal to, (latches,): its own, another's, a constant.

    `inside` (latches,): the latches that matter; the others are left alone.
    """
    classes = _Classes(aig, np.flatnonzero(inside & (aig.reset <= TRUE)))
    classes.refine_by_runs(deadline.check)
    end = time.monotonic() + seconds
    while _refined(aig, classes, end, deadline):
        deadline.check()
    return classes.leaders()


class _Classes:
    """Latches that may always be equal up to a sign, each class led by its first; the constant is one.

    Member 0 is the constant false, member i the candidate i - 1, negated where its reset value is 1.
    """

    def __init__(self, aig: Aig, candidates: NDArray[np.intp]) -> None:
        self.aig = aig
        self.members = candidates
        self.signs = (aig.reset[candidates] == 1).astype(np.int32)
        self.of = np.zeros(1 + candidates.size, np.int64)  # the class of each member

    def refine(self, keys: NDArray[Any]) -> bool:
        """Part members whose keys differ, (members,); whether there was any in one class."""
        pairs = np.stack([self.of, keys.astype(np.int64)], axis=1)
        before = int(self.of.max()) + 1
        _, first, inverse = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        self.of = inverse.reshape(-1).astype(np.int64)
        return first.size > before

    def first_of(self) -> NDArray[np.intp]:
        """Return each member's leader, (members,)."""
        _, first, inverse = np.unique(self.of, return_index=True, return_inverse=True)
        return first[inverse.reshape(-1)]

    def leaders(self) -> Literals:
        """Return what stands for each latch, (latches,)."""
        own = self.aig.latch_literals()
        literals = np.concatenate([[FALSE], own[self.members] ^ self.signs]).astype(np.int32)
        found = own.copy()
        found[self.members] = literals[self.first_of()][1:] ^ self.signs
        return found

    def refine_by_words(self, states: Words) -> bool:
        """Part members by latches' values (latches, words)."""
        words = states[self.members] ^ np.where(self.signs, ~np.uint64(0), np.uint64(0))[:, None]
        keys = np.zeros(1 + self.members.size, np.uint64)
        for column in words.T:
            keys[1:] = (keys[1:] ^ column) * MIX + (column >> np.uint64(32))
        return self.refine(keys.view(np.int64))

    def refine_by_runs(self, check: Callable[[], None]) -> None:
        """Part members that differ in random runs, whatever the constraints say."""
        random = np.random.default_rng(0)
        aig = self.aig
        states = np.where(aig.reset == 1, ~np.uint64(0), np.uint64(0))[:, None]
        free = aig.reset > TRUE
        states[free, 0] = random.integers(0, 2**64, int(free.sum()), np.uint64)
        for _ in range(FRAMES):
            check()
            given = random.integers(0, 2**64, (aig.inputs, 1), np.uint64)
            states = values(simulate(aig, np.concatenate([given, states]), check), aig.next_state)
            self.refine_by_words(states)


def _refined(aig: Aig, classes: _Classes, end: float, deadline: Deadline) -> bool:
    """Part members that one step from states that respect the classes may part; whether there were any."""
    check = deadline.check
    leaders = classes.leaders()
    kept = np.flatnonzero(leaders == aig.latch_literals())
    builder, literals = _substituted(aig, leaders, np.arange(aig.inputs), kept, check)
    following = renamed(aig.next_state, literals)
    following = np.concatenate([[FALSE], following[classes.members] ^ classes.signs])
    first = classes.first_of()
    pairs = np.flatnonzero(following != following[first])
    if not pairs.size:
        return False
    if time.monotonic() > end:
        return classes.refine(following)
    solver = Solver(escalate_after=None)
    with solver, Watch(deadline, solver):
        asker = _Asker(aig, builder, literals, solver, check)
        changed = False
        for member in pairs.tolist():
            check()
            leader = int(first[member])
            if classes.of[member] != classes.of[leader]:
                continue
            states = (
                asker.parted(int(following[member]), int(following[leader]))
                if time.monotonic() < end
                else None
            )
            if states is None:  # too hard
                alone = np.zeros(classes.of.size, np.int64)
                alone[member] = 1
                changed |= classes.refine(alone)
            elif states.size:
                changed |= classes.refine_by_words(states)
                if classes.of[member] == classes.of[leader]:
                    alone = np.zeros(classes.of.size, np.int64)
                    alone[member] = 1
                    changed |= classes.refine(alone)
        return changed


class _Asker:
    """Whether two literals are equal in all states that respect classes and constraints."""

    def __init__(
        self,
        aig: Aig,
        builder: AigBuilder,
        literals: Literals,
        solver: Solver,
        check: Callable[[], None],
    ) -> None:
        self._check = check
        self._aig, self._builder, self._literals, self._solver = aig, builder, literals, solver
        self._encoder = Encoder(builder)
        self._random = np.random.default_rng(1)
        constraints = renamed(aig.constraints, literals)
        constraints = np.unique(constraints[constraints != TRUE])
        self._impossible = bool((constraints == FALSE).any())
        if constraints.size and not self._impossible:
            solver.append_formula(self._encoder.define(constraints, check))
            solver.append_formula(signed(constraints)[:, None])

    def parted(self, one: int, other: int) -> Words | None:
        """Return states after steps that part the literals, (latches, words): none if nothing does so.

        None where that is not known.
        """
        nothing = np.zeros((self._aig.latches, 0), np.uint64)
        differ = self._builder.xor(one, other)
        if self._impossible or differ == FALSE:
            return nothing
        if differ != TRUE:
            self._solver.append_formula(self._encoder.define(np.array([differ], np.int32), self._check))
        self._solver.conf_budget(CONFLICTS)
        assumed = [] if differ == TRUE else signed(np.array([differ], np.int32)).tolist()
        answer = self._solver.solve_limited(assumed)
        if answer is None:
            return None
        return self._states() if answer else nothing

    def _states(self) -> Words:
        """Return what follows from the solver's model, and from some like it that keep the constraints."""
        known = np.zeros(1 + self._builder.variables, np.bool_)
        model = np.array(self._solver.get_model(), np.int32)[: len(known) - 1]
        known[1 : 1 + model.size] = model > 0
        flips = self._random.integers(0, 2**64, (3, len(known)), np.uint64)
        words = np.where(known, ~np.uint64(0), np.uint64(0)) ^ (
            flips[0] & flips[1] & flips[2] & ~np.uint64(1)
        )
        words[0] = 0
        leaves = self._literals[1 : self._aig.first_and]
        given = words[leaves >> 1] ^ np.where(leaves & 1, ~np.uint64(0), np.uint64(0))
        simulated = simulate(self._aig, given[:, None], self._check)
        states = values(simulated, self._aig.next_state)
        legal = np.bitwise_and.reduce(values(simulated, self._aig.constraints), axis=0, initial=~np.uint64(0))
        resets = np.where(self._aig.reset == 1, ~np.uint64(0), np.uint64(0))[:, None]
        result: Words = (states & legal) | (resets & ~legal)
        return result
