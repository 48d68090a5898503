"""The incremental solver: python-sat's interface, and limits, interrupts, futures, all cores."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, Unpack

import numpy as np

from turbosat.cdcl.engines.cadical_options import checked_options
from turbosat.errors import EngineError, UsageError
from turbosat.events import Sink, ignore
from turbosat.options import Options, resolve
from turbosat.result import Reason, Status
from turbosat.solver import explore
from turbosat.solver.base import Base
from turbosat.solver.constraints import at_most, xor
from turbosat.solver.query import RUNNING, Answer, Pending, Query, beside
from turbosat.solver.store import flat_clauses, measured, row
from turbosat.solver.unsupported import Unsupported, refuse
from turbosat.validation import integer, number, shown, truth

ESCALATE_AFTER = 0.5  # seconds: what the hybrid costs to start, about
NOT_HERE = ("proof", "certificate", "engine", "parsing", "conflicts", "decisions")


class Solver(Unsupported, Base):
    """Clauses come bit by bit, questions are asked under assumptions, and any of them can be ended.

    The interface is that of `pysat.solvers.Solver`. `bootstrap_with` is whatever `append_formula` takes.
    `with_proof`: `get_proof` gives a DRUP proof; there is no hybrid then. `time_limit` (seconds) is that of
    every query, unless it is given its own. After `escalate_after` seconds (None: never) a query goes to the
    hybrid as well, with `workers` cores; the other options are those of `turbosat.solve`, and `on_event` is
    called with the hybrid's events, in threads of its own.

    Answers are True, False, or None, and `reason` says why there is none. Every model is checked against all
    clauses before it is returned. One query at a time: another thread's call is a UsageError meanwhile, but
    for `interrupt`. Many solvers may search in many threads; the interpreter's lock is free while they do.

    >>> from turbosat import Solver
    >>> with Solver([[1, 2], [-1, 3]]) as solver:
    ...     solver.solve(assumptions=[-2, -3]), solver.get_core()
    (False, [-2, -3])
    """

    def __init__(
        self,
        bootstrap_with: Any = None,
        use_timer: bool = False,
        incr: bool = False,
        with_proof: bool = False,
        warm_start: bool = False,
        native_card: bool = False,
        *,
        escalate_after: float | None = ESCALATE_AFTER,
        on_event: Sink = ignore,
        **options: Unpack[Options],
    ) -> None:
        if warm_start:
            refuse("warm start mode")
        if not callable(on_event):
            raise UsageError(f"on_event must be callable, not {shown(on_event)}")
        wrong = next((name for name in NOT_HERE if name in options), None)
        if wrong is not None:
            raise UsageError(f"{wrong} is no option of a Solver")
        after = None if escalate_after is None else number(escalate_after, "escalate_after", 0)
        super().__init__(resolve(options), {}, after, on_event, with_proof)
        self._given: Mapping[str, Any] = options
        self._timed = use_timer
        self._last_time = self._all_time = 0.0
        self._conflicts = self._decisions = -1
        self._status: bool | None = None
        self._reason: Reason | None = None
        self._winner = ""
        self._values: Any = None
        self._numbers: Any = np.zeros(0, np.int32)
        self._core: list[int] | None = None
        if bootstrap_with is not None:
            self.append_formula(bootstrap_with)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.delete()

    def __del__(self) -> None:
        if hasattr(self, "_closed"):
            self.close()

    def new(self, bootstrap_with: Any = None, use_timer: bool = False, **options: Any) -> None:
        """Begin again, with another formula."""
        self.close()
        Solver.__init__(self, bootstrap_with, use_timer, **options)

    def delete(self) -> None:
        """End what runs and free everything; again, it does nothing."""
        self.close()

    def add_clause(self, clause: Iterable[int], no_return: bool = True) -> bool | None:
        """Add a clause. With `no_return` False, tell whether the clauses may hold, as far as is known."""
        if self._query is not None or self._closed:
            self._require_idle()
        self._store.add(self._names.renamed(*measured(clause)))
        return None if no_return else self._may_hold

    def append_formula(self, formula: Any, no_return: bool = True) -> bool | None:
        """Add all clauses of a formula.

        A `turbosat.Formula`; a `pysat.formula.CNF` or `CNFPlus`; clauses as iterables, at-most constraints as
        `[literals, bound]` among them; or numpy's integers without a Python loop: flat, with 0 behind each
        clause, (literals,); as rows, (clauses, length); or literals (literals,) and offsets (clauses + 1,).
        UsageError says what is none of it.
        """
        self._require_idle()
        flat = flat_clauses(formula)
        if flat is not None:
            self._store.add_flat(self._names.inward_flat(flat))
            self._add_more(formula)
            return None if no_return else self._may_hold
        if isinstance(formula, str | bytes | Mapping):
            raise UsageError(f"expected clauses, found {shown(formula)}")
        for each in formula:
            if isinstance(each, list | tuple) and each and isinstance(each[0], list | tuple):
                self.add_atmost(*each)
            else:
                self.add_clause(each)
        return None if no_return else self._may_hold

    def _add_more(self, formula: Any) -> None:
        """Add what a Formula has besides clauses."""
        variables = getattr(formula, "variables", 0)
        if isinstance(variables, int):
            self._names.know(variables)
        for literals, parity in getattr(formula, "xors", ()):
            self._add_all(xor(self.inward([*map(int, literals)]), bool(parity), self.fresh))

    def add_atmost(
        self, lits: Iterable[int], k: int, weights: Iterable[int] = (), no_return: bool = True
    ) -> bool | None:
        """Let the weights (default: 1 each) of the true literals sum to at most k, by clauses."""
        self._require_idle()
        literals = self.inward(row(lits))
        given = [integer(weight, "a weight") for weight in weights] or [1] * len(literals)
        if len(given) != len(literals):
            raise UsageError(f"expected a weight for each literal, found {len(given)} for {len(literals)}")
        self._add_all(at_most(literals, integer(k, "k"), given, self.fresh))
        return None if no_return else self._may_hold

    def add_xor_clause(self, lits: Iterable[int], value: bool = True, no_return: bool = True) -> bool | None:
        """Let the XOR of the literals be `value`, by clauses."""
        self._require_idle()
        self._add_all(xor(self.inward(row(lits)), truth(value, "value"), self.fresh))
        return None if no_return else self._may_hold

    def supports_atmost(self) -> bool:
        """Tell whether at-most constraints can be added: they can."""
        return True

    def activate_atmost(self) -> None:
        """Do nothing: at-most constraints can be added at any time."""

    def solve(self, assumptions: Iterable[int] = (), *, time_limit: float | None = None) -> bool | None:
        """Tell whether the clauses can hold under assumptions; None where a limit or interrupt came first."""
        query = self._prepared(assumptions, time_limit)
        return self._timed_answer(query)

    def solve_limited(
        self,
        assumptions: Iterable[int] = (),
        expect_interrupt: bool = False,
        *,
        time_limit: float | None = None,
    ) -> bool | None:
        """Do the same within the budgets of conflicts and decisions, too."""
        query = self._prepared(assumptions, time_limit, self._conflicts, self._decisions)
        return self._timed_answer(query)

    def solve_async(self, assumptions: Iterable[int] = (), *, time_limit: float | None = None) -> Pending:
        """Begin to solve in a thread of its own; return a future, awaitable, of what `solve` returns.

        `cancel` ends the query; so does the cancellation of a task of asyncio's that awaits it.
        """
        query = self._prepared(assumptions, time_limit)
        pending = Pending(query)
        try:
            self._begin(query)
            _Background(self, query, pending).start()
        except BaseException:
            query.interrupt()
            self._end(query)
            raise
        return pending

    def conf_budget(self, budget: int = -1) -> None:
        """Limit the conflicts of each `solve_limited`; below 0, they are not."""
        self._conflicts = max(-1, integer(budget, "budget"))

    def dec_budget(self, budget: int = -1) -> None:
        """Limit the decisions of each `solve_limited`; below 0, they are not."""
        self._decisions = max(-1, integer(budget, "budget"))

    def propagate(self, assumptions: Iterable[int] = (), phase_saving: int = 0) -> tuple[bool, list[int]]:
        """Propagate assumptions in turn; return whether that meets no conflict, and what it sets."""
        query = self._prepared(assumptions, None)
        fine, inside = self._propagator.propagate(self._store, self._names.used, query.assumptions)
        return fine, self._names.outward(inside)

    def set_phases(self, literals: Iterable[int] = ()) -> None:
        """Prefer these literals in decisions."""
        self._require_idle()
        self._force(self.inward(row(literals)))

    def configure(self, parameters: Mapping[str, int]) -> None:
        """Set options of CaDiCaL's. UsageError for one that is unknown or out of its bounds."""
        self._require_idle()
        try:
            checked_options(parameters, 0)
        except EngineError as error:
            raise UsageError(str(error)) from None
        self._configure(dict(parameters))

    def get_status(self) -> bool | None:
        """Return the last answer."""
        return self._status

    @property
    def reason(self) -> Reason | None:
        """Why the last query has no answer: TIME, MEMORY, INTERRUPTED, LIMIT (of conflicts or decisions)."""
        return self._reason

    @property
    def winner(self) -> str:
        """Who gave the last answer: `here`, which is CaDiCaL in this process, or a lane of the hybrid's."""
        return self._winner

    def get_model(self) -> list[int] | None:
        """Return the model of the last answer if that is True: a literal for every variable, in order."""
        if self._status is not True:
            return None
        values = self._values
        if self._numbers.size != values.size:
            self._numbers = np.arange(1, values.size + 1, dtype=np.int32)
        model: list[int] = np.where(values, self._numbers, -self._numbers).tolist()
        return model

    def get_core(self) -> list[int] | None:
        """Return assumptions that cannot hold together if the last answer is False; None without any."""
        if self._status is not False or self._core is None:
            return None
        return list(self._core)

    def get_proof(self) -> list[str] | None:
        """Return the DRUP proof so far, a line each, if it was asked for."""
        self._require_idle()
        return self._proof_lines()

    def enum_models(
        self,
        assumptions: Iterable[int] = (),
        projection: Iterable[int] = (),
        *,
        time_limit: float | None = None,
    ) -> Iterator[list[int]]:
        """Yield all models under assumptions, or all their projections to some variables; each once.

        The formula is the same afterwards. `time_limit` is for all of it; `reason` says if it came first.
        """
        self._require_idle()
        assumed = self.inward(row(assumptions, "assumption"))
        wanted = row(projection, "variable")
        if any(variable < 0 for variable in wanted) or len(set(wanted)) < len(wanted):
            raise UsageError("projection must hold distinct variables")
        if wanted and max(wanted) > self._names.known:
            raise UsageError(f"projection must hold variables up to {self._names.known}, not {max(wanted)}")
        return self._enumerated(assumed, wanted, time_limit)

    def _enumerated(self, assumed: list[int], wanted: list[int], limit: float | None) -> Iterator[list[int]]:
        projection = self.inward(wanted) if wanted else None
        for answer in explore.models(self, self._asker(limit), assumed, projection):
            if self._concluded(assumed, answer):
                model = self.get_model() or []
                yield [model[variable - 1] for variable in wanted] if wanted else model

    def minimize_core(self, *, time_limit: float | None = None) -> list[int]:
        """Return, and keep, a part of the last core of which nothing can be left out: the rest could hold.

        Where the limit comes first it is smaller, as far as it got, and `reason` says so.
        UsageError if there is no core.
        """
        if self._status is not False:
            raise UsageError("there is no core: the last answer is not False")
        core = self.inward(list(self._core or []))
        inside, open_question = explore.minimised(self._asker(time_limit), core)
        self._core = self._names.outward(inside) if core else None
        self._reason = open_question.reason if open_question is not None else None
        return list(self._core or [])

    def backbone(
        self, assumptions: Iterable[int] = (), *, time_limit: float | None = None
    ) -> list[int] | None:
        """Return the literals that are in every model under assumptions, in order; None at the limit.

        Without a model the list is empty, and `get_status` is False.
        """
        self._require_idle()
        assumed = self.inward(row(assumptions, "assumption"))
        inside, answer = explore.backbone(self, self._asker(time_limit), assumed, self.inside())
        self._concluded(assumed, answer)
        return None if inside is None else sorted(self._names.outward(inside), key=abs)

    def copy(self) -> Solver:
        """Return another solver with the same clauses and options, and nothing of what was learned."""
        self._require_idle()
        other = Solver(
            use_timer=self._timed, escalate_after=self._escalate_after, on_event=self._sink, **self._given
        )
        other._take(self)
        return other

    def accum_stats(self) -> dict[str, int]:
        """Return how many restarts, conflicts, decisions and propagations there were here."""
        return self._counts()

    def time(self) -> float:
        """Return the seconds that the last query took, if they are counted."""
        return self._last_time

    def time_accum(self) -> float:
        """Return the seconds that all queries took, if they are counted."""
        return self._all_time

    def nof_vars(self) -> int:
        """Return the largest variable that was mentioned."""
        return self._names.known

    def nof_clauses(self) -> int:
        """Return how many clauses were added, those of encodings counted."""
        return self._store.clauses

    def _prepared(
        self, assumptions: Iterable[int], limit: float | None, conflicts: int = -1, decisions: int = -1
    ) -> Query:
        """Return a query, not begun."""
        self._require_idle()
        assumed = self.inward(row(assumptions, "assumption"))
        seconds = self._options["time_limit"] if limit is None else number(limit, "time_limit", 0)
        return Query(assumed, seconds, conflicts, decisions)

    def _concluded(self, assumed: list[int], answer: Answer) -> bool | None:
        """Keep an answer to a question under assumptions, in the user's numbers."""
        self._reason, self._winner = answer.reason, answer.lane if answer.reason is None else ""
        self._status = {Status.SATISFIABLE: True, Status.UNSATISFIABLE: False}.get(answer.status)
        self._values = None if answer.values is None else self._names.values(answer.values)
        self._core = self._names.outward(answer.failed) if assumed else None
        return self._status

    def _timed_answer(self, query: Query) -> bool | None:
        """Ask, and keep the answer and how long it took."""
        answer = self._asked(query)
        if self._timed:
            self._last_time = time.monotonic() - query.began
            self._all_time += self._last_time
        return self._concluded(query.assumptions, answer)

    def _asker(self, limit: float | None) -> explore.Ask:
        """Return what asks one question after the other until a time."""
        seconds = self._options["time_limit"] if limit is None else number(limit, "time_limit", 0)
        end = None if seconds is None else time.monotonic() + seconds

        def ask(assumptions: list[int]) -> Answer:
            query = Query(assumptions, None if end is None else max(0.0, end - time.monotonic()))
            return self._asked(query)

        return ask


class _Background:
    """A query in a thread of its own."""

    def __init__(self, solver: Solver, query: Query, pending: Pending) -> None:
        self._solver, self._query, self._pending = solver, query, pending

    def start(self) -> None:
        """Begin."""
        RUNNING.add(self)
        beside(self._run, "turbosat query")

    def stop(self, grace: float) -> None:
        """End the query."""
        self._query.interrupt()

    def _run(self) -> None:
        solver, query, pending = self._solver, self._query, self._pending
        result: bool | None = None
        failure: BaseException | None = None
        try:
            result = solver._concluded(query.assumptions, solver._ask(query))
        except BaseException as error:  # of whatever kind: it is for whom awaits the answer
            failure = error
        finally:
            solver._end(query)
            RUNNING.discard(self)
        if not pending.set_running_or_notify_cancel():
            return
        if failure is None:
            pending.set_result(result)
        else:
            pending.set_exception(failure)
