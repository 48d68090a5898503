"""The border to C: records of arrays and kernels are declared once, in Python, and checked on their way.

    class Items(Record):
        literals: Annotated[Ints, "entries"]
        ends: Annotated[Longs, "items + 1", "const"]

    @kernel
    def scan(items: Items, budget: int) -> int:

In C these are `struct items`, with the pointers and then the sizes, and the prototype
`int64_t scan(const struct items *items, int64_t budget)`. A record's arrays must have the declared element
type and length, be contiguous and, unless they are const, writable: they are checked when it is made. The
interpreter's lock is released while a kernel runs. A build imports this module: no numpy here.
"""

import ctypes
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeVar, get_args

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    SignedBytes = npt.NDArray[np.int8]
    Ints = npt.NDArray[np.int32]
    Longs = npt.NDArray[np.int64]
    LongWords = npt.NDArray[np.uint64]
else:
    Bytes, SignedBytes, Ints, Longs, LongWords = (
        type(dtype, (), {"dtype": dtype}) for dtype in ("uint8", "int8", "int32", "int64", "uint64")
    )

LONG = 2**63
F = TypeVar("F", bound=Callable[..., int])
_LENGTH = re.compile(r"(?:(\d+) \* )?([a-z]+)(?: \+ (\d+))?")


class Field(NamedTuple):
    """An array of a record: its length is factor · (the size of that name) + more, or `more`."""

    name: str
    dtype: str
    const: bool
    factor: int
    size: str
    more: int

    @staticmethod
    def of(name: str, hint: Any) -> "Field":
        """Read a declaration: Annotated[Ints, "2 * variables + 1", "const"], or a number for the length."""
        element, length, *const = get_args(hint)
        if isinstance(length, int):
            return Field(name, element.dtype, bool(const), 0, "", length)
        match = _LENGTH.fullmatch(length)
        if match is None:
            raise ValueError(f"no length: {length!r}")
        return Field(name, element.dtype, bool(const), int(match[1] or 1), match[2], int(match[3] or 0))

    def address(self, array: Any, sizes: dict[str, int]) -> int:
        """Return where an array begins, or raise what is wrong with it; note its size."""
        try:
            shape, flags = array.shape, array.flags
        except AttributeError:
            raise TypeError(f"{self.name} must be an array, not {type(array).__name__}") from None
        if array.dtype != self.dtype:
            raise TypeError(f"{self.name} must be of {self.dtype}, not {array.dtype}")
        if not (flags.c_contiguous and flags.aligned and (self.const or flags.writeable)):
            raise TypeError(f"{self.name} must be contiguous{'' if self.const else ' and writable'}")
        if self.size and len(shape) == 1:
            count, rest = divmod(shape[0] - self.more, self.factor)
            if rest == 0 and 0 <= count == sizes.setdefault(self.size, count):
                return int(array.ctypes.data)
        elif shape == (self.more,):
            return int(array.ctypes.data)
        raise ValueError(f"{self.name} cannot have the shape {shape} where {sizes}")


class Record:
    """Arrays that belong together. They stay the same objects for its life, and are its attributes."""

    fields: ClassVar[tuple[Field, ...]]
    sizes: ClassVar[tuple[str, ...]]
    frame: ClassVar[type[ctypes.Structure]]

    def __init_subclass__(cls) -> None:
        cls.fields = tuple(Field.of(name, hint) for name, hint in cls.__annotations__.items())
        cls.sizes = tuple(dict.fromkeys(field.size for field in cls.fields if field.size))
        kinds: list[tuple[str, Any]] = [(field.name, ctypes.c_void_p) for field in cls.fields]
        kinds += [(size, ctypes.c_int64) for size in cls.sizes]
        cls.frame = type(cls.__name__, (ctypes.Structure,), {"_fields_": kinds})

    def __init__(self, **arrays: Any) -> None:
        names = {field.name for field in self.fields}
        if arrays.keys() != names:
            raise TypeError(f"{type(self).__name__}: see {', '.join(sorted(arrays.keys() ^ names))}")
        sizes: dict[str, int] = {}
        addresses = {field.name: field.address(arrays[field.name], sizes) for field in self.fields}
        self.__dict__.update(arrays)
        self._frame = self.frame(**addresses, **sizes)
        self.pointer = ctypes.byref(self._frame)

    def renewed(self, **arrays: Any) -> Self:
        """Return a record with some other arrays."""
        return type(self)(**{field.name: getattr(self, field.name) for field in self.fields} | arrays)


class Kernel:
    """A C function as a Python function, of a record and of integers; it returns an integer."""

    def __init__(self, stub: Callable[..., int]) -> None:
        self.__name__, self.__doc__, self.__module__ = stub.__name__, stub.__doc__, stub.__module__
        hints = stub.__annotations__
        (self.names, self.kinds) = zip(*((n, k) for n, k in hints.items() if n != "return"), strict=True)
        if not issubclass(self.kinds[0], Record) or {*self.kinds[1:], hints["return"]} != {int}:
            raise TypeError(f"{self.__name__} must take a record and integers, and return one")
        self._function: Any = None

    def __call__(self, record: Record, *numbers: int) -> int:
        """Call the kernel."""
        if type(record) is not self.kinds[0] or len(numbers) != len(self.kinds) - 1:
            raise TypeError(f"{self.__name__} takes {', '.join(self.names)}")
        if not all(-LONG <= number < LONG for number in numbers):
            raise OverflowError(f"{self.__name__}: {numbers} do not fit")
        if self._function is None:
            self._function = _library(self.__module__)[self.__name__]
            self._function.argtypes = [ctypes.c_void_p, *(ctypes.c_int64 for _ in numbers)]
            self._function.restype = ctypes.c_int64
        return int(self._function(record.pointer, *numbers))


def kernel(stub: F) -> F:
    """Turn a stub into a call of the C function of the same name."""
    return Kernel(stub)  # type: ignore[return-value] # called like the stub


@cache
def _library(module: str) -> ctypes.CDLL:
    from turbosat.check.library import load

    return load(text(sys.modules[module]))


def text(module: ModuleType) -> str:
    """Return the declarations of a module in C."""
    return "\n".join(_declarations(module)) + "\n"


def header(module: ModuleType) -> str:
    """Return the C header of a module, with its own text as DECLARED."""
    declared = text(module)
    return f"#pragma once\n#include <stdint.h>\n{declared}#define DECLARED {json.dumps(declared)}\n"


def _declarations(module: ModuleType) -> Iterator[str]:
    own = [value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__]
    for name, value in vars(module).items():
        if name.isupper() and isinstance(value, int):
            yield f"#define {name} {value}"
    for value in own:
        if isinstance(value, type) and issubclass(value, Record):
            yield f"struct {value.__name__.lower()} {{"
            for field in value.fields:
                yield f"    {'const ' if field.const else ''}{field.dtype}_t *{field.name};"
            yield from (f"    int64_t {size};" for size in value.sizes)
            yield "};"
    for value in own:
        if isinstance(value, Kernel):
            record, *numbers = value.names
            words = [f"const struct {value.kinds[0].__name__.lower()} *{record}"]
            words += [f"int64_t {name}" for name in numbers]
            yield f'__attribute__((visibility("default"))) int64_t {value.__name__}({", ".join(words)});'
