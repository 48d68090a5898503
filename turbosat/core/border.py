"""The border to the compiled core: what goes to C is checked here, so that a wrong call is an exception.

Arrays must have the declared element type and shape, be contiguous, aligned, and writable where the kernel
writes; integers must fit. The interpreter's lock is released while a kernel runs (ctypes.CDLL). What no type
can say, that indices in the arrays are in range, is the promise of the modules that make them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from turbosat.core.declare import Array, Record, Signature, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 2**63 - 1


class _Frame(ctypes.Structure):
    """Base of the C structs of records."""


_FRAMES: dict[type[Record], type[_Frame]] = {}


def _frame(kind: type[Record]) -> type[_Frame]:
    """Return the C struct of a record's class."""
    if kind not in _FRAMES:
        arrays, sizes = kind.declared()
        fields = [(name, ctypes.c_void_p) for name in arrays] + [(name, ctypes.c_int64) for name in sizes]
        _FRAMES[kind] = type(kind.__name__, (_Frame,), {"_fields_": fields})
    return _FRAMES[kind]


def fill(record: Record, arrays: dict[str, NDArray[Any]]) -> None:
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


def _address(array: Any, kind: Array, who: str) -> int:
    """Return where an array begins; TypeError unless C may read, or write, it as it is declared."""
    try:
        dtype, flags = array.dtype, array.flags
    except AttributeError:
        raise TypeError(f"{who} must be an array, not {type(array).__name__}") from None
    if dtype.name != kind.dtype or not dtype.isnative:
        raise TypeError(f"{who} must be of {kind.dtype}, not {dtype}")
    if not (flags.c_contiguous and flags.aligned):
        raise TypeError(f"{who} must be contiguous")
    if not (kind.const or flags.writeable):
        raise TypeError(f"{who} must be writable")
    address: int = array.__array_interface__["data"][0]
    return address


def _measure(array: NDArray[Any], kind: Array, sizes: dict[str, int], who: str) -> None:
    """Hold the shape of an array against the declared one and the sizes known so far; note new ones."""
    if array.ndim != len(kind.shape):
        raise ValueError(f"{who} must have {len(kind.shape)} dimensions, not {array.ndim}")
    for length, size in zip(array.shape, kind.shape, strict=True):
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
        told = set(signature.sizes)
        for kind in signature.parameters.values():
            types.append(_argument_type(kind))
            for size in kind.names if isinstance(kind, Array) else ():
                if size in told:
                    told.discard(size)
                    types.append(ctypes.c_int64)
        function.argtypes = types
        self._plan = [(name, kind) for name, kind in signature.parameters.items()]
        self._sizes = frozenset(signature.sizes)
        self._function = function
        return function

    def __call__(self, *arguments: Any) -> Any:
        """Call the kernel; what comes in arrays and records stays where it is."""
        function = self._function or self._bind()
        plan = self._plan
        if len(arguments) != len(plan):
            raise TypeError(f"{self.__name__} takes {len(plan)} arguments, not {len(arguments)}")
        sizes: dict[str, int] = {}
        for (name, _), value in zip(plan, arguments, strict=True):
            if isinstance(value, Record):
                for size, number in value._sizes.items():  # type: ignore[attr-defined]
                    if sizes.setdefault(size, number) != number:
                        raise ValueError(f"{self.__name__}: {name} has {size} = {number}, not {sizes[size]}")
        passed: list[Any] = []
        told: set[str] = set()
        for (name, kind), value in zip(plan, arguments, strict=True):
            if kind is int:
                number = value.__index__()
                if not -LARGEST - 1 <= number <= LARGEST:
                    raise OverflowError(f"{self.__name__}: {name} is too large")
                passed.append(number)
            elif kind is float:
                passed.append(float(value))
            elif isinstance(kind, Array):
                who = f"{self.__name__}: {name}"
                passed.append(_address(value, kind, who))
                _measure(value, kind, sizes, who)
                for size in kind.names:
                    if size in self._sizes and size not in told:
                        told.add(size)
                        passed.append(sizes[size])
            elif type(value) is kind:
                passed.append(value._pointer)
            else:
                raise TypeError(f"{self.__name__}: {name} must be a {kind.__name__}")
        return function(*passed)


def _argument_type(kind: Any) -> Any:
    if kind is int:
        return ctypes.c_int64
    if kind is float:
        return ctypes.c_double
    return ctypes.c_void_p if isinstance(kind, Array) else ctypes.POINTER(_frame(kind))
