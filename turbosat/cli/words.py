"""The words of a command line as values of options: the usual ones are read here, all others by Typer.

Loading Typer takes longer than Kissat takes for an easy file. Whatever is not plainly right, help above all,
is left to it: it says what is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from turbosat.errors import UsageError
from turbosat.options import Display, Option, Options, declared, resolve

ENVIRONMENT = "TURBOSAT_OPTIONS"  # what options of the environment are in: Typer reads them

Go = Callable[[str, Options, Display], int]


def called(go: Go, values: Mapping[str, Any]) -> int:
    """Return what `go` returns for FILE, the checked options of the run, and the display options.

    `values` are those of all parameters: `file`, `proof`, each option, each switch.
    """
    given = dict(values)
    file = given.pop("file")
    if file is None:
        if sys.stdin is not None and sys.stdin.isatty():
            raise UsageError("expected a FILE (see turbosat --help)")
        file = "-"
    display = Display(**{name: given.pop(name) for name, _, _ in declared(Display)})  # type: ignore[typeddict-item]
    return go(file, resolve(_folded(given)), display)


def plain_values(words: Sequence[str]) -> dict[str, Any] | None:
    """Return the values of all parameters as Typer would, None where that is to be left to Typer."""
    parameters = [*_parameters()]
    options = {flag: each for each in parameters for flag in each[2]}
    values = {name: default for name, default, _, _ in parameters}
    places: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            places += rest
        elif word == "-" or not word.startswith("-"):
            places.append(word)
        elif not all(_set(values, options, flag, text, rest) for flag, text in _flags(word, options)):
            return None
    if len(places) > 2:
        return None
    return {**values, **dict(zip(("file", "proof"), [*places, None, None], strict=False))}


def switch_name(flag: str) -> str:
    """Return the name of the parameter that a switch is."""
    return f"switch_{flag.lstrip('-')}"


Parameter = tuple[str, Any, dict[str, bool | None], tuple[Any, Option]]


def _parameters() -> Iterator[Parameter]:
    """Yield (name, default, flags, (type, option)); a flag is what it sets, None where a value follows."""
    for table in (Options, Display):
        for name, kind, option in declared(table):
            for flag in option.switch or ():
                yield switch_name(flag), False, {flag: True}, (bool, option)
            if option.flags:
                flags: dict[str, bool | None] = {}
                truth = bool in (get_args(kind) or (kind,))
                for text in option.flags:
                    on, _, off = text.partition("/")
                    flags |= {on: True if truth else None, **({off: False} if off else {})}
                yield name, option.default, flags, (kind, option)


def _flags(word: str, options: Mapping[str, Parameter]) -> Iterator[tuple[str, str | None]]:
    """Yield the flags of a word with the value that is part of it, None where there is none."""
    if word.startswith("--"):
        flag, equals, text = word.partition("=")
        yield flag, text if equals else None
        return
    for place in range(1, len(word)):
        flag = f"-{word[place]}"
        if flag in options and options[flag][2][flag] is None:
            yield flag, word[place + 1 :] or None
            return
        yield flag, None


def _set(
    values: dict[str, Any],
    options: Mapping[str, Parameter],
    flag: str,
    text: str | None,
    rest: Iterator[str],
) -> bool:
    """Set what a flag sets; False where it is unknown, or its value is none."""
    if flag not in options:
        return False
    name, _, flags, (kind, option) = options[flag]
    value: Any = flags[flag]
    if value is None:
        text = next(rest, None) if text is None else text
        try:
            value = None if text is None else _converted(kind, text)
        except ValueError:
            return False
        bounded = option.low is not None or option.high is not None
        if value is None or (bounded and not _within(value, option)):
            return False
    elif text is not None:
        return False
    values[name] = value
    return True


def _within(value: float, option: Option) -> bool:
    low, high = option.low, option.high
    return (low is None or value >= low) and (high is None or value <= high)


def _converted(kind: Any, text: str) -> Any:
    """Return a word as a value of this type. Raises ValueError where it is none."""
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError(text)
        return text
    return next(each for each in (get_args(kind) or (kind,)) if each in (int, float, str))(text)


def _folded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return option values with each group of switches folded into its option."""
    folded = {name: value for name, value in values.items() if not name.startswith("switch_")}
    for name, _, option in declared(Options):
        given = [flag for flag in option.switch or () if values[switch_name(flag)]]
        if len(given) > 1:
            raise UsageError(f"{given[0]} and {given[1]} exclude each other")
        if option.switch and given:
            folded[name] = option.switch[given[0]][0]
    return folded
