"""How kernels are declared: records of arrays and function stubs, from which the C prototypes are made.

A declaring module of this folder holds constants in capitals, records and kernels:

    FALSE, BEST = range(2)

    class Problem(Record):
        offsets: Annotated[ConstLongs, "clauses + 1"]
        literals: Annotated[ConstInts, "entries"]

    @kernel
    def walk(problem: Problem, table: Annotated[ConstDoubles, "breaks"], effort: int) -> int:
        ...

In C the header of the same name then has the constants, `struct problem` with the pointers and, behind them,
the sizes (`clauses`, `entries`) as int64_t, and the prototype

    int64_t walk(const struct problem *problem, const double *table, int64_t breaks, int64_t effort);

Every size is declared by a name and may be used in sums and products with numbers; one name is one number
throughout a record, and throughout a call. Record and kernel are in turbosat.core.border. Nothing here
imports numpy: a build has to read declarations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    SignedBytes = NDArray[np.int8]
    Flags = NDArray[np.bool_]
    Ints = NDArray[np.int32]
    Words = NDArray[np.uint32]
    Longs = NDArray[np.int64]
    LongWords = NDArray[np.uint64]
    Doubles = NDArray[np.float64]
    ConstBytes = Bytes
    ConstSignedBytes = SignedBytes
    ConstFlags = Flags
    ConstInts = Ints
    ConstWords = Words
    ConstLongs = Longs
    ConstLongWords = LongWords
    ConstDoubles = Doubles
else:

    def _element(dtype: str, c: str, *, const: bool = False) -> type:
        return type(dtype, (), {"dtype": dtype, "c": c, "const": const})

    _TYPES = {
        "Bytes": ("uint8", "uint8_t"),
        "SignedBytes": ("int8", "int8_t"),
        "Flags": ("bool", "uint8_t"),
        "Ints": ("int32", "int32_t"),
        "Words": ("uint32", "uint32_t"),
        "Longs": ("int64", "int64_t"),
        "LongWords": ("uint64", "uint64_t"),
        "Doubles": ("float64", "double"),
    }
    for _name, (_dtype, _c) in _TYPES.items():
        globals()[_name] = _element(_dtype, _c)
        globals()[f"Const{_name}"] = _element(_dtype, _c, const=True)

__all__ = [
    "Array",
    "Signature",
    "Size",
    "Struct",
    "constants",
    "header",
    *(f"{const}{name}" for const in ("", "Const") for name in (
        "Bytes", "SignedBytes", "Flags", "Ints", "Words", "Longs", "LongWords", "Doubles"
    )),
]  # fmt: skip

_TERM = re.compile(r"(?:(\d+) \* )?([a-z_]+)(?: \+ (\d+))?$")


@dataclass(frozen=True, slots=True)
class Size:
    """A length: factor · (the number called `name`) + more; without a name, `more`."""

    factor: int
    name: str
    more: int

    @staticmethod
    def parsed(text: str | int) -> Size:
        """Read "clauses", "clauses + 1", "2 * variables + 1" or a number."""
        if isinstance(text, int):
            return Size(0, "", text)
        match = _TERM.match(text)
        if match is None:
            raise ValueError(f"no size: {text!r}")
        return Size(int(match[1] or 1), match[2], int(match[3] or 0))


@dataclass(frozen=True, slots=True)
class Array:
    """An array: its element type as numpy and as C call it, its shape, whether the kernel writes to it."""

    dtype: str
    c: str
    const: bool
    shape: tuple[Size, ...]

    @property
    def pointer(self) -> str:
        """The type of a pointer to it in C."""
        return f"const {self.c} *" if self.const else f"{self.c} *"

    @property
    def names(self) -> list[str]:
        """The names in its shape."""
        return [size.name for size in self.shape if size.name]


def _array(hint: Any) -> Array | None:
    if get_origin(hint) is not Annotated:
        return None
    element, *shape = get_args(hint)
    return Array(element.dtype, element.c, element.const, tuple(map(Size.parsed, shape)))


def _sizes(arrays: Sequence[Array]) -> tuple[str, ...]:
    """Return the names of all sizes, in the order in which they come up."""
    return tuple(dict.fromkeys(name for array in arrays for name in array.names))


class Struct:
    """Arrays that belong together, as C sees them: pointers and sizes. A subclass declares them."""

    _arrays: dict[str, Array]
    _sizes: tuple[str, ...]
    _c: str

    def __init_subclass__(cls) -> None:
        cls._c = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls._arrays, cls._sizes = {}, ()

    @classmethod
    def declared(cls) -> tuple[dict[str, Array], tuple[str, ...]]:
        """Return its arrays by name, and the names of its sizes."""
        if not cls._arrays:
            hints = get_type_hints(cls, include_extras=True)
            arrays = {name: array for name, hint in hints.items() if (array := _array(hint)) is not None}
            cls._sizes = _sizes(list(arrays.values()))
            cls._arrays = arrays  # whole, and last: other threads may be looking
        return cls._arrays, cls._sizes


@dataclass(slots=True)
class Signature:
    """The parameters of a kernel by name: a Record's class, an Array, int or float; what it returns."""

    name: str
    parameters: dict[str, Any]
    returns: bool  # an int64; else nothing

    @staticmethod
    def of(function: Callable[..., Any]) -> Signature:
        """Read the annotations of a stub."""
        hints = get_type_hints(function, include_extras=True)
        returned = hints.pop("return", None)
        parameters = {name: _array(hint) or hint for name, hint in hints.items()}
        for name, kind in parameters.items():
            known = kind in (int, float) or isinstance(kind, Array) or issubclass(kind, Struct)
            if not known:
                raise TypeError(f"{function.__name__}: {name} cannot be a {kind}")
        return Signature(function.__name__, parameters, returned is int)

    @property
    def sizes(self) -> tuple[str, ...]:
        """The names of sizes that go to C as arguments: those of no record among the parameters."""
        known = {size for kind in self.records for size in kind.declared()[1]}
        arrays = [kind for kind in self.parameters.values() if isinstance(kind, Array)]
        return tuple(name for name in _sizes(arrays) if name not in known)

    @property
    def records(self) -> list[type[Struct]]:
        """The records among its parameters."""
        return [
            kind for kind in self.parameters.values() if isinstance(kind, type) and issubclass(kind, Struct)
        ]

    @property
    def prototype(self) -> str:
        """The declaration in C: each array is followed by those of its sizes that are new."""
        words, told = [], set(self.sizes)
        for name, kind in self.parameters.items():
            if isinstance(kind, Array):
                words.append(f"{kind.pointer}{name}")
                for size in kind.names:
                    if size in told:
                        told.discard(size)
                        words.append(f"int64_t {size}")
            elif kind in (int, float):
                words.append(f"{'int64_t' if kind is int else 'double'} {name}")
            else:
                words.append(f"const struct {kind._c} *{name}")
        return f"{'int64_t' if self.returns else 'void'} {self.name}({', '.join(words)});"


def constants(module: ModuleType) -> Iterator[str]:
    """Yield the numbers of a declaring module as C has them."""
    for name, value in vars(module).items():
        if name.isupper() and isinstance(value, int):
            yield f"enum {{ {name} = {value} }};" if abs(value) < 2**31 else f"#define {name} {value}LL"


def _declarations(module: ModuleType) -> Iterator[str]:
    own = [value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__]
    yield from constants(module)
    for value in own:
        if isinstance(value, type) and issubclass(value, Struct):
            arrays, sizes = value.declared()
            fields = [f"    {array.pointer}{name};" for name, array in arrays.items()]
            fields += [f"    int64_t {name};" for name in sizes]
            yield "\n".join([f"struct {value._c} {{", *fields, "};"])
    for value in own:
        signature = getattr(value, "signature", None)
        if isinstance(signature, Signature):
            yield f"CORE_EXPORT {signature.prototype}"


def header(module: ModuleType) -> str:
    """Return the C header of a declaring module."""
    head = '#pragma once\n#include <stdint.h>\n#define CORE_EXPORT __attribute__((visibility("default")))'
    return "\n\n".join([head, *_declarations(module), ""])
