"""The mix of lanes: unlike ones first, then seeds.

Kissat and CaDiCaL are each ten times better than the other somewhere, and a stable mode alone decides in
both directions, so lanes that differ in kind pay more than lanes that differ in seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from turbosat.cdcl.engine import Engine
    from turbosat.options import Mode, Parsing

Settings = tuple[tuple[str, int], ...]

KISSAT: dict[Mode, tuple[str, ...]] = {"default": (), "sat": ("--sat",), "unsat": ("--unsat",)}
# CaDiCaL's own configurations `sat` and `unsat`.
CADICAL: dict[Mode, Settings] = {
    "default": (),
    "sat": (("stabilizeonly", 1), ("elimreleff", 10), ("subsumereleff", 60)),
    "unsat": (("stabilize", 0), ("walk", 0)),
}


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """What a lane runs: with its seed, all it takes to replay it."""

    name: str
    engine: Literal["kissat", "cadical"]
    seed: int
    flags: tuple[str, ...] = ()  # of Kissat
    settings: Settings = ()  # of CaDiCaL

    @property
    def proves(self) -> bool:
        """Whether the lane can write a DRAT proof."""
        return self.engine == "kissat"

    def arguments(self) -> tuple[str, ...]:
        """Return the options, as the engine's own command line would take them."""
        return self.flags + tuple(f"--{name}={value}" for name, value in self.settings)

    def build(
        self,
        *,
        proof: Path | None = None,
        binary_proof: bool = True,
        parsing: Parsing = "normal",
        seconds: float | None = None,
        memory: int | None = None,
    ) -> Engine:
        """Return the engine, not started. `parsing` is for an engine that will read the file itself."""
        if self.engine == "cadical":
            from turbosat.cdcl.cadical import Cadical

            return Cadical(dict(self.settings), seed=self.seed)
        from turbosat.cdcl.kissat import Kissat

        flags = self.flags if parsing == "normal" else (*self.flags, f"--{parsing}")
        return Kissat(
            flags,
            seed=self.seed,
            proof=proof,
            binary_proof=binary_proof,
            time_limit=seconds,
            memory_limit=memory,
        )


def lanes(workers: int, *, seed: int = 0, mode: Mode = "default") -> list[LaneSpec]:
    """Return that many lanes; lane 0 is plain Kissat in the mode asked for, lane 1 CaDiCaL in it.

    The same arguments give the same lanes, and more workers only add to them.
    """
    return list(islice(_mix(seed, mode), workers))


def _mix(seed: int, mode: Mode) -> Iterator[LaneSpec]:
    yield LaneSpec("kissat", "kissat", seed, KISSAT[mode])
    yield LaneSpec("cadical", "cadical", seed, settings=CADICAL[mode])
    others: list[Mode] = [other for other in ("sat", "unsat", "default") if other != mode]
    for other in others:
        yield LaneSpec(f"kissat-{other}", "kissat", seed, KISSAT[other])
        yield LaneSpec(f"cadical-{other}", "cadical", seed, settings=CADICAL[other])
    yield LaneSpec("cadical-negative", "cadical", seed, settings=(*CADICAL[mode], ("phase", 0)))
    number = 0
    while True:  # a big machine: the modes again, other seeds
        number += 1
        for each in (mode, *others):
            yield LaneSpec(f"kissat-{each}-{number}", "kissat", seed + number, KISSAT[each])
            yield LaneSpec(f"cadical-{each}-{number}", "cadical", seed + number, settings=CADICAL[each])
