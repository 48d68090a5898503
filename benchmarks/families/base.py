"""What a family is: a seeded generator of formulas with declared parameters."""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Concatenate, Literal, ParamSpec, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError
from turbosat.formula import files
from turbosat.formula.formula import Formula

Status = Literal["sat", "unsat", "unknown"]

# The streams of RandomState are frozen (NEP 19), those of numpy's newer generators are not: a seed must give
# the same formula with every numpy.
Dice = np.random.RandomState
HIGHEST_SEED = 2**32 - 1

SHUFFLE = "shuffle"  # a parameter of every family

_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of a generator's parameter besides its type and default; bounds are inclusive."""

    help: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter as the command line and the checks see it; `choices` is empty for what is no Literal."""

    kind: type
    default: Any
    about: Parameter
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a generator makes: `status` only where the construction proves it, `model` bool (variables,)."""

    formula: Formula
    status: Status = "unknown"
    model: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A generated formula and all that is known of it."""

    family: str
    parameters: Mapping[str, Any]
    seed: int
    formula: Formula
    status: Status
    model: NDArray[np.bool_] | None
    source: str

    def comments(self) -> list[str]:
        """Return the comment lines of the file; `status SAT` or `status UNSAT` only where it is known."""
        values = " ".join(
            f"{key}={value.name if isinstance(value, Path) else value}"
            for key, value in self.parameters.items()
        )
        lines = [
            f"family {self.family}",
            f"parameters {values}",
            f"seed {self.seed}",
            f"source {self.source}",
        ]
        return lines if self.status == "unknown" else [*lines, f"status {self.status.upper()}"]

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the DIMACS file with its comments, compressed where the name ends in .xz or .gz."""
        target = Path(path)
        if target.suffix == ".xz":
            import lzma

            with lzma.open(target, "wb", preset=3) as file:
                files.write(self.formula, cast(BinaryIO, file), comments=self.comments())
        elif target.suffix == ".gz":
            import gzip

            with open(target, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
                files.write(self.formula, cast(BinaryIO, file), comments=self.comments())
        else:
            files.write(self.formula, target, comments=self.comments())


@dataclass(frozen=True, slots=True)
class Family:
    """A generator with its declaration; calling it checks the values and makes the Problem."""

    name: str
    about: str
    source: str
    parameters: Mapping[str, Declared]
    build: Callable[..., Draft]

    def __call__(self, *, seed: int = 0, **values: Any) -> Problem:
        """Generate. UsageError for an unknown parameter, a wrong type, or a value out of bounds."""
        chosen = self.checked(seed, values)
        shuffle = chosen.pop(SHUFFLE)
        dice = Dice(seed)
        draft = self.build(dice, **chosen)
        if shuffle:
            draft, chosen[SHUFFLE] = shuffled(dice, draft), True
        return Problem(self.name, chosen, seed, draft.formula, draft.status, draft.model, self.source)

    def checked(self, seed: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of all parameters; UsageError as if the formula were to be generated."""
        if type(seed) is not int or not 0 <= seed <= HIGHEST_SEED:
            raise UsageError(f"seed must be from 0 to {HIGHEST_SEED}, not {seed!r}")
        for name in values:
            if name not in self.parameters:
                known = ", ".join(self.parameters)
                raise UsageError(f"{self.name} has no parameter {name!r}; known: {known}")
        return {
            name: _checked(name, declared, values[name]) if name in values else declared.default
            for name, declared in self.parameters.items()
        }


def family(build: Callable[Concatenate[Dice, _P], Draft]) -> Family:
    """Turn a generator into a Family: its name, parameters and defaults are those of the function.

    Every family can be shuffled, too. A formula that is not says nothing of that.

    The docstring's first line says what it is; its last paragraph, `Source: …`, names the paper.
    """
    text = inspect.cleandoc(build.__doc__ or "")
    about, _, source = text.partition("Source:")
    hints = get_type_hints(build, include_extras=True)
    declared: dict[str, Declared] = {}
    for parameter in list(inspect.signature(build).parameters.values())[1:]:
        kind, note = get_args(hints[parameter.name])
        if get_origin(kind) is Literal:
            declared[parameter.name] = Declared(str, parameter.default, note, get_args(kind))
        else:
            kind = next((part for part in get_args(kind) if part is not type(None)), kind)
            declared[parameter.name] = Declared(kind, parameter.default, note)
    declared[SHUFFLE] = Declared(bool, False, Parameter("Renumber variables, and negate half, by chance."))
    name = build.__name__.replace("_", "-")
    return Family(name, about.strip(), " ".join(source.split()), declared, build)


def shuffled(dice: Dice, draft: Draft) -> Draft:
    """Return the formula with variables renumbered, and half of them negated, by chance."""
    formula, model = draft.formula, draft.model
    places = dice.permutation(formula.variables)
    flipped = dice.randint(0, 2, formula.variables).astype(np.bool_)
    names = (places + 1) * np.where(flipped, -1, 1)
    literals = names[np.abs(formula.literals) - 1] * np.sign(formula.literals)
    if model is not None:
        moved = np.zeros(formula.variables, np.bool_)
        moved[places] = model ^ flipped
        model = moved
    return Draft(Formula(literals.astype(np.int32), formula.offsets, formula.variables), draft.status, model)


def digest(formula: Formula) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of a formula's arrays."""
    state = hashlib.sha256(f"{formula.variables} {formula.clauses} ".encode())
    state.update(formula.offsets.astype("<i8").tobytes())
    state.update(formula.literals.astype("<i4").tobytes())
    return state.hexdigest()[:16]


def _checked(name: str, declared: Declared, value: Any) -> Any:
    kind: Any = declared.kind
    if value is None and declared.default is None:
        return None
    if kind is float and type(value) is int:
        value = float(value)
    if kind is Path and isinstance(value, (str, os.PathLike)):
        value = Path(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UsageError(f"{name} must be {kind.__name__}, not {value!r}")
    if declared.choices and value not in declared.choices:
        raise UsageError(f"{name} must be one of {', '.join(declared.choices)}, not {value!r}")
    low, high = declared.about.low, declared.about.high
    if value != value or (low is not None and value < low) or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"from {low} to {high}"
        raise UsageError(f"{name} must be {bounds}, not {value}")
    return value


Rows = NDArray[np.signedinteger[Any]]


class Clauses:
    """A growing formula: `fresh` hands out variables, `add` takes whole arrays of clauses."""

    def __init__(self) -> None:
        self.variables = 0
        self._literals: list[NDArray[np.int32]] = []
        self._lengths: list[NDArray[np.int64]] = []

    def fresh(self, *shape: int) -> NDArray[np.int64]:
        """Return new variables as an array of that shape, numbered in its order."""
        count = int(np.prod(shape))
        first = self.variables + 1
        self.variables += count
        return np.arange(first, first + count).reshape(shape)

    def add(self, rows: Rows) -> None:
        """Add clauses of one length, signed literals (clauses, length)."""
        self._literals.append(np.ascontiguousarray(rows, np.int32).ravel())
        self._lengths.append(np.full(rows.shape[0], rows.shape[1], np.int64))

    def add_each(self, clauses: Iterable[Sequence[int]]) -> None:
        """Add clauses of any lengths."""
        listed = [np.asarray(clause, np.int32) for clause in clauses]
        if listed:
            self._literals.append(np.concatenate(listed))
            self._lengths.append(np.array([clause.size for clause in listed], np.int64))

    def units(self, literals: Rows) -> None:
        """Add a clause of one literal for each."""
        self.add(np.asarray(literals).reshape(-1, 1))

    def at_most_one(self, rows: Rows) -> None:
        """Forbid every pair of each row, literals (groups, size)."""
        first, second = np.triu_indices(rows.shape[1], 1)
        self.add(-np.stack([rows[:, first], rows[:, second]], axis=2).reshape(-1, 2))

    def exactly_one(self, rows: Rows) -> None:
        """Let exactly one literal of each row be true, literals (groups, size)."""
        self.add(rows)
        self.at_most_one(rows)

    def formula(self) -> Formula:
        """Return all of it, in the order in which it was added."""
        offsets = np.zeros(sum(part.size for part in self._lengths) + 1, np.int64)
        if self._lengths:
            np.cumsum(np.concatenate(self._lengths), out=offsets[1:])
        literals = np.concatenate([np.zeros(0, np.int32), *self._literals])
        return Formula(literals, offsets, self.variables)
