"""The border to the compiled core: what goes to C is checked here, so that a wrong call is an exception.

Arrays must have the declared element type and shape, be contiguous, aligned, and writable where the kernel
writes; integers must fit. The interpreter's lock is released while a kernel runs (ctypes.CDLL). What no type
can say, that indices in the arrays are in range, is the promise of the modules that make them.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar

from turbosat.core.declare import Array, Signature, Size, Struct

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 2**63 - 1
F = TypeVar("F", bound=Callable[..., Any])


class _Frame(ctypes.Structure):
    """Base of the C structs of records."""


class Record(Struct):
    """Arrays that belong together, checked.

    An instance is made from the arrays by name; they are checked then, once. They stay the same objects for
    its life, and are its attributes.
    """

    def __init__(self, **arrays: Any) -> None:
        _fill(self, arrays)

    def replaced(self, **arrays: Any) -> Self:
        """Return a record with other arrays in the place of some."""
        kept = {name: getattr(self, name) for name in self.declared()[0]}
        return type(self)(**{**kept, **arrays})

    def copied(self) -> Self:
        """Return a record of copies of its arrays."""
        return type(self)(**{name: getattr(self, name).copy() for name in self.declared()[0]})


_FRAMES: dict[type[Struct], type[_Frame]] = {}


def _frame(kind: type[Struct]) -> type[_Frame]:
    """Return the C struct of a record's class."""
    known = _FRAMES.get(kind)
    if known is None:
        arrays, sizes = kind.declared()
        fields = [(name, ctypes.c_void_p) for name in arrays] + [(name, ctypes.c_int64) for name in sizes]
        # One for all threads: the first that is made.
        known = _FRAMES.setdefault(kind, type(kind.__name__, (_Frame,), {"_fields_": fields}))
    return known


def _fill(record: Record, arrays: dict[str, NDArray[Any]]) -> None:
    """Check the arrays of a new record against its declaration and keep them."""
    declared, _ = type(record).declared()
    who = type(record).__name__
    if arrays.keys() != declared.keys():
        wrong = sorted(arrays.keys() ^ declared.keys())
        raise TypeError(f"{who} takes {', '.join(declared)}: see {', '.join(wrong)}")
    sizes: dict[str, int] = {}
    frame = _frame(type(record))()
    for name, kind in declared.items():
        setattr(frame, name, _address(arrays[name], kind, f"{who}.{name}"))
    for name, kind in declared.items():
        _measure(arrays[name], kind, sizes, f"{who}.{name}")
    for name, value in sizes.items():
        setattr(frame, name, value)
    record.__dict__.update(arrays, _frame=frame, _pointer=ctypes.byref(frame), _sizes=sizes)


@functools.cache
def _dtype(name: str) -> Any:
    import numpy as np

    return np.dtype(name)


class _Interface(ctypes.Structure):
    """What numpy says of an array to C (PyArrayInterface)."""

    _fields_ = (
        ("two", ctypes.c_int),
        ("dimensions", ctypes.c_int),
        ("kind", ctypes.c_char),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("data", ctypes.c_size_t),
    )


_capsule = ctypes.pythonapi["PyCapsule_GetPointer"]
_capsule.restype, _capsule.argtypes = ctypes.c_size_t, (ctypes.py_object, ctypes.c_char_p)


def _address(array: Any, kind: Array, who: str) -> int:
    """Return where an array begins; TypeError unless C may read, or write, it as it is declared."""
    try:
        dtype, flags = array.dtype, array.flags
    except AttributeError:
        raise TypeError(f"{who} must be an array, not {type(array).__name__}") from None
    if dtype != _dtype(kind.dtype):
        raise TypeError(f"{who} must be of {kind.dtype}, not {dtype}")
    if not (flags.c_contiguous and flags.aligned):
        raise TypeError(f"{who} must be contiguous")
    if not (kind.const or flags.writeable):
        raise TypeError(f"{who} must be writable")
    interface = _Interface.from_address(_capsule(array.__array_struct__, None))  # by far the fastest way
    return int(interface.data)


