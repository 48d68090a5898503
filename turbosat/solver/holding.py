"""What a solver holds: its clauses, the numbers of variables, CaDiCaL, phases, the proof."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from turbosat.errors import UsageError
from turbosat.options import Options, memory_bytes
from turbosat.result import Reason
from turbosat.solver.engine import COUNTS, Engine
from turbosat.solver.implications import Propagator
from turbosat.solver.names import Names
from turbosat.solver.store import Store
from turbosat.system import available_memory
from turbosat.validation import MAX_VARIABLE, integer

if TYPE_CHECKING:
    from numpy.typing import NDArray

PER_VARIABLE, PER_LITERAL = 200, 80  # bytes in CaDiCaL, measured
RESERVED = 1 << 28  # bytes that a formula may always take


class Holding:
    """Clauses over numbers inside, and the CaDiCaL that has them, made when it is first asked."""

    def __init__(self, options: Options, settings: dict[str, int], *, proof: bool) -> None:
        self._options = options
        self._settings = settings  # of CaDiCaL
        self._store = Store()
        self._names = Names()
        self._refuted = False  # by another than CaDiCaL here
        self._hints: NDArray[np.int32] | None = None  # phases for the next query only
        self._hinted: NDArray[np.int32] | None = None  # those of the last one
        self._forced: dict[int, int] = {}  # phases for good, by variable
        self._model: NDArray[np.bool_] | None = None  # the last one, (used then,)
        self._fresh = False  # there are phases or settings that CaDiCaL does not have yet
        self._proof = tempfile.TemporaryFile() if proof else None  # noqa: SIM115 # closed with CaDiCaL
        self._engine: Engine | None = None
        self._sliced = False
        self._propagator = Propagator()

    @property
    def _may_hold(self) -> bool:
        """Whether nothing is known that refutes the clauses."""
        return not (self._store.has_empty or self._refuted)

    def fresh(self) -> int:
        """Return a new variable, inside, that is no user's."""
        return self._names.fresh()

    def know(self, variables: int) -> None:
        """Let there be the variables 1 to `variables` at least."""
        self._names.know(integer(variables, "variables", 0, MAX_VARIABLE))

    def inward(self, literals: list[int]) -> list[int]:
        """Return a user's literals as numbers inside."""
        return self._names.inward(literals)

    def add_inside(self, clause: list[int]) -> None:
        """Add a clause of numbers inside that is not for good."""
        self._store.add(clause, counted=False)

    def retire(self, switch: int) -> None:
        """Let the clauses under a variable of their own hold no more."""
        self._store.add([-switch], counted=False)

    def inside(self) -> list[int]:
        """Return the numbers inside of the user's variables."""
        return self._names.inward(list(range(1, self._names.known + 1)))

    def _add_all(self, clauses: Iterable[list[int]]) -> None:
        for clause in clauses:
            self._store.add(clause)

    def _made_engine(self) -> Engine:
        """Return CaDiCaL, made if there is none that can be used."""
        engine = self._engine
        if engine is not None and engine.broken:
            engine.close()
            engine = None
        if engine is None:
            seed = self._options["seed"]
            self._engine = engine = Engine(self._settings, seed, proof=self._proof, sliced=self._sliced)
            self._fresh = bool(self._forced)
        return engine

    def _hint(self, engine: Engine) -> None:
        """Let phases and settings count that are new or for the next query only; nothing searches."""
        if self._fresh:
            engine.configure(self._settings)
            engine.phase(list(self._forced.values()))
            self._fresh = False
        if self._hinted is not None:
            engine.phase(self._hinted, undo=True)
            engine.phase(list(self._forced.values()))
            self._hinted = None
        if self._hints is not None:
            engine.phase(self._hints)
            engine.phase(list(self._forced.values()))
            self._hints, self._hinted = None, self._hints

    def _phases(self) -> NDArray[np.bool_] | None:
        """Return where a search elsewhere may begin, (used,): the last model, and what is forced; or None."""
        if self._model is None and not self._forced:
            return None
        values = np.ones(self._names.used, np.bool_)  # as CaDiCaL's initial phase is
        if self._model is not None:
            values[: self._model.size] = self._model
        for variable, literal in self._forced.items():
            values[variable - 1] = literal > 0
        return values

    def _force(self, literals: list[int]) -> None:
        """Force phases for good."""
        self._forced |= {abs(literal): literal for literal in literals}
        self._configure({"lucky": 0})  # it would find other models first

    def _configure(self, settings: dict[str, int]) -> None:
        """Set options of CaDiCaL's, checked before."""
        self._settings |= settings
        self._fresh = True

    def _require_room(self) -> Reason | None:
        """Return MEMORY where the system, or the limit, would end what takes so much."""
        need = PER_VARIABLE * self._names.used + PER_LITERAL * self._store.settled()
        if need < RESERVED or (self._engine is not None and self._engine.fed == self._store.size):
            return None
        limit, room = memory_bytes(self._options), available_memory()
        rooms = ([room[0]] if room else []) + ([] if limit is None else [limit])
        return Reason.MEMORY if rooms and need > min(rooms) else None

    def _counts(self) -> dict[str, int]:
        if self._engine is None:
            return dict.fromkeys(COUNTS, 0)
        return self._engine.counts()

    def _proof_lines(self) -> list[str] | None:
        """Return the proof as text, a line each; UsageError while a search given up still writes it."""
        if self._proof is None:
            return None
        if self._engine is not None and not self._engine.idle:
            raise UsageError("the proof is being written: the last search has not ended yet")
        from pysat.solvers import Solver

        engine = self._made_engine()
        engine.flush()
        self._proof.seek(0)
        return list(Solver._proof_bin2text(bytearray(self._proof.read()).strip()))

    def _take(self, other: Holding) -> None:
        """Take over the clauses and phases of another."""
        self._store.add_flat(other._store.flat())
        self._store.clauses = other._store.clauses
        self._names = other._names.copied()
        self._refuted = other._refuted
        self._forced, self._settings = dict(other._forced), dict(other._settings)

    def _free(self) -> None:
        """Free CaDiCaL, now or when its search ends."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()
        elif self._proof is not None:
            self._proof.close()
