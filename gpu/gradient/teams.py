"""Lanes run by teams of threads: the arrays they read, the form of their state, what goes to shared memory.

    Matrix ──► Reading (arrays in words of 32 bits, once for all lanes)
    kind of rule ──► Form (where the parts of a lane's state are) ──► Plan (threads a lane, lanes together)

A walk on clauses of at most three literals has the kind SHORT and keeps only values and false clauses;
one on longer clauses has the kind WALK, weighted descent the kind WEIGHTED: see team_walk.h, team_weighted.h.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.gradient import (
    CHUNK,
    CLAUSES,
    FIRST_PART,
    GROUPS,
    KEPT,
    LOSSES,
    PART_LIST,
    PART_MARGINS,
    PART_VALUES,
    PART_WEIGHTS,
    PART_WORDS,
    PARTS,
    SHAPE,
    SHORT,
    STRIDE,
    TEAM_UNIT,
    VARIABLES,
    WALK,
    WEIGHT_ONE,
    WEIGHTED,
    TeamProblem,
)
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.gradient.moves import SHORT as SHORT_CLAUSES
from turbosat.gpu.gradient.moves import Layout
from turbosat.gpu.rules import Rule, Walk, Weighted

LONGEST: Final = 255  # literals of a clause: their count has 8 bits of a clause word
MOST: Final = 2**24  # variables, and clauses: the rest of the word
MOST_SHORT: Final = 2**15  # variables of a walk on short clauses, whose literals have 16 bits
UNIT: Final = WEIGHT_ONE // TEAM_UNIT
USED: Final = {  # parts of a state, the most read first
    SHORT: (PART_VALUES, PART_LIST),
    WALK: (PART_VALUES, PART_LIST, PART_WORDS),
    WEIGHTED: (PART_VALUES, PART_LIST, PART_MARGINS, PART_WORDS, PART_WEIGHTS),
}
LISTED: Final = {SHORT: 512, WALK: 1024, WEIGHTED: 1024}  # false clauses with room in shared memory
WARP: Final = 32
WIDE: Final = 128  # threads of a team where lists are long
LONG: Final = 4 * WARP  # occurrences that a step looks through together, from which on a team is wide
CROWD: Final = 16  # lanes that a multiprocessor needs to hide its waiting, at most; of wide teams a quarter
FEW: Final = 4  # lanes below which more room for each is no gain; of wide teams a quarter
RESERVED: Final = 1024  # bytes of shared memory that each block costs besides
MEMORY_SHARE: Final = 0.25  # of the device, for the states of lanes of one kind
L2_SHARE: Final = 0.5  # of the second-level cache for what is not in shared memory: each half serves its own


def unsuitable(matrix: Matrix) -> str | None:
    """Return why teams cannot run on a matrix, None if they can."""
    if not matrix.clauses:
        return "no clauses are left to search"
    if matrix.constraints > matrix.clauses:
        return "XORs"
    if matrix.longest > LONGEST:
        return f"a clause has {matrix.longest} literals, more than {LONGEST}"
    if max(matrix.variables, matrix.clauses) >= MOST:
        return "more than 2^24 variables or clauses"
    if matrix.entries >= 2**31:
        return "more than 2^31 literals"
    return None


def kind_of(matrix: Matrix, rule: Rule) -> int:
    """Return the form of state that a rule needs: SHORT, WALK or WEIGHTED."""
    if isinstance(rule, Weighted):
        return WEIGHTED
    short = matrix.longest <= SHORT_CLAUSES and matrix.variables <= MOST_SHORT
    return SHORT if short else WALK


def constants(matrix: Matrix, rule: Rule) -> NDArray[np.uint32]:
    """Return what the kernels read of a rule, uint32 (LOSSES,) or (6,).

    Chances by loss, of which a clause's worth add up to less than 2^32; amounts of weight in units of
    WEIGHT_ONE / TEAM_UNIT.
    """
    if isinstance(rule, Walk):
        table = rule.table(LOSSES)
        chances = np.rint(table / table[0] * (2**32 // (matrix.longest + 1)))
        return np.asarray(np.maximum(chances, 1), np.uint32)
    assert isinstance(rule, Weighted)
    amounts = (rule.current, rule.base // UNIT, rule.first, rule.first_base // UNIT)
    return np.array([*amounts, rule.sideways, rule.random], np.uint32)


@dataclass(frozen=True, slots=True)
class Form:
    """Where a lane's parts are: `lengths` words of each part, int (PARTS,), `starts` in its state.

    `inside` has the bits of the parts that are in shared memory, of the list the first `listed` words.
    """

    kind: int
    variables: int
    clauses: int
    lengths: tuple[int, ...]
    inside: int = 0
    listed: int = 0

    @staticmethod
    def of(matrix: Matrix, kind: int) -> "Form":
        """Return the form with all parts beside each other in global memory."""
        clauses = matrix.clauses
        every = (
            matrix.variables // 32 + 1,
            2 * clauses if kind == SHORT else clauses,
            matrix.variables,
            clauses,
            (clauses + 1) // 2,
        )
        lengths = tuple(every[part] if part in USED[kind] else 0 for part in range(PARTS))
        return Form(kind, matrix.variables, clauses, lengths)

    @property
    def groups(self) -> int:
        """Words of a lane's values."""
        return self.lengths[PART_VALUES]

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the parts start; the best values are before them."""
        starts = self.groups + np.cumsum([0, *self.lengths[:-1]])
        return tuple(starts.tolist())

    @property
    def stride(self) -> int:
        """Words from one lane's state to the next one's: whole lines of 128 bytes."""
        return -(-(self.groups + sum(self.lengths)) // 32) * 32

    @property
    def shape(self) -> NDArray[np.uint32]:
        """The form as kernels read it, uint32 (SHAPE,)."""
        shape = np.zeros(SHAPE, np.uint32)
        shape[[VARIABLES, CLAUSES, GROUPS, STRIDE, KEPT]] = (
            *(self.variables, self.clauses, self.groups),
            *(self.stride, 0),
        )
        shape[FIRST_PART : FIRST_PART + PARTS] = self.starts
        shape[FIRST_PART + PARTS :] = [self._length(part) for part in range(PARTS)]
        return shape

    def _length(self, part: int) -> int:
        return min(self.listed, self.lengths[part]) if part == PART_LIST else self.lengths[part]

    @property
    def shared_bytes(self) -> int:
        """Bytes of shared memory a lane."""
        return sum(4 * self._length(part) for part in range(PARTS) if self.inside >> part & 1)

    @property
    def outside_bytes(self) -> int:
        """Bytes a lane that it reads and writes in global memory, of the list as many as listed."""
        return sum(4 * self._length(part) for part in range(PARTS) if not self.inside >> part & 1)

    def within(self, parts: int) -> "Form":
        """Return the form with the first so many parts of its kind in shared memory."""
        used = USED[self.kind][:parts]
        words = LISTED[self.kind] * (2 if self.kind == SHORT else 1)
        return Form(
            *(self.kind, self.variables, self.clauses, self.lengths, sum(1 << part for part in used)),
            listed=min(words, self.lengths[PART_LIST]),
        )


@dataclass(frozen=True, slots=True)
class Room:
    """What a device has for teams, in bytes where not said otherwise."""

    multiprocessors: int
    shared: int  # of a multiprocessor
    shared_block: int  # that a block may have of it
    cache: int  # of the second level
    memory: int  # of the device


@dataclass(frozen=True, slots=True)
class Plan:
    """How lanes of a kind run: threads a lane, and how many lanes run at a time."""

    form: Form
    width: int
    lanes: int


def plan(
    matrix: Matrix, kind: int, room: Room, *, width: int | None = None, crowd: int | None = None
) -> Plan:
    """Return how lanes of a kind should run on a device: an estimate from latencies, not measured.

    As many parts of the state are in shared memory as leave room for FEW lanes a multiprocessor, or for as
    many as any choice does; it gets as many lanes as have room, up to CROWD, what they keep elsewhere within
    half the L2, one at least. `width` threads a lane, by the lengths of the lists unless given; `crowd` lanes
    instead of CROWD, whatever the L2 holds.
    """
    reading = _looked_through(matrix, kind)
    width = width or (WIDE if reading >= LONG else WARP)
    warps = width // WARP
    most = crowd or max(1, CROWD // warps)
    few = min(most, max(1, FEW // warps))
    best, lanes = Form.of(matrix, kind).within(0), 0
    for parts in range(len(USED[kind]), -1, -1):
        form = Form.of(matrix, kind).within(parts)
        if form.shared_bytes + RESERVED > room.shared_block:
            continue
        fit = min(most, room.shared // (form.shared_bytes + RESERVED))
        if crowd is None:
            cached = int(room.cache * L2_SHARE) // max(1, form.outside_bytes) // room.multiprocessors
            fit = max(1, min(fit, cached))
        if fit > lanes:
            best, lanes = form, fit
        if lanes >= few:
            break
    states = int(room.memory * MEMORY_SHARE) // (4 * best.stride)
    return Plan(best, width, max(1, min(lanes * room.multiprocessors, states)))


def _looked_through(matrix: Matrix, kind: int) -> float:
    """Return the occurrences that a step looks through together: of a clause's literals, or of one."""
    lengths = np.diff(matrix.starts)
    mean = float((lengths**2).sum() / max(1, matrix.entries))  # of a literal's list, as met in clauses
    return mean * matrix.longest if kind == SHORT else mean


class Reading:
    """A matrix as teams read it."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self._words = [
            array.astype(np.uint32)
            for array in (matrix.offsets, matrix.literals, matrix.starts, matrix.occurrences)
        ]

    @cached_property
    def others(self) -> NDArray[np.uint32]:
        """The two other literals of each occurrence's clause, uint32 (entries,)."""
        others = Layout(self.matrix).others
        first, second = (each[:-CHUNK].astype(np.uint32) for each in (others.first, others.second))
        return first | second << np.uint32(16)

    def problem(self, form: Form) -> TeamProblem:
        """Return what lanes of a form read."""
        offsets, literals, starts, occurrences = self._words
        return TeamProblem(
            offsets=offsets,
            literals=literals,
            starts=starts,
            occurrences=occurrences,
            others=self.others if form.kind == SHORT else np.zeros(0, np.uint32),
            shape=form.shape,
        )
