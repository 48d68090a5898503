"""Dataclasses for what every start loads: the standard library's take 6 ms to load, and 0.7 ms a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")
_MISSING: Any = object()


class _Factory:
    """What makes the default of a field."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], Any]) -> Any:
    """Say what makes the default of a field, for each record anew."""
    return _Factory(default_factory)


@dataclass_transform(field_specifiers=(field,))
def record(*, frozen: bool = False, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """Make a class one of records: its annotations are fields, in order, those of its bases first.

    As with `dataclasses.dataclass`, whose functions know such classes, too; `frozen` records have hashes.
    """

    def finished(kind: type[T]) -> type[T]:
        defaults = dict(getattr(kind, "_defaults", {}))
        own = kind.__annotations__
        others = tuple(name for name in getattr(kind, "_positional", ()) if not (kw_only and name in own))
        positional = others + tuple(name for name in own if not kw_only and name not in others)
        for name in own:
            defaults[name] = kind.__dict__.get(name, _MISSING)
            if isinstance(defaults[name], _Factory):
                delattr(kind, name)  # no default of the class
        given = {"_defaults": defaults, "_positional": positional, "__dataclass_fields__": _Fields()}
        methods: dict[str, Any] = {"__init__": _init, "__repr__": _repr, "__eq__": _eq, "__hash__": None}
        if frozen:
            methods |= {"__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse}
        for name, value in {**given, **methods}.items():
            setattr(kind, name, value)
        return kind

    return finished


def replace(record: T, **changes: Any) -> T:
    """Return a record like this one, but for these fields."""
    return type(record)(**{**asdict(record), **changes})


def asdict(record: Any) -> dict[str, Any]:
    """Return the fields of a record, as they are."""
    return {name: getattr(record, name) for name in record._defaults}


def _init(self: Any, *values: Any, **named: Any) -> None:
    kind = type(self)
    if len(values) > len(kind._positional):
        raise TypeError(f"{kind.__name__} takes {len(kind._positional)} values, not {len(values)}")
    given = dict(zip(kind._positional, values, strict=False))
    wrong = given.keys() & named.keys() or named.keys() - kind._defaults.keys()
    if wrong:
        raise TypeError(f"{kind.__name__} does not take {', '.join(sorted(wrong))} so, or twice")
    given |= named
    for name, default in kind._defaults.items():
        value = given.get(name, default)
        if value is _MISSING:
            raise TypeError(f"{kind.__name__} needs {name}")
        object.__setattr__(self, name, value.make() if isinstance(value, _Factory) else value)


def _repr(self: Any) -> str:
    fields = ", ".join(f"{name}={value!r}" for name, value in asdict(self).items())
    return f"{type(self).__qualname__}({fields})"


def _eq(self: Any, other: object) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    return asdict(self) == asdict(other)


def _hash(self: Any) -> int:
    return hash(tuple(asdict(self).values()))


def _refuse(self: Any, name: str, value: Any = None) -> NoReturn:
    raise AttributeError(f"a {type(self).__name__} is immutable: cannot change {name}")


class _Fields:
    """What `dataclasses` looks for in a class, made when it does."""

    def __get__(self, record: Any, kind: Any) -> dict[str, Any]:
        import dataclasses

        def known(default: Any) -> Any:
            if default is _MISSING:
                return dataclasses.field(kw_only=True)
            if isinstance(default, _Factory):
                return dataclasses.field(default_factory=default.make)
            return dataclasses.field(default=default)

        fields = [(name, Any, known(default)) for name, default in kind._defaults.items()]
        made: Any = dataclasses.make_dataclass(kind.__name__, fields)
        return {each.name: each for each in dataclasses.fields(made)}
