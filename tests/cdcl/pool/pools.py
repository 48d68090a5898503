"""Pools for tests, and lanes in them."""

import time
from contextlib import suppress

from tests.cdcl.engines.engines import LONG
from turbosat.cdcl.engines.engine import Answer, Budget
from turbosat.cdcl.lanes.mix import KINDS, LaneSpec
from turbosat.cdcl.pool.pool import Pool
from turbosat.cdcl.pool.remote import RemoteEngine
from turbosat.errors import EngineError
from turbosat.formula.formula import Formula

READY = 300.0  # seconds


def ready(source: Formula, places: int = 2) -> Pool:
    for _ in range(2):  # Ray itself gives up where its node takes more than 30 seconds: a busy machine
        pool = Pool(source, places)
        with suppress(EngineError):
            come_up(pool)
            return pool
        pool.stop()
    pool = Pool(source, places)
    come_up(pool)
    return pool


def come_up(pool: Pool) -> None:
    """Wait until a pool is ready. Raises EngineError where it will never be."""
    end = time.monotonic() + READY
    while pool.about is None:
        assert time.monotonic() < end, "the pool did not come up"
        pool.wait(0.1)
        pool.pump()


def pump_on(pool: Pool) -> None:
    """Wait for a ready pool to break, which raises EngineError."""
    end = time.monotonic() + READY
    while time.monotonic() < end:
        pool.wait(0.1)
        pool.pump()


def lane(pool: Pool, kind: str, **more: object) -> RemoteEngine:
    spec: LaneSpec = KINDS[kind]
    return RemoteEngine(pool, {**spec.recipe(), **more}, spec.abilities, spec.engine, cpu=1.0)


def wait(engine: RemoteEngine, budget: Budget | None = None) -> Answer:
    engine.advance(budget or Budget())
    answer = engine.poll(LONG)
    assert answer is not None
    return answer
