"""Every option once: type, default, bounds, flags, help; read by the command line and by the API.

Annotations are values here, not text that `declared` would have to compile: that is 2 ms of every start.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypedDict, get_args, get_origin, get_type_hints

from turbosat.errors import UsageError
from turbosat.records import record
from turbosat.system import available_cores
from turbosat.validation import integer, number, plain, shown, truth, word

Engine = Literal["auto", "cdcl", "gradient", "galois"]
GaloisMode = Literal["auto", "clauses", "kernel"]
Optimizer = Literal["auto", "walk", "weighted", "ste"]
Device = Literal["auto", "cpu", "cuda", "teams"]
Mode = Literal["default", "sat", "unsat"]
Parsing = Literal["normal", "strict", "relaxed"]

LARGEST_LIMIT = 2**31 - 1  # Kissat's
MEGABYTE = 1 << 20


@record(frozen=True)
class Option:
    """What is known of one option besides its type.

    `flags` is empty for what is not a flag; `switch` maps flags without argument (`--sat`) to the value
    each stands for and its help; `low` and `high` are inclusive; `metavar` carries the unit.
    """

    default: Any
    flags: tuple[str, ...]
    help: str
    low: float | None = None
    high: float | None = None
    metavar: str | None = None
    switch: Mapping[str, tuple[str, str]] | None = None


class Options(TypedDict, total=False):
    """The options of a run, as keyword arguments of `turbosat.solve` and as flags of `turbosat`."""

    time_limit: Annotated[
        float | None,
        Option(None, ("--time", "-t"), "Wall-clock limit, everything included.", low=0, metavar="SECONDS"),
    ]
    memory_limit: Annotated[
        int | None,
        Option(None, ("--memory",), "Memory limit, child processes included.", low=1, metavar="MEGABYTES"),
    ]
    conflicts: Annotated[
        int | None,
        Option(
            None, ("--conflicts", "-c"), "Limit of each CDCL lane's conflicts.", low=0, high=LARGEST_LIMIT
        ),
    ]
    decisions: Annotated[
        int | None,
        Option(
            None,
            ("--decisions", "-d"),
            "Limit of each CDCL lane's decisions; all lanes are Kissat's then.",
            low=0,
            high=LARGEST_LIMIT,
            metavar="NUMBER",
        ),
    ]
    workers: Annotated[
        int | None,
        Option(None, ("--workers", "-j"), "Cores to use; all this process may use.", low=1, high=4096),
    ]
    engine: Annotated[Engine, Option("auto", ("--engine",), "What searches; auto: all of it together.")]
    mix: Annotated[
        str | None,
        Option(
            None,
            ("--mix",),
            "The CDCL lanes, by name and in order, instead of those that turbosat chooses.",
            metavar="NAME,NAME,...",
        ),
    ]
    gradient: Annotated[
        bool, Option(True, ("--gradient/--no-gradient",), "Gradient descent looks for models, too.")
    ]
    algebra: Annotated[
        bool, Option(True, ("--algebra/--no-algebra",), "Algebra over GF(2) looks for XORs and few inputs.")
    ]
    adders: Annotated[
        bool, Option(True, ("--adders/--no-adders",), "A lane searches with sums of words built again.")
    ]
    counting: Annotated[
        bool, Option(True, ("--counting/--no-counting",), "Cardinality constraints are found and summed up.")
    ]
    sweeping: Annotated[
        bool, Option(True, ("--sweeping/--no-sweeping",), "Equal gates of circuits are found and merged.")
    ]
    symmetry: Annotated[
        bool, Option(True, ("--symmetry/--no-symmetry",), "A lane searches with symmetries broken.")
    ]
    folding: Annotated[
        bool, Option(True, ("--folding/--no-folding",), "A lane guesses that parts of a model repeat others.")
    ]
    tours: Annotated[
        bool, Option(True, ("--tours/--no-tours",), "Cycles through all vertices of a graph are looked for.")
    ]
    guidance: Annotated[
        bool, Option(True, ("--guidance/--no-guidance",), "CDCL lanes are told what the descent finds.")
    ]
    sharing: Annotated[bool, Option(True, ("--sharing/--no-sharing",), "Lanes are told what others learn.")]
    pool: Annotated[bool, Option(True, ("--pool/--no-pool",), "Further lanes run in Ray actors.")]
    pool_after: Annotated[
        float | None,
        Option(
            None,
            ("--pool-after",),
            "When Ray is started here; after 2 seconds where there are more than 4 cores, else never.",
            low=0,
            metavar="SECONDS",
        ),
    ]
    ray_address: Annotated[
        str | None,
        Option(
            None,
            ("--ray-address",),
            "Run lanes on the Ray cluster at HOST:PORT, or auto for the one of this machine.",
            metavar="ADDRESS",
        ),
    ]
    optimizer: Annotated[
        Optimizer, Option("auto", ("--optimizer",), "The gradient engine's rules; auto learns which.")
    ]
    galois: Annotated[
        GaloisMode,
        Option(
            "auto",
            ("--galois",),
            "The finite-field engine searches all variables or the XORs' kernel.",
        ),
    ]
    lanes: Annotated[
        int | None,
        Option(
            None,
            ("--lanes",),
            "Candidate assignments of the gradient and finite-field engines.",
            low=1,
            high=2**24,
        ),
    ]
    device: Annotated[Device, Option("auto", ("--device",), "Where these engines and long sweeps run.")]
    seed: Annotated[int, Option(0, ("--seed",), "Seed of everything random.", low=0, high=2**31 - 1)]
    deterministic: Annotated[
        bool,
        Option(
            False,
            ("--deterministic",),
            "The same answer from the same seed: a schedule, no race.",
        ),
    ]
    mode: Annotated[
        Mode,
        Option(
            "default",
            (),
            "What to tune for.",
            switch={
                "--sat": ("sat", "Tune for satisfiable formulas."),
                "--unsat": ("unsat", "Tune for unsatisfiable formulas."),
                "--default": ("default", "Tune for neither, as without an option."),
            },
        ),
    ]
    parsing: Annotated[
        Parsing,
        Option(
            "normal",
            (),
            "How DIMACS is read.",
            switch={
                "--relaxed": ("relaxed", "Relaxed parsing: the header's numbers do not bind."),
                "--strict": ("strict", "Strict parsing: no empty lines or extra blanks in the header."),
            },
        ),
    ]
    proof: Annotated[
        str | None,
        Option(None, (), "Where the DRAT proof of unsatisfiability goes.", metavar="PROOF"),
    ]
    binary_proof: Annotated[
        bool,
        Option(True, ("--binary/--no-binary",), "Write the proof in the binary DRAT format."),
    ]
    certificate: Annotated[
        str | None,
        Option(
            None,
            ("--certificate",),
            "Where the XORs go that cannot hold together, if they are what refutes the formula.",
            metavar="FILE",
        ),
    ]
    force: Annotated[
        bool,
        Option(False, ("--force", "-f"), "Let outputs overwrite a file that looks like a formula."),
    ]


class Display(TypedDict, total=False):
    """What the command line shows, and where; the API has no use for these."""

    quiet: Annotated[bool, Option(False, ("--quiet", "-q"), "Only `s` and `v` lines.")]
    no_witness: Annotated[bool, Option(False, ("--no-witness", "-n"), "Do not print the model.")]
    verbose: Annotated[bool, Option(False, ("--verbose", "-v"), "Print every event of the run.")]
    statistics: Annotated[
        bool, Option(False, ("--statistics", "-s"), "Print the run's statistics, lane by lane, as comments.")
    ]
    colour: Annotated[
        bool | None,
        Option(
            None,
            ("--color/--no-color", "--colors/--no-colors"),
            "Whether the live view has colours; the terminal's own way.",
        ),
    ]
    json: Annotated[
        str | None, Option(None, ("--json",), "Write the run's statistics there.", metavar="FILE")
    ]


@cache
def declared(table: type = Options) -> tuple[tuple[str, Any, Option], ...]:
    """Return (name, type, Option) of every option in a table, in order."""
    hints = get_type_hints(table, include_extras=True)  # takes a millisecond
    return tuple((name, *get_args(hint)) for name, hint in hints.items())


# What would be asked for in vain.
CLASHES: tuple[tuple[Callable[[Mapping[str, Any]], object], str], ...] = (
    (
        lambda o: o["ray_address"] and o["deterministic"],
        "--ray-address and --deterministic exclude each other",
    ),
    (lambda o: o["ray_address"] and not o["pool"], "--ray-address and --no-pool exclude each other"),
    (
        lambda o: o["engine"] in ("gradient", "galois") and (o["ray_address"] or o["mix"]),
        "--mix and --ray-address are about CDCL lanes: --engine gradient and galois have none",
    ),
    (
        lambda o: o["engine"] in ("gradient", "galois") and (o["conflicts"], o["decisions"]) != (None, None),
        "--conflicts and --decisions are about CDCL lanes: --engine gradient and galois have none",
    ),
    (
        lambda o: o["engine"] == "gradient" and not o["gradient"],
        "--engine gradient and --no-gradient exclude each other",
    ),
    (
        lambda o: o["engine"] == "galois" and not o["algebra"],
        "--engine galois and --no-algebra exclude each other",
    ),
    (
        lambda o: o["engine"] != "galois" and o["galois"] != "auto",
        "--galois says how --engine galois searches",
    ),
)


def resolve(values: Mapping[str, object]) -> Options:
    """Return all options: `values`, checked, over the defaults.

    Raises UsageError for an unknown name, a wrong type, a value out of bounds, or a clash.
    """
    known = {name: (kind, option) for name, kind, option in declared()}
    for name in values:
        if name not in known:
            raise UsageError(f"unknown option {shown(name)}; known: {', '.join(known)}")
    result: dict[str, Any] = {}
    for name, (kind, option) in known.items():
        result[name] = _checked(name, kind, option, values[name]) if name in values else option.default
    for clash, message in CLASHES:
        if clash(result):
            raise UsageError(message)
    return result  # type: ignore[return-value] # checked against the same declaration


def worker_count(options: Options) -> int:
    """Return how many cores a run may use."""
    return 1 if options["deterministic"] else options["workers"] or available_cores()


def memory_bytes(options: Options) -> int | None:
    """Return the memory limit in bytes."""
    limit = options["memory_limit"]
    return None if limit is None else limit * MEGABYTE


def _checked(name: str, kind: Any, option: Option, value: Any) -> Any:
    if get_origin(kind) is Literal:
        known = get_args(kind)
        given = plain(value)
        if not isinstance(given, str) or given not in known:
            raise UsageError(f"{name} must be one of {', '.join(known)}, not {shown(value)}")
        return known[known.index(given)]
    parts = get_args(kind) or (kind,)
    if value is None and type(None) in parts:
        return None
    if bool in parts:
        return truth(value, name)
    if str in parts:
        return word(value, name)
    if int in parts:
        return integer(value, name, option.low, option.high)
    found = number(value, name, option.low, option.high)
    return None if math.isinf(found) and type(None) in parts else found  # no limit is none
