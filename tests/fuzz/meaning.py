"""What a description asks for, read from its words the way a user means them."""

import re

from tests.fuzz import options
from tests.fuzz.cases import LONG, Description

INFORMATION = ("--help", "-h", "--version", "--doctor")
TO_STDOUT = ("-", "/dev/stdout", "/proc/self/fd/1")
TO_STDERR = ("/dev/stderr",)
STANDARD = ("-", "/dev/stdin")
PLAIN = ("regular", "link")
NEVER = "(?!)"
# Options that go well with all others, and their plainest values.
NUMBERS = {"workers": r"\d{1,9}", "seed": r"\d{1,9}", "time_limit": r"\d{1,9}(\.\d+)?"}


class Meaning:
    """The words of a run, understood."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.groups: list[options.Group] = description["argv"]
        self.words: list[str] = []  # the positional ones
        self.flags: list[options.Group] = []
        ended = False
        for group in self.groups:
            if group[0] == "--" and not ended:
                ended = True
                self.words += group[1:]
            elif ended or not group[0].startswith("-") or group[0] == "-":
                self.words += group
            else:
                self.flags.append(group)
        self.input = self.words[0] if self.words else "-"
        self.outputs: dict[str, str] = {"proof": self.words[1]} if len(self.words) > 1 else {}
        for name, _, option in options.table():
            if options.is_path(option) and (path := self.given(name)) is not None:
                self.outputs[name] = path
        self.seconds = self._positive("time_limit")
        if self.seconds is not None and self.seconds > LONG:
            self.seconds = None  # nobody waits for it
        megabytes = self._positive("memory_limit")
        self.memory = int(megabytes * 2**20) if megabytes and not options.refused(self.groups) else None
        self.information = any(group[0] in INFORMATION for group in self.flags)
        self.input_data_whole = self._whole()

    def given(self, name: str) -> str | None:
        """Return the value that is given for an option of the tables, None without one."""
        flags = next((option.flags for each, _, option in options.table() if each == name), ())
        return options.given(self.groups, *flags)

    def has(self, *flags: str) -> bool:
        """Whether one of these flags is given by itself."""
        return any(group[0] in flags for group in self.flags)

    def _positive(self, name: str) -> float | None:
        value = options.number(self.given(name))
        return value if value is not None and value >= 0 else None

    @property
    def relaxed(self) -> bool:
        return self.has("--relaxed")

    def file(self) -> dict[str, object] | None:
        """Return the file that is the input, None if that is standard input or nothing of ours."""
        found: dict[str, object] | None = self.description["files"].get(self.input)
        return None if self.input in STANDARD else found

    def _whole(self) -> bool:
        """Whether all of the input reaches the run."""
        if self.input in STANDARD:
            closed = self.description["environment"].get("closed")
            return not closed and self.description["stdin"]["is"] in ("file", "pipe", "pipe slow")
        file = self.file()
        return file is not None and (file["is"] in PLAIN or file.get("writer") in ("quick", "slow"))

    def target(self, path: str) -> str:
        """Return what kind of place an output path is."""
        return str(self.description["targets"].get(path, path))

    def same_place(self) -> str:
        """Return an output path that is the input, another output, or can be no file; nothing if none is."""
        used = [path for path in self.outputs.values() if self.target(path) not in ("/dev/null", "/dev/full")]
        twins = [path for path in used if used.count(path) > 1 and "fifo" not in self.target(path)]
        regular = (self.file() or {}).get("is") in PLAIN
        inputs = ("input", "link to input", "hard link to input") if regular else ()
        bad = [
            path for path in self.outputs.values() if self.target(path) in (*inputs, "folder", "nowhere", "")
        ]
        ordinary = [path for path in twins if path not in (*TO_STDOUT, *TO_STDERR)]
        return next((f"{self.target(path)} {path!r}" for path in (*bad, *ordinary)), "")

    def simple(self) -> bool:
        """Whether nothing is asked for that may be refused: safe options, plain places, nothing unusual."""
        if self.description["limits"] or self.description["environment"] or len(self.words) > 2:
            return False
        known = {
            flag: (name, kind, option)
            for name, kind, option in options.table()
            for each in option.flags
            for flag in each.split("/")
        }
        for group in self.flags:
            flag, equals, _ = group[0].partition("=")
            name, kind, option = known.get(flag, ("", None, None))
            if option is not None and options.is_flag(kind, option):
                if equals:
                    return False
            elif name not in self.outputs and not re.fullmatch(
                NUMBERS.get(name, NEVER), self.given(name) or ""
            ):
                return False
        if options.refused(self.groups) or any(path.endswith(".7z") for path in self.outputs.values()):
            return False
        return all(self.target(path) in ("new", "existing", "/dev/null") for path in self.outputs.values())
