"""The pool's place in a run: when it comes up, which lanes it runs, what happens when it breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbosat.errors import EngineError, UsageError
from turbosat.run.scheduler import PoolState

if TYPE_CHECKING:
    from turbosat.cdcl.engines.engine import Engine
    from turbosat.cdcl.lanes.mix import LaneSpec
    from turbosat.cdcl.lanes.race import Race
    from turbosat.cdcl.pool.pool import Pool
    from turbosat.deadline import Deadline
    from turbosat.formula.formula import Formula
    from turbosat.options import Options


class PoolStage:
    """Ray actors for lanes, in the background."""

    def __init__(self, race: Race, options: Options, deadline: Deadline) -> None:
        self._race, self._options, self._deadline = race, options, deadline
        self._pool: Pool | None = None
        self._state: PoolState = "none"

    @property
    def state(self) -> PoolState:
        """Whether it is there."""
        return self._state

    @property
    def about(self) -> dict[str, Any]:
        """What there is: places, gpus, nodes; empty before it is ready."""
        return {} if self._pool is None or self._pool.about is None else self._pool.about

    def begin(self, formula: Formula, places: int) -> None:
        """Let it come up, once, on this machine with so many places."""
        if self._state != "none":
            return
        from turbosat.cdcl.pool.pool import Pool
        from turbosat.cdcl.process.interrupts import undisturbed

        self._state = "coming"
        try:
            with undisturbed():
                self._pool = Pool(
                    formula,
                    places,
                    address=self._options["ray_address"],
                    memory=self._deadline.memory,
                )
        except EngineError as error:
            self._break(str(error))
            return
        self._race.watch(self._pool)
        self._race.tell("pool", state="coming")

    def look(self) -> None:
        """Take in what it says. Raises UsageError where the user named a cluster that is not there."""
        pool = self._pool
        if pool is None or self._state == "broken":
            return
        try:
            pool.pump()
        except EngineError as error:
            if pool.misused and self._options["ray_address"] is not None:
                raise UsageError(str(error)) from None
            self._break(str(error))
            return
        if pool.about is not None and self._state == "coming":
            self._state = "ready"
            self._race.tell("pool", state="ready", **pool.about)

    def engine(self, spec: LaneSpec) -> Engine:
        """Return a lane's engine, to be in an actor."""
        assert self._pool is not None
        from turbosat.cdcl.pool.remote import RemoteEngine

        return RemoteEngine(self._pool, spec.recipe(), spec.abilities, spec.engine, cpu=1.0)

    def descent(self, settings: dict[str, Any]) -> Engine:
        """Return a gradient lane's engine, to be on a node with a GPU."""
        from turbosat.cdcl.pool.remote import RemoteEngine
        from turbosat.lanes.gradient import Gradient

        assert self._pool is not None
        recipe = {"engine": "gradient", "settings": settings}
        return RemoteEngine(self._pool, recipe, Gradient.abilities, "gradient", cpu=0.0, gpu=1.0)

    def give_up(self, why: str) -> None:
        """End all of it in the midst of a run."""
        if self._state in ("coming", "ready"):
            self._break(why)

    def stop(self, why: str = "the run is over") -> None:
        """End all of it."""
        if self._pool is not None:
            self._race.forget(self._pool)
            self._pool.stop(why)

    def _break(self, why: str) -> None:
        self._state = "broken"
        self._race.tell("pool", state="broken", why=why)
        self.stop(why)
