"""Words of the command line, made from turbosat's own tables: what these declare is tried, whatever it is."""

import math
import random
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, get_args, get_origin

from turbosat.cdcl.lanes.mix import KINDS
from turbosat.options import Display, Option, Options, declared

Group = list[str]  # words that belong together: an option and its value, or one positional word
STRANGE = (
    *("", " ", "0", "-0", "-1", "+1", "00", "1.0", "0x10", "1_000", "1e3", "1e400", "-1e400", "nan", "inf"),
    *("-inf", "1e-300", "2147483648", "9223372036854775808", "-9223372036854775809", "9" * 400, "soon"),
    *(
        "é",
        "\udcff",
        "\u0661",
        "$(touch CANARY)",
        "[bold]",
        "{0}",
        "%s",
        "a\nb",
        "\x1b[2J",
        "/dev/null",
        "-q",
        "--",
    ),
)
MISUSE = (
    *(["--bogus"], ["--tim", "1"], ["--time"], ["-"], ["--no-binary=1"], ["--quiet=yes"], ["-z"], ["-qz"]),
    *(["--sat", "--unsat"], ["--strict", "--relaxed"], ["more"], ["--", "-q"], ["--\udcff"], ["--\x1b[31m"]),
    *(["--help"], ["--version"], ["--doctor"], ["-h"]),
)


# How often an option is tried, once for others: those that mostly end in an error seldom.
OFTEN = {
    "time_limit": 5,
    "workers": 3,
    "quiet": 3,
    "memory_limit": 2,
    "engine": 2,
    "ray_address": 0.3,
    "galois": 0.3,
}


def _lanes(dice: random.Random) -> str:
    return ",".join(dice.choices(sorted(KINDS), k=dice.randint(1, 3)))


# Values that do no harm to whoever shares the machine, where the type says too little.
MODEST: dict[str, Callable[[random.Random], str]] = {
    "time_limit": lambda dice: dice.choice(
        ("0", "0.1", "0.5", "1", "1.5", "2", "3", "5", "10", "20", "1e10")
    ),
    "memory_limit": lambda dice: str(dice.choice((1, 30, 60, 120, 300, 300, 1000, 1000, 4000, 10**6))),
    "workers": lambda dice: str(64 if dice.random() < 0.03 else dice.choice((1, 1, 1, 2, 2, 2, 3, 4, 8))),
    "lanes": lambda dice: str(dice.choice((1, 2, 64, 1000))),
    "pool_after": lambda dice: str(dice.choice((0, 0.1, 1, 2, 1e9))),
    "ray_address": lambda dice: dice.choice(("127.0.0.1:9", "nowhere.invalid:6379", "nonsense", ":", "")),
    "mix": _lanes,
}


@cache
def table() -> tuple[tuple[str, Any, Option], ...]:
    """Return name, type and declaration of every option that has flags."""
    entries = (*declared(Options), *declared(Display))
    return tuple(entry for entry in entries if entry[2].flags or entry[2].switch)


def is_path(option: Option) -> bool:
    """Whether the option's value is where something goes."""
    return option.metavar == "FILE"


def is_flag(kind: Any, option: Option) -> bool:
    """Whether the option has no value of its own."""
    return bool in (kind, *get_args(kind)) or option.switch is not None


def is_number(kind: Any) -> bool:
    """Whether the option's value is a number."""
    return bool({int, float} & {kind, *get_args(kind)})


def _value(dice: random.Random, name: str, kind: Any, option: Option) -> str:
    """Return a value, mostly a valid one."""
    fate = dice.random()
    if fate < 0.04:
        return dice.choice(STRANGE)
    if get_origin(kind) is Literal:
        return str(dice.choice(get_args(kind)))
    numbers = {int, float} & {kind, *get_args(kind)}
    if numbers and fate < 0.07:
        low, high = option.low, option.high
        edges = [low, None if low is None else low - 1, high, None if high is None else high + 1]
        if name not in ("workers", "lanes") and (tried := [edge for edge in edges if edge is not None]):
            return f"{dice.choice(tried):g}"
    if name in MODEST:
        return MODEST[name](dice)
    if float in numbers:
        return f"{dice.uniform(option.low or 0, min(option.high or 100, 100)):.3f}"
    if int in numbers:
        low = int(option.low or 0)
        return str(low + int(dice.random() ** 4 * (min(option.high or 2**31, 2**31) - low)))
    return dice.choice(STRANGE)


def _joined(dice: random.Random, flag: str, value: str) -> Group:
    if dice.random() < 0.6:
        return [flag, value]
    return [f"{flag}={value}"] if flag.startswith("--") else [f"{flag}{value}"]


def group(dice: random.Random, name: str, kind: Any, option: Option) -> Group:
    """Return one option as somebody might write it."""
    if option.switch is not None:
        return [dice.choice(list(option.switch))]
    flags = [each for flag in option.flags for each in flag.split("/")]
    if is_flag(kind, option):
        return [dice.choice(flags)]
    return _joined(dice, dice.choice(flags), _value(dice, name, kind, option))


def some(dice: random.Random) -> list[Group]:
    """Return some options; those with paths are for the caller."""
    entries = [entry for entry in table() if not is_path(entry[2])]
    weights = [OFTEN.get(entry[0], 1) for entry in entries]
    chosen = dice.choices(entries, weights, k=dice.choice((0, 1, 1, 2, 2, 3, 4, 6)))
    groups = [group(dice, *entry) for entry in chosen]
    if dice.random() < 0.04:
        groups.append(dice.choice(MISUSE))
    return groups


def given(groups: list[Group], *flags: str) -> str | None:
    """Return the last value that is given for one of these flags, or "" for a flag without a value."""
    found = None
    for words in groups:
        word = words[0]
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name in flags:
            found = value if equals else words[1] if len(words) > 1 else ""
        elif not word.startswith("--") and word[:2] in flags and len(word) > 2:
            found = word[2:]
    return found


def number(text: str | None) -> float | None:
    """Return the finite number that a value is, None if it is not one."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def refused(groups: list[Group]) -> str:
    """Return a numeric option whose value is out of the bounds that the tables declare, or nothing."""
    for _, kind, option in table():
        if is_flag(kind, option) or not is_number(kind):
            continue
        text = given(groups, *option.flags)
        if text is None:
            continue
        try:
            value = float(text)
        except ValueError:
            return f"{option.flags[0]} {text!r}"
        low, high = option.low, option.high
        if math.isnan(value) or (low is not None and value < low) or (high is not None and value > high):
            return f"{option.flags[0]} {text!r}"
    return ""
