"""Descriptions of runs: plain data, the same for the same seed and number, that can be run again.

argv         words in groups: an option with its value, or one positional word
files        name: what is there before the run, and for a named pipe who writes into it
targets      name: where something is to go, and what that is
stdin, stdout, stderr
limits       ulimits: as (MiB), fsize (KiB), nofile, nproc
environment  what is unusual: lang, home, tmpdir, sigchld, nice, closed, uid, shm, network, variables
signals      [seconds after the start, name, "process" or "group"], in order
patience     seconds after which somebody without a limit sends SIGTERM
launcher     "module", or "bin" for bin/turbosat in a folder with modules of its own
"""

import os
import random
from typing import Any

from tests.fuzz import contents, names, options

Description = dict[str, Any]

LONG = 20.0  # seconds that a run may take which ends by itself
FILES = ("regular",) * 24 + ("missing", "directory", "unreadable", "link", "loop", "fifo", "fifo", "fifo")
WRITERS = ("quick", "quick", "slow", "idle", "absent", "half")
TARGETS = (
    *("new",) * 12,
    *("existing", "existing", "formula", "readonly", "input", "input", "link to input", "hard link to input"),
    *(
        "twin",
        "fifo",
        "fifo",
        "fifo",
        "fifo unread",
        "fifo left",
        "fifo late",
        "folder",
        "nowhere",
        "full disk",
    ),
    *(
        "dangling",
        "/dev/full",
        "/dev/null",
        "/dev/stdout",
        "/dev/stderr",
        "/proc/self/fd/1",
        "/dev/fd/63",
        "/dev/fd/61",
    ),
    *("closed", "-", "/dev/stdin", "", "socket"),
)
INPUTS = ("null",) * 14 + ("file", "pipe", "pipe slow", "pipe idle", "closed", "terminal")
OUTPUTS = ("pipe",) * 24 + ("file", "file", "full", "closed", "left", "left", "null", "stuck", "terminal")
ERRORS = ("pipe",) * 30 + ("file", "full", "closed", "null", "stdout", "terminal")
VARIABLES = (
    *({"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "ascii"}, {"TERM": ""}),
    *(
        {"PYTHONIOENCODING": "latin-1"},
        {"COLUMNS": "0"},
        {"COLUMNS": "wide", "LINES": "-1"},
        {"FORCE_COLOR": "1"},
    ),
    *({"OMP_NUM_THREADS": "zero"}, {"PATH": ""}, {"LC_ALL": "tlh_QO.UTF-8"}, {"TZ": "nowhere"}),
    *(
        {"PYTHONIOENCODING": "utf-8:strict"},
        {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
        {"MALLOC_ARENA_MAX": "1"},
    ),
)


def _name(dice: random.Random, plain: str) -> str:
    fate = dice.random()
    return dice.choice(names.CANARIES if fate < 0.1 else names.SPECIAL) if fate < 0.25 else plain


def _file(dice: random.Random, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"is": dice.choice(FILES), "content": contents.recipe(dice)}
    pack = names.SUFFIXES.get(os.path.splitext(name)[1])
    if pack and dice.random() < 0.7:
        found["content"]["pack"] = pack
    if found["is"] == "fifo":
        found["writer"] = dice.choice(WRITERS)
    return found


def _target(dice: random.Random, role: str, taken: list[str], source: str) -> tuple[str, str]:
    """Return a name and what is there."""
    kind = dice.choice(TARGETS)
    if kind == "input":
        return source, source if source in ("-", "/dev/stdin") else kind
    if kind == "twin":
        return (dice.choice(taken), kind) if taken else (role, "new")
    if kind.startswith("/") or kind in ("-", ""):
        return kind, kind
    if kind == "closed":
        return "/dev/fd/62", kind
    if kind == "nowhere":
        return f"nowhere/{role}", kind
    if kind == "full disk":
        return f"../full/{role}", kind
    name = _name(dice, role)
    if name in (source, *taken) or (kind != "new" and "/" in name):
        name = role
    return (name if name != "-" else role), kind


def _positional(words: list[str]) -> list[options.Group]:
    """Return positional words; after -- if one would be taken for an option."""
    risky = any(word.startswith("-") and word != "-" for word in words)
    return [*([["--"]] if risky else []), *([word] for word in words)]


def _environment(dice: random.Random) -> dict[str, Any]:
    kind = dice.choice(
        (
            "variables",
            "variables",
            "home",
            "tmpdir",
            "tmpdir",
            "sigchld",
            "nice",
            "uid",
            "shm",
            "network",
            "closed",
        )
    )
    match kind:
        case "variables":
            return {"variables": dice.choice(VARIABLES)}
        case "tmpdir":
            return {"tmpdir": dice.choice(("missing", "full", "long", "file", "readonly"))}
        case "home":
            return {"home": dice.choice((None, "missing", "file"))}
        case "nice":
            return {"nice": dice.choice((5, 10, 19))}
    return {kind: True}


def _limits(dice: random.Random) -> dict[str, int]:
    kind = dice.choice(("as", "as", "fsize", "fsize", "nofile", "nproc"))
    sizes = {
        "as": (150, 300, 500, 1000, 4000),
        "fsize": (0, 1, 16, 100, 1000),
        "nofile": (8, 12, 16, 20, 24, 32, 64),
        "nproc": (1, 2, 3, 5, 10, 30),
    }
    return {kind: dice.choice(sizes[kind])}


def _signals(dice: random.Random) -> list[list[Any]]:
    moment = dice.choice((dice.uniform(0, 0.2), *[dice.uniform(0.1, 0.6)] * 2, dice.uniform(0.2, 3)))
    signals = []
    for _ in range(dice.choice((1, 1, 1, 2))):
        name = dice.choice(("INT", "INT", "INT", "TERM", "TERM", "TERM", "HUP", "HUP", "KILL"))
        signals.append([round(moment, 3), name, dice.choice(("process", "group"))])
        moment += dice.uniform(0, 0.3)
    return signals


def _blocked(description: Description) -> bool:
    """Whether the run may wait for somebody, or search, for as long as it is let."""
    words = [word for group in description["argv"] for word in group]
    standard = description["stdin"] if {"-", "/dev/stdin"} & {*words} or not description["files"] else {}
    inputs = [*description["files"].values(), standard]
    return (
        any(each.get("writer") in ("idle", "absent", "half") for each in inputs)
        or standard.get("is") in ("pipe idle", "terminal")
        or any(contents.is_hard(each["content"]) for each in inputs if "content" in each)
        or any(kind.startswith("fifo") for kind in description["targets"].values())
        or description["stdout"]["is"] == "stuck"
        or any(
            word.startswith(("--engine", "--ray-address", "--mix", "gradient", "galois")) for word in words
        )
    )


def describe(seed: int, number: int) -> Description:
    """Return the description of a run."""
    dice = random.Random(f"{seed}/{number}")
    source = _name(dice, "f.cnf")
    files = {source: _file(dice, source)}
    targets: dict[str, str] = {}
    groups = options.some(dice)
    stdin = dice.choice(INPUTS)
    words = [source]
    if dice.random() < 0.1:
        stdin = stdin if stdin != "null" else dice.choice(INPUTS[14:])
        words, files = [dice.choice(("-", "-", "/dev/stdin"))], {}
    if dice.random() < 0.35:
        name, kind = _target(dice, "proof", [], words[0])
        targets[name] = kind
        words.append(name)
    for name, _, option in options.table():
        if options.is_path(option) and dice.random() < 0.15:
            path, kind = _target(dice, name, list(targets), words[0])
            targets.setdefault(path, kind)
            groups.append(dice.choice(([option.flags[0], path], [f"{option.flags[0]}={path}"])))
    dice.shuffle(groups)
    found: Description = {
        "argv": [*groups, *_positional(words)],
        "files": files,
        "targets": targets,
        "stdin": {"is": stdin, "content": contents.recipe(dice)} if stdin != "null" else {"is": "null"},
        "stdout": {"is": dice.choice(OUTPUTS)},
        "stderr": {"is": dice.choice(ERRORS)},
        "limits": _limits(dice) if dice.random() < 0.1 else {},
        "environment": _environment(dice) if dice.random() < 0.18 else {},
        "signals": _signals(dice) if dice.random() < 0.2 else [],
        "patience": 0.0,
        "launcher": "module",
    }
    if not found["limits"] and not found["environment"] and dice.random() < 0.1:
        found["launcher"] = "bin"  # the shell would have to cope with all else, too
    found["patience"] = dice.choice((1, 1.5, 2, 3)) if _blocked(found) else LONG
    if found["stdout"]["is"] == "left":
        found["stdout"]["bytes"] = dice.choice((0, 1, 30, 100, 2000))
    if "nproc" in found["limits"]:
        found["environment"]["uid"] = True  # root has no limit
    return found
