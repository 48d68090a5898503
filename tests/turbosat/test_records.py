"""Records behave as the standard library's dataclasses."""

import copy
import dataclasses
import pickle
import subprocess
import sys
from typing import Any

import pytest

from turbosat.records import asdict, field, record, replace


@record(frozen=True)
class Base:
    name: str
    seed: int = 0
    more: dict[str, int] = field(default_factory=dict)


@record(frozen=True, kw_only=True)
class Derived(Base):
    engine: str
    seed: int = 7


@record()
class Open:
    state: str = "running"


@dataclasses.dataclass(frozen=True)
class TheirBase:
    name: str
    seed: int = 0
    more: dict[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Theirs(TheirBase):
    engine: str
    seed: int = 7


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a",), {"engine": "b"}),
    (("a", 3), {"engine": "b"}),
    (("a", 3, {"x": 1}), {"engine": "b"}),
    (("a", 3, {}, "b"), {}),
    (("a",), {"engine": "b", "seed": 4}),
    (("a",), {"engine": "b", "name": "c"}),
    (("a",), {"engine": "b", "none": 1}),
    ((), {"name": "a", "engine": "b"}),
    ((), {}),
]


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_records_are_made_as_dataclasses_are(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    found: list[Any] = []
    for kind in (Derived, Theirs):
        try:
            found.append(dataclasses.asdict(kind(*values, **named)))
        except TypeError as error:
            found.append(type(error))
    assert found[0] == found[1]


def test_a_default_is_made_anew() -> None:
    assert Base("a").more is not Base("a").more
    assert Open() == Open("running") != Open("stopped")


def test_frozen_records_are() -> None:
    one = Base("a")
    with pytest.raises(AttributeError):
        one.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del one.name
    assert {Derived(name="a", more=(), engine="b"): 1}[Derived(name="a", more=(), engine="b")]  # type: ignore[arg-type]
    Open().state = "stopped"


def test_copies() -> None:
    one = Derived("a", {"x": 1}, seed=2, engine="b")
    assert replace(one, seed=3) == Derived("a", {"x": 1}, seed=3, engine="b") != one
    assert dataclasses.replace(one, seed=3) == replace(one, seed=3)
    assert asdict(one) == dataclasses.asdict(one)
    assert [each.name for each in dataclasses.fields(one)] == ["name", "seed", "more", "engine"]
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    assert one != Base("a", 2, {"x": 1})
    assert repr(one) == "Derived(name='a', seed=2, more={'x': 1}, engine='b')"


def test_they_do_not_load_what_dataclasses_do() -> None:
    code = "import sys, turbosat.result; assert not {'dataclasses', 'inspect'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
