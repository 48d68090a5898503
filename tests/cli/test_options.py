"""Options: declared once, the same to the API and to the command line."""

import inspect
import math
from typing import Any, get_args

import pytest

from turbosat.cli.arguments import command
from turbosat.errors import UsageError
from turbosat.options import Display, Options, declared, resolve


def parse(*arguments: str) -> tuple[str, Options, Display]:
    seen: list[Any] = []
    go = command(lambda *given: seen.append(given) or 0, "0", lambda: ("", True))  # type: ignore[func-returns-value]
    go([*arguments], prog_name="turbosat", standalone_mode=False)
    (given,) = seen
    return given  # type: ignore[no-any-return]


def test_defaults_are_the_same_for_both() -> None:
    assert parse("f")[1] == resolve({})


def test_every_flag_is_declared_once() -> None:
    flags = [
        part
        for table in (Options, Display)
        for _, _, option in declared(table)
        for flag in (*option.flags, *(option.switch or ()))
        for part in flag.split("/")
    ]
    assert len(flags) == len(set(flags))


@pytest.mark.parametrize(("name", "kind", "option"), list(declared()))
def test_every_default_is_valid(name: str, kind: Any, option: Any) -> None:
    assert resolve({name: option.default})[name] == option.default  # type: ignore[literal-required]
    assert option.help.endswith(".")


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (("--time=2.5",), "time_limit", 2.5),
        (("-t", "3"), "time_limit", 3.0),
        (("--memory", "512"), "memory_limit", 512),
        (("-j4",), "workers", 4),
        (("--engine", "cdcl"), "engine", "cdcl"),
        (("--seed=9",), "seed", 9),
        (("--sat",), "mode", "sat"),
        (("--unsat",), "mode", "unsat"),
        (("--strict",), "parsing", "strict"),
        (("--relaxed",), "parsing", "relaxed"),
        (("proof",), "proof", "proof"),
        (("--no-binary",), "binary_proof", False),
        (("-f",), "force", True),
        (("--deterministic",), "deterministic", True),
    ],
)
def test_flag_sets_its_option(arguments: tuple[str, ...], name: str, value: object) -> None:
    file, options, _ = parse("f", *arguments)
    assert (file, options) == ("f", {**resolve({}), name: value})


def test_switches_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="--sat and --unsat exclude each other"):
        parse("f", "--sat", "--unsat")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"time_limit": -1}, "time_limit must be at least 0, not -1.0"),
        ({"time_limit": math.nan}, "time_limit must be at least 0, not nan"),
        ({"time_limit": "3"}, "time_limit must be float, not '3'"),
        ({"memory_limit": 0}, "memory_limit must be at least 1, not 0"),
        ({"workers": 0}, "workers must be from 1 to 4096, not 0"),
        ({"workers": True}, "workers must be int, not True"),
        ({"engine": "magic"}, "engine must be one of auto, cdcl, gradient, galois, not 'magic'"),
        ({"sead": 1}, "unknown option 'sead'; known: time_limit, "),
    ],
)
def test_bad_value_is_named(given: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(given)
    assert str(caught.value).startswith(message)


def test_solve_takes_exactly_the_options() -> None:
    from turbosat import solve

    kinds = inspect.signature(solve).parameters
    assert list(kinds) == ["source", "assumptions", "on_event", "deadline", "options"]
    assert get_args(kinds["options"].annotation) or "Options" in str(kinds["options"].annotation)


@pytest.mark.parametrize(
    "values",
    [
        {"ray_address": "auto", "pool": False},
        {"ray_address": "auto", "deterministic": True},
        {"engine": "gradient", "mix": "kissat"},
        {"engine": "galois", "ray_address": "auto"},
        {"engine": "gradient", "gradient": False},
        {"engine": "galois", "algebra": False},
        {"galois": "kernel"},
    ],
)
def test_options_that_exclude_each_other(values: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"exclude each other|engine (gradient and galois|galois searches)"):
        resolve(values)
