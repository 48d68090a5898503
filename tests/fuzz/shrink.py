"""A failing description made smaller, as long as it fails in the same way."""

import copy
from collections.abc import Callable, Iterator

from tests.fuzz.cases import Description

PLAIN = {"family": "pigeons", "n": 3}
SIMPLER = (PLAIN, {"family": "ksat", "n": 5, "m": 10, "k": 3, "seed": 0}, {"family": "pigeons", "n": 14})


def shrunk(description: Description, fails: Callable[[Description], bool], tries: int = 60) -> Description:
    """Return a smaller description that still fails, after so many runs at most."""
    best, left, progress = description, tries, True
    while progress:
        progress = False
        for smaller in _smaller(best):
            if left == 0:
                return best
            left -= 1
            if fails(smaller):
                best, progress = smaller, True
                break
    return best


def _smaller(description: Description) -> Iterator[Description]:
    """Yield descriptions with one thing less, the largest first."""
    plain = {"stdin": "null", "stdout": "pipe", "stderr": "pipe"}
    for key in ("limits", "environment", "signals"):
        if description[key]:
            yield _with(description, key, type(description[key])())
    for place, group in enumerate(description["argv"]):
        rest = description["argv"][:place] + description["argv"][place + 1 :]
        if group != ["--"]:
            yield _tidy(_with(description, "argv", rest))
    for key, kind in plain.items():
        if description[key]["is"] != kind:
            yield _with(description, key, {"is": kind})
    if description["launcher"] != "module":
        yield _with(description, "launcher", "module")
    for place in range(len(description["signals"])):
        if len(description["signals"]) > 1:
            yield _with(
                description, "signals", description["signals"][:place] + description["signals"][place + 1 :]
            )
    yield from _simpler_files(description)
    for name, kind in description["targets"].items():
        if (
            kind not in ("new", "input", "twin")
            and not name.startswith(("/", ".."))
            and name not in ("", "-")
        ):
            yield _with(description, "targets", {**description["targets"], name: "new"})


def _simpler_files(description: Description) -> Iterator[Description]:
    for name, file in description["files"].items():
        if file["is"] != "regular":
            yield _with(description, "files", {name: {"is": "regular", "content": file["content"]}})
        for content in _simpler(file["content"]):
            yield _with(description, "files", {name: {**file, "content": content}})
        if name != "f.cnf" and "f.cnf" not in description["targets"]:
            yield _renamed(description, name, "f.cnf")
    for name in description["targets"]:
        if len(name) > 9 and "/" not in name and "proof" not in description["targets"]:
            yield _renamed(description, name, "proof")
    if "content" in description["stdin"]:
        for content in _simpler(description["stdin"]["content"]):
            yield _with(description, "stdin", {**description["stdin"], "content": content})


def _simpler(content: Description) -> Iterator[Description]:
    for key in ("cut", "pack", "damage", "dress"):
        if key in content:
            yield {each: value for each, value in content.items() if each != key}
    if content not in SIMPLER:
        yield from SIMPLER


def _with(description: Description, key: str, value: object) -> Description:
    return {**copy.deepcopy(description), key: copy.deepcopy(value)}


def _tidy(description: Description) -> Description:
    """Forget targets that no word mentions any more."""
    words = [word for group in description["argv"] for word in group]
    words += [word.partition("=")[2] for word in words if word.startswith("--")]
    targets = {name: kind for name, kind in description["targets"].items() if name in words}
    return _with(description, "targets", targets)


def _renamed(description: Description, old: str, new: str) -> Description:
    """Call a file by a plain name."""
    found = copy.deepcopy(description)
    for key in ("files", "targets"):
        found[key] = {new if name == old else name: value for name, value in found[key].items()}
    found["argv"] = [
        [new if word == old else word.replace(f"={old}", f"={new}") for word in group]
        for group in found["argv"]
        if group != ["--"] or not old.startswith("-")
    ]
    return found