def _measure(array: NDArray[Any], kind: Array, sizes: dict[str, int], who: str) -> None:
    """Hold the shape of an array against the declared one and the sizes known so far; note new ones."""
    shape = array.shape
    if len(shape) != len(kind.shape):
        raise ValueError(f"{who} must have {len(kind.shape)} dimensions, not {array.ndim}")
    for length, size in zip(shape, kind.shape, strict=True):
        if size.name and size.name not in sizes:
            count, rest = divmod(length - size.more, size.factor)
            if rest or count < 0:
                raise ValueError(f"{who} cannot have the length {length}")
            sizes[size.name] = count
        elif length != _value(size, sizes):
            raise ValueError(f"{who} must have the length {_value(size, sizes)}, not {length}")


def _value(size: Size, sizes: dict[str, int]) -> int:
    return size.factor * sizes.get(size.name, 0) + size.more


class Call:
    """A kernel as a Python function: checks its arguments, then calls C."""

    def __init__(self, stub: Callable[..., Any]) -> None:
        self.__name__ = self.__qualname__ = stub.__name__
        self.__module__ = stub.__module__
        self.__doc__ = stub.__doc__
        self._stub = stub
        self._signature: Signature | None = None
        self._plan: list[tuple[Any, str, list[str]]] = []
        self._records: list[int] = []
        self._function: Any = None

    @property
    def signature(self) -> Signature:
        """Its declaration."""
        if self._signature is None:
            self._signature = Signature.of(self._stub)
        return self._signature

    def _bind(self) -> Any:
        from turbosat.core.library import library

        signature = self.signature
        function = library()[signature.name]
        function.restype = ctypes.c_int64 if signature.returns else None
        types: list[Any] = []
        plan: list[tuple[Any, str, list[str]]] = []  # kind, name, sizes that follow in C
        left = list(signature.sizes)
        for name, kind in signature.parameters.items():
            told = (
                [size for size in dict.fromkeys(kind.names) if size in left]
                if isinstance(kind, Array)
                else []
            )
            left = [size for size in left if size not in told]
            types += [_argument_type(kind), *(ctypes.c_int64 for _ in told)]
            plan.append((kind, f"{self.__name__}: {name}", told))
        function.argtypes = types
        # Other threads may be here, too: each makes all of it, and puts it into place whole.
        self._plan = plan
        self._records = [place for place, (kind, _, _) in enumerate(plan) if kind in signature.records]
        self._function = function
        return function

    def __call__(self, *arguments: Any) -> Any:
        """Call the kernel; what comes in arrays and records stays where it is."""
        function = self._function or self._bind()
        plan = self._plan
        if len(arguments) != len(plan):
            raise TypeError(f"{self.__name__} takes {len(plan)} arguments, not {len(arguments)}")
        sizes = self._known(arguments)
        passed: list[Any] = []
        for (kind, who, told), value in zip(plan, arguments, strict=True):
            if kind is int:
                number = value.__index__()
                if not -LARGEST - 1 <= number <= LARGEST:
                    raise OverflowError(f"{who} is too large")
                passed.append(number)
            elif kind is float:
                passed.append(float(value))
            elif type(kind) is Array:
                passed.append(_address(value, kind, who))
                _measure(value, kind, sizes, who)
                passed += [sizes[size] for size in told]
            else:
                passed.append(value._pointer)
        return function(*passed)

    def _known(self, arguments: tuple[Any, ...]) -> dict[str, int]:
        """Return the sizes of all records, which must not contradict each other."""
        sizes: dict[str, int] = {}
        for place in self._records:
            kind, who, _ = self._plan[place]
            value = arguments[place]
            if type(value) is not kind:
                raise TypeError(f"{who} must be a {kind.__name__}")
            if not sizes:
                sizes = value._sizes.copy()
                continue
            for size, number in value._sizes.items():
                if sizes.setdefault(size, number) != number:
                    raise ValueError(f"{who} has {size} = {number}, not {sizes[size]}")
        return sizes


def _argument_type(kind: Any) -> Any:
    if kind is int:
        return ctypes.c_int64
    if kind is float:
        return ctypes.c_double
    return ctypes.c_void_p if isinstance(kind, Array) else ctypes.POINTER(_frame(kind))


def kernel(stub: F) -> F:
    """Turn a stub into a call of the C function of the same name."""
    return Call(stub)  # type: ignore[return-value] # called like the stub
