"""The one interface of all CDCL engines.

An engine lives in a child process and is driven in slices: say what the next slice should know
(phases, assumptions, clauses), `advance` by a budget, `poll` for the answer. What an engine can do
it declares in `abilities`; any other request raises UnsupportedError, nothing is silently ignored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from enum import Enum
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from turbosat.cdcl.process.child import Spent
from turbosat.errors import UnsupportedError
from turbosat.records import field, record
from turbosat.result import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula
    from turbosat.formula.xors import Xors
    from turbosat.gpu.guidance import Guidance

FileName = str | PathLike[str]


class Ability(Enum):
    """What an engine may be asked for."""

    PHASES = "phases before the first slice"
    REPHASE = "phases between slices"
    UNITS = "a partial assignment as unit clauses before the first slice"
    ASSUMPTIONS = "assumptions for a slice, and a failed core"
    IMPORT = "implied clauses between slices"
    EXPORT = "clauses it learned, between slices"
    CONFLICTS = "a budget of conflicts, after which the search goes on"
    SECONDS = "a budget of seconds, after which the search goes on"
    ROUNDS = "a budget of rounds of a population, after which the search goes on"
    TRAIL = "where propagation leads along a ranking of literals"
    GUIDANCE = "phases, partial assignments and cubes for others"
    SHARE = "a part of its core's time"
    PROOF = "a DRAT proof"


@record(frozen=True)
class Budget:
    """How far a slice may go; None is no limit.

    Seconds are wall time, kept to about 0.1 s by `poll`. Rounds are those of a gradient search: fixed
    amounts of effort, a tenth longer each time.
    """

    conflicts: int | None = None
    seconds: float | None = None
    rounds: int | None = None


@record(frozen=True)
class Answer:
    """How a slice ended.

    `status`: UNKNOWN when the budget ran out.
    `found`: the model, bool (variables,), or signed literals in order, int32 (variables,), in an array that
    needs no numpy; only with SATISFIABLE. `values` are always bool.
    `restriction`: the unit clauses and assumptions the slice was restricted by. UNSATISFIABLE
    with a restriction refutes that guess only: it is a clause, never the answer for the formula.
    `core`: the part of the restriction that was refuted (all units when the engine can't tell); only with
    UNSATISFIABLE, and when it is empty the formula itself is refuted.
    `counts`: conflicts, decisions, propagations, ... so far, as the engine reports them.
    `conflict`: XORs that follow from the formula and sum to 0 = 1, where that is what refutes it.
    `proof`: a DRAT proof of UNSATISFIABLE, from engines that do not write it to a file themselves.
    """

    status: Status
    found: NDArray[np.bool_] | array[int] | None = None
    restriction: tuple[int, ...] = ()
    core: tuple[int, ...] = ()
    counts: dict[str, float] = field(default_factory=dict)
    conflict: Xors | None = None
    proof: memoryview | None = None

    @property
    def values(self) -> NDArray[np.bool_] | None:
        """True where variable v+1 is true, (variables,)."""
        if not isinstance(self.found, array):
            return self.found
        import numpy as np

        return np.asarray(self.found) > 0


class Engine(ABC):
    """One CDCL engine in a child process of its own.

    The order of calls: `start`, then any of the requests, then `advance` and `poll` in turn until an
    answer other than UNKNOWN, then `stop`. `stop` may be called at any time, more than once; leaving a
    `with` block calls it. An engine that gives up for good answers UNKNOWN and is `over`.
    """

    name: ClassVar[str]
    abilities: ClassVar[frozenset[Ability]]
    check: Callable[[], None] = staticmethod(lambda: None)  # asked by what takes long here: may raise to stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def require(self, ability: Ability) -> None:
        """Raise UnsupportedError unless the engine declares `ability`."""
        if ability not in self.abilities:
            self.refuse(ability)

    def require_budget(self, budget: Budget) -> None:
        """Raise UnsupportedError for a limit that the engine does not know."""
        limits = (budget.conflicts, budget.seconds, budget.rounds)
        for limit, ability in zip(limits, (Ability.CONFLICTS, Ability.SECONDS, Ability.ROUNDS), strict=True):
            if limit is not None:
                self.require(ability)

    def refuse(self, ability: Ability) -> NoReturn:
        """Raise UnsupportedError: what engines do that do not declare `ability`."""
        raise UnsupportedError(f"{self.name} does not offer {ability.value}")

    @abstractmethod
    def start(self, source: Formula | FileName) -> None:
        """Take the formula: arrays, or a DIMACS file the engine reads itself.

        Raises EngineError when the engine cannot be started.
        """

    def set_phases(self, values: NDArray[np.bool_]) -> None:
        """Prefer these values, (variables,), when deciding. Needs PHASES, or REPHASE between slices."""
        self.refuse(Ability.PHASES)

    def add_units(self, literals: NDArray[np.int32]) -> None:
        """Restrict the whole search to this partial assignment. Needs UNITS."""
        self.refuse(Ability.UNITS)

    def assume(self, literals: NDArray[np.int32]) -> None:
        """Restrict the next slice, and no other, to these literals. Needs ASSUMPTIONS."""
        self.refuse(Ability.ASSUMPTIONS)

    def add_clauses(self, literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        """Import clauses that the formula implies, in flat arrays. Needs IMPORT."""
        self.refuse(Ability.IMPORT)

    def follow(self, literals: NDArray[np.int32]) -> None:
        """Ask for the trail of a relaxed search: these literals in order, what they imply, no conflict.

        It comes as `trail`. Needs TRAIL.
        """
        self.refuse(Ability.TRAIL)

    def set_share(self, share: float) -> None:
        """Search this part of the time, from 0 to 1, and leave the core to others in between. Needs SHARE."""
        self.refuse(Ability.SHARE)

    def learned(self) -> Clauses | None:
        """Return what `poll` saw of learned clauses since the last call, all implied by the formula, or None.

        Engines that declare EXPORT have some, if they were built to collect them.
        """
        return None

    @property
    def trail(self) -> NDArray[np.int32] | None:
        """The newest trail that `poll` saw, signed literals; None before there is any."""
        return None

    @property
    def guidance(self) -> Guidance | None:
        """The newest that `poll` saw, from engines that declare GUIDANCE; None before there is any."""
        return None

    @property
    def figures(self) -> dict[str, Any]:
        """What else `poll` saw and is of interest, as plain data."""
        return {}

    def notes(self) -> list[str]:
        """Return what `poll` saw since the last call that people should be told."""
        return []

    @abstractmethod
    def advance(self, budget: Budget) -> None:
        """Begin a slice and return at once."""

    @abstractmethod
    def poll(self, timeout: float | None = 0.0) -> Answer | None:
        """Return the answer of the slice, or None if it has not ended within `timeout` seconds.

        Raises EngineError when the engine broke (died, ran out of memory, wrote nonsense).
        """

    @abstractmethod
    def fileno(self) -> int:
        """Return a descriptor that is readable whenever `poll` has something to read."""

    @property
    @abstractmethod
    def progress(self) -> dict[str, float]:
        """What the engine last said of a search that goes on: conflicts, seconds, ...; empty at first."""

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """The child process, None before it exists and after it has ended."""

    @property
    def spent(self) -> Spent:
        """What the child process took, once it has ended; nothing for an engine without one here."""
        return Spent()

    @property
    def over(self) -> bool:
        """Whether it has given up for good."""
        return self.pid is None

    @abstractmethod
    def stop(self) -> None:
        """End the child process and reap it, within 0.1 s."""
