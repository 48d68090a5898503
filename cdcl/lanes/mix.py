"""Which lanes run side by side: unlike ones first, then other seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from turbosat.cdcl.engines.cadical_options import LARGEST
from turbosat.errors import UsageError
from turbosat.records import asdict, field, record, replace

if TYPE_CHECKING:
    from pathlib import Path

    from turbosat.cdcl.engines.engine import Ability, Engine
    from turbosat.options import Options
    from turbosat.proof.file import ProofFile

LARGEST_SEED = 2**31 - 1  # Kissat's; CaDiCaL's is a little less

# Without one of these CaDiCaL 3.0.0 runs the same course whatever its seed.
SEEDED = {"randec": 1, "shuffle": 1, "shufflerandom": 1}


@record(frozen=True)
class Entrant:
    """What a race must know of a lane besides its engine."""

    name: str
    seed: int = 0
    proves: bool = False  # the one lane that writes the proof
    nice: int = 8  # how far it gives way to others on its core; the first lane never does
    words: tuple[str, ...] = ()  # its options, for people
    guesses: bool = False  # it adds clauses that need not hold: of what it says, only models count

    def arguments(self) -> tuple[str, ...]:
        """Return the options as text."""
        return self.words


@record(frozen=True, kw_only=True)
class LaneSpec(Entrant):
    """All it takes to build one CDCL lane again."""

    engine: Literal["kissat", "cadical"]
    options: dict[str, int] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    export: int = 0  # literals of the longest learned clause that it hands out, where it can
    follows: Literal["nothing", "phases", "probes", "cubes"] = "nothing"  # of what a population finds
    conflicts: int | None = None  # after which it gives up
    decisions: int | None = None  # likewise; for Kissat only

    def arguments(self) -> tuple[str, ...]:
        """Return the options as text: Kissat's flags, CaDiCaL's name=value."""
        limits = {"conflicts": self.conflicts, "decisions": self.decisions}
        dashes = "--" if self.engine == "kissat" else ""
        return (
            *self.flags,
            *(f"{name}={value}" for name, value in self.options.items()),
            *(f"{dashes}{name}={value}" for name, value in limits.items() if value is not None),
        )

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the engine will be able to do."""
        if self.engine == "cadical":
            from turbosat.cdcl.engines.cadical import Cadical

            return Cadical.abilities
        from turbosat.cdcl.engines.kissat import Kissat

        return Kissat.abilities

    @property
    def collects(self) -> bool:
        """Whether it collects what it learns, with the compiled core if there is one."""
        return self.engine == "cadical" and self.export > 0

    def recipe(self) -> dict[str, Any]:
        """Return all of it as plain data, for another process to build."""
        return asdict(self)

    def build(
        self,
        *,
        proof: ProofFile | None = None,
        parsing: Literal["normal", "strict", "relaxed"] = "normal",
        seconds: float | None = None,
        memory: int | None = None,
        steady: bool = False,
        library: Path | None = None,
    ) -> Engine:
        """Return the engine, not started.

        `parsing` and `seconds` are for Kissat, `steady` and `library`, the compiled core, for CaDiCaL.
        """
        # Imported where they are used: 10 ms earlier, Kissat is running.
        if self.engine == "cadical":
            from turbosat.cdcl.engines.cadical import Cadical

            if proof is not None:
                raise UsageError(f"lane {self.name} cannot write a proof")
            if self.decisions is not None:
                raise UsageError(f"lane {self.name} cannot be limited in its decisions")
            return Cadical(
                self.options,
                seed=self.seed,
                memory_limit=memory,
                export=self.export,
                steady=steady,
                conflicts=self.conflicts,
                library=library,
            )
        from turbosat.cdcl.engines.kissat import Kissat

        strictness = () if parsing == "normal" else (f"--{parsing}",)
        return Kissat(
            (*self.arguments(), *strictness),
            seed=self.seed,
            proof=proof,
            time_limit=seconds,
            memory_limit=memory,
        )


