"""One CaDiCaL in this process: fed, asked, ended; in one call of C, or in slices through python-sat."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from turbosat.cdcl.engines.cadical_options import checked_options
from turbosat.core import cadical as kernels
from turbosat.solver import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from turbosat.solver.store import Store

COUNTS = ("restarts", "conflicts", "decisions", "propagations")
PAUSE = 0.0005  # seconds between two looks at whether another thread has left it
SLICE = 1000  # conflicts between two looks at whether to end, where there is no other way
_LARGEST = 2**31 - 1


class Engine:
    """One CaDiCaL. One call at a time may be in `search`; `terminate` and `close` may come at any time.

    Closed in the midst of a search, it is freed when that ends.
    """

    def __init__(
        self, options: Mapping[str, int], seed: int = 0, *, proof: Any = None, sliced: bool = False
    ) -> None:
        module = native.pysolvers()
        settings = checked_options(options, seed)
        self._methods = None if sliced else native.methods()
        self._proof_file = proof
        self._capsule = module.cadical300_new()
        self.broken = False  # a fork came in the midst of a search
        self.fed = 0  # literals of the store that it has
        self._lock = (
            threading.RLock()
        )  # of what follows; a signal's handler may come while this thread has it
        self._busy = False
        self._owner = 0  # the thread that searches
        self._closing = False
        self._assumed: list[int] = []
        self._core: list[int] = []
        self._counts = dict.fromkeys(COUNTS, 0)
        self._stop = False
        self._address = 0 if self._methods is None else self._methods.address(self._capsule)
        self._session: kernels.Session | None = None
        self._control = np.array([self._address, 0, 0, 0, -1, -1], np.int64)
        self.values: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.trace = None if proof is None else module.cadical300_tracepr(self._capsule, proof)
        for name, value in settings.items():
            module.cadical300_set(self._capsule, name, value)
        self._finalize = weakref.finalize(self, _free, self._methods, self._capsule, self._address, proof)
        self._finalize.atexit = False

    @property
    def sliced(self) -> bool:
        """Whether it goes through python-sat, which holds the interpreter's lock."""
        return self._methods is None

    def configure(self, settings: Mapping[str, int]) -> None:
        """Set options of CaDiCaL's, checked before."""
        with self._lock:
            for name, value in () if self._untouchable else settings.items():
                native.pysolvers().cadical300_set(self._capsule, name, value)

    @property
    def idle(self) -> bool:
        """Whether nothing searches; nothing does for who asks, wherever an exception came in between."""
        return not self._busy or self._owner == threading.get_ident()

    @property
    def _untouchable(self) -> bool:
        """Whether it searches, or is freed or about to be: nothing but `terminate` may be called then."""
        return self._busy or self._closing

    @property
    def closing(self) -> bool:
        """Whether it is to be freed."""
        return self._closing

    def settle(self) -> None:
        """Forget a call of this very thread that an exception cut short between two steps."""
        with self._lock:
            if self._owner == threading.get_ident():
                self._busy = False

    def feed(self, store: Store, size: int, stopped: Callable[[], object] = bool) -> None:
        """Add what is new in the first `size` literals of a store, whole clauses, unless it is `stopped`."""
        if self.fed >= size or not self._enter(stopped):
            return
        try:
            if stopped():
                return
            if self._methods is None:
                _feed_slowly(self._capsule, store.literals[self.fed : size])
            else:
                kernels.cadical_add(self._fitting(store, 0), self.fed, size)
            self.fed = size
        finally:
            self._leave()

    def search(
        self,
        store: Store,
        size: int,
        variables: int,
        assumptions: list[int],
        conflicts: int = -1,
        decisions: int = -1,
        *,
        stopped: Callable[[], object] = bool,
    ) -> int:
        """Solve what it was fed under assumptions, numbers inside; return what the kernel returns.

        Limits below 0 are none. A model is in `values`, (variables,) and more, checked against the first
        `size` literals of the store; which assumptions failed is in `failed()`. It may end without an answer
        before its limits, if a `terminate` came late; it does not begin if it is `stopped` already.
        """
        if not self._enter(stopped):
            return kernels.UNDECIDED
        try:
            if stopped():  # from here on, `terminate` finds it busy
                return kernels.UNDECIDED
            if self._methods is None:
                return self._search_sliced(store, size, variables, assumptions, conflicts, decisions)
            assumed = len(assumptions)
            session = self._fitting(store, variables, assumed)
            if assumed:
                session.assumptions[:assumed] = assumptions
            self._assumed = assumptions
            self._control[:] = (
                self._address,
                assumed,
                variables,
                size,
                min(conflicts, _LARGEST),
                min(decisions, _LARGEST),
            )
            return kernels.cadical_search(session)
        finally:
            self._leave()

    def _enter(self, stopped: Callable[[], object]) -> bool:
        """Take it for a call that lasts; False if it is to be freed, or `stopped` before it is free.

        A search that was told to end, and did not in time, may begin only now, beside the next query's.
        """
        while True:
            with self._lock:
                if self._closing:
                    return False
                if not self._busy or self._owner == threading.get_ident():
                    self._owner, self._busy, self._stop = threading.get_ident(), True, False
                    return True
            if stopped():
                return False
            time.sleep(PAUSE)

    def _leave(self) -> None:
        with self._lock:
            self._busy = False
            closing = self._closing
        if closing:
            self._finalize()

    def failed(self) -> list[int]:
        """Return the assumptions that failed in the last search, numbers inside."""
        if self._methods is None:
            return self._core
        assert self._session is not None
        mask = self._session.failed[: len(self._assumed)]
        return [literal for literal, failed in zip(self._assumed, mask.tolist(), strict=True) if failed]

    def terminate(self) -> None:
        """End the search that runs, if one does, soon."""
        with self._lock:
            if self._busy:
                self._stop = True
                if self._methods is not None:
                    self._methods.terminate(self._address)

    def phase(self, literals: Iterable[int] | NDArray[np.int32], *, undo: bool = False) -> None:
        """Force phases of variables that it has, or let go of them."""
        hints = np.asarray(literals, np.int32)
        with self._lock:
            if self._untouchable:
                return
            if self._methods is not None:
                kernels.cadical_phase(self._methods.addresses, self._address, hints, int(undo))
            elif not undo:
                native.pysolvers().cadical300_setphases(self._capsule, hints.tolist())

    def flush(self) -> None:
        """Write what there is of the proof to its file."""
        with self._lock:
            if not self._untouchable:
                native.pysolvers().flushpr(self.trace)

    def counts(self) -> dict[str, int]:
        """Return restarts, conflicts, decisions and propagations, those of a search that runs not counted."""
        with self._lock:
            if not self._untouchable:
                self._counts = dict(native.pysolvers().cadical300_acc_stats(self._capsule))
            return dict(self._counts)

    def conflicts(self) -> int:
        """Return the conflicts so far."""
        return self._count("conflicts")

    def decisions(self) -> int:
        """Return the decisions so far."""
        return self._count("decisions")

    def _count(self, what: str) -> int:
        if self._methods is None:
            return self.counts()[what]
        with self._lock:
            if not self._untouchable:
                self._counts[what] = int(self._methods.counts[what](self._address))
            return self._counts[what]

    def close(self) -> None:
        """Free it, now or when its search ends. Again, it does nothing."""
        with self._lock:
            self._closing = True
            if self._busy:
                self._stop = True
                if self._methods is not None:
                    self._methods.terminate(self._address)
                return
        if self.broken:  # what it holds is half done: nothing may touch it
            self._finalize.detach()
        self._finalize()

    def after_fork(self) -> None:
        """Go on in the child of a fork; a search that ran is nothing to go on with."""
        self._lock = threading.RLock()
        if self._busy:
            self.broken, self._busy = True, False

    def _fitting(self, store: Store, variables: int, assumed: int = 0) -> kernels.Session:
        """Return what the kernels work on, with the store as it is and room for a query."""
        session = self._session
        if (
            session is not None
            and session.literals is store.literals
            and session.values.size >= variables
            and session.assumptions.size >= assumed
        ):
            return session
        assert self._methods is not None
        if self.values.size < variables or session is None:
            self.values = np.zeros(variables + variables // 4, np.bool_)
        room = assumed + assumed // 4 if session is None else max(assumed, session.assumptions.size)
        self._session = kernels.Session(
            methods=self._methods.addresses,
            literals=store.literals,
            assumptions=np.zeros(room, np.int32),
            failed=np.zeros(room, np.bool_),
            values=self.values,
            true_literals=np.zeros(2 * self.values.size + 1, np.bool_),
            control=self._control,
        )
        return self._session

    def _search_sliced(
        self,
        store: Store,
        size: int,
        variables: int,
        assumptions: list[int],
        conflicts: int,
        decisions: int,
    ) -> int:
        module, found = native.pysolvers(), 0
        left = _LARGEST if conflicts < 0 else max(1, conflicts)  # to python-sat, 0 is no limit
        while not found and not self._stop and left > 0:
            module.cadical300_cbudget(self._capsule, min(SLICE, left))
            if decisions >= 0:
                module.cadical300_dbudget(self._capsule, max(1, decisions))
            found = module.cadical300_solve_lim(self._capsule, assumptions, 0)
            left = _LARGEST if conflicts < 0 else left - min(SLICE, left)
            if decisions >= 0:
                break
        if found > 0:
            return self._read_slowly(store, size, variables, assumptions)
        if found < 0:
            self._core = module.cadical300_core(self._capsule, assumptions) or []
            return kernels.REFUTED
        return kernels.UNDECIDED

    def _read_slowly(self, store: Store, size: int, variables: int, assumptions: list[int]) -> int:
        model = np.array(native.pysolvers().cadical300_model(self._capsule) or [], np.int32)
        self.values = np.zeros(variables, np.bool_)
        self.values[: model.size] = model[:variables] > 0
        if any(self.values[abs(literal) - 1] != (literal > 0) for literal in assumptions):
            return kernels.BROKEN
        if kernels.false_clause(store.literals, size, self.values) >= 0:
            return kernels.FALSIFIED
        return kernels.SATISFIED


def _feed_slowly(capsule: object, flat: NDArray[np.int32]) -> None:
    module, start = native.pysolvers(), 0
    literals = flat.tolist()
    for end in np.flatnonzero(flat == 0).tolist():
        module.cadical300_add_cl(capsule, literals[start:end])
        start = end + 1


def _free(methods: native.Methods | None, capsule: object, address: int, proof: Any) -> None:
    if methods is None or proof is not None:
        native.pysolvers().cadical300_del(capsule, proof)
    else:  # without the interpreter's lock
        methods.destroy(address)
    if proof is not None:
        proof.close()