# CaDiCaL's own configurations `sat` and `unsat` are spelt out: python-sat cannot select them.
KINDS = {
    "kissat": LaneSpec("kissat", engine="kissat"),
    "kissat-sat": LaneSpec("kissat-sat", nice=5, engine="kissat", flags=("--sat",)),
    "kissat-stable": LaneSpec("kissat-stable", nice=5, engine="kissat", flags=("--stable=2",)),
    "kissat-guided": LaneSpec(
        "kissat-guided", engine="kissat", flags=("--sat", "--walkinitially=true"), follows="phases"
    ),
    "kissat-unsat": LaneSpec("kissat-unsat", engine="kissat", flags=("--unsat",)),
    "kissat-negative": LaneSpec("kissat-negative", engine="kissat", flags=("--phase=0",)),
    "cadical": LaneSpec("cadical", nice=9, engine="cadical"),
    "cadical-stable": LaneSpec("cadical-stable", engine="cadical", options={"stabilizeonly": 1}),
    # Of all settings tried with phases from a population, the one that makes the most of them.
    "cadical-guided": LaneSpec(
        "cadical-guided", nice=9, engine="cadical", options={"stabilizeonly": 1}, follows="phases"
    ),
    # What follows nothing yet runs another course than lanes of the same kind.
    "cadical-probes": LaneSpec(
        "cadical-probes", engine="cadical", options={"reverse": 1, "stabilizeonly": 1}, follows="probes"
    ),
    "cadical-cubes": LaneSpec("cadical-cubes", engine="cadical", options={"reverse": 1}, follows="cubes"),
    "cadical-negative": LaneSpec("cadical-negative", engine="cadical", options={"phase": 0}),
    "cadical-unsat": LaneSpec("cadical-unsat", engine="cadical", options={"stabilize": 0, "walk": 0}),
}

# Kissat and CaDiCaL in turn: each is ten times better than the other on some files. Beside Kissat one that is
# always in stable mode is worth the most: it finds models sooner than Kissat's own settings for them. With
# phases from a population a lane is no better, nor worse, but another search: what it would settle in a
# second without, it may not settle at all.
ORDER = {
    "default": (
        *("kissat", "kissat-stable", "cadical-guided", "cadical", "kissat-guided", "kissat-unsat"),
        *("cadical-probes", "kissat-sat", "cadical-cubes", "kissat-negative", "cadical-unsat"),
        "cadical-negative",
    ),
    "sat": (
        *("kissat-sat", "kissat-stable", "cadical-guided", "kissat", "cadical", "kissat-guided"),
        *("cadical-probes", "kissat-negative", "cadical-negative"),
    ),
    "unsat": ("kissat-unsat", "cadical-unsat", "kissat", "cadical", "kissat-negative", "cadical-negative"),
}


def mix(
    *, seed: int = 0, mode: Literal["default", "sat", "unsat"] = "default", proof: bool = False
) -> Iterator[LaneSpec]:
    """Yield lanes without end, the same for the same arguments; the first may prove.

    With `proof`, only the first lane may claim UNSATISFIABLE, so the others are after models.
    """
    order = ORDER[mode]
    yield replace(_seeded(KINDS[order[0]], seed, 0), proves=True, follows="nothing")
    others = [name for name in order if not (proof and name.endswith("-unsat"))]
    for index in count(1 if others[0] == order[0] else 0):
        lap, place = divmod(index, len(others))
        yield _seeded(KINDS[others[place]], seed, lap)


def named(text: str, *, seed: int = 0) -> list[LaneSpec]:
    """Return the lanes that a user names, separated by commas. Raises UsageError for unknown names."""
    found: list[LaneSpec] = []
    laps = Counter[str]()
    for name in (word.strip() for word in text.split(",")):
        if name not in KINDS:
            raise UsageError(f"unknown lane {name!r}; known: {', '.join(KINDS)}")
        found.append(_seeded(KINDS[name], seed, laps[name]))
        laps[name] += 1
    return [replace(found[0], proves=found[0].engine == "kissat"), *found[1:]]


def kissat_wanted(names: str | None) -> bool:
    """Whether there may be a lane of Kissat besides those of a mix: one that names none has none."""
    return names is None or any(spec.engine == "kissat" for spec in named(names))


def on_another_formula(name: str, nice: int, options: Options, kind: str = "kissat") -> LaneSpec:
    """Return a lane of Kissat besides those of the mix, with a kind's options, under all lanes' limits."""
    return replace(
        KINDS[kind],
        name=name,
        seed=options["seed"],
        nice=nice,
        conflicts=options["conflicts"],
        decisions=options["decisions"],
    )


def _seeded(kind: LaneSpec, seed: int, lap: int) -> LaneSpec:
    name = kind.name if lap == 0 else f"{kind.name}-{lap + 1}"
    own = (seed + lap) % ((LARGEST if kind.engine == "cadical" else LARGEST_SEED) + 1)
    options = {**kind.options, **SEEDED} if kind.engine == "cadical" and own else kind.options
    return replace(kind, name=name, seed=own, options=options)
