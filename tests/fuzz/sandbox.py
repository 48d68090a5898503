"""The folder around a run: what is there before, and what has changed after.

cwd   the current folder, with the files and targets of the description
tmp   TMPDIR; long has a long name
home  HOME
full  a disk without room, where one can be mounted
side  files of the fuzzer itself, never shown to a run
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.fuzz import contents, isolation
from tests.fuzz.cases import Description

OLD = b"what was here before\n"
OTHER = b"p cnf 1 1\n1 0\n"  # another formula
CANARY = "CANARY"
USERS = range(61_000, 64_000)  # nobody's; each sandbox has one, so that nobody else's processes count
INTRUDER = f"open({CANARY!r}, 'w').close()\n"  # a module that must not be imported


class Sandbox:
    """A place for one run after the other."""

    def __init__(self, root: Path, watched: Sequence[Path]) -> None:
        """Make a place below an empty folder; `watched` are public folders that nobody else uses."""
        self.root = root
        self.isolated = bool(watched)
        self.uid = USERS[os.getpid() % len(USERS)]
        self.cwd, self.tmp, self.home, self.full, self.side, self.long = (
            root / name for name in ("cwd", "tmp", "home", "full", "side", "long" * 40)
        )
        root.chmod(0o755)
        for folder in (self.full, self.side, self.side / "readonly"):
            folder.mkdir()
        (self.side / "readonly").chmod(0o555)
        (self.side / "file").write_bytes(OLD)
        if watched:
            isolation.full_disk(self.full)
        self._places = [self.tmp, self.long, self.home, self.full, *watched]
        self._ours = {self.home / ".cache", *(path for place in self._places for path in _listed(place))}
        self.contents: dict[str, bytes] = {}
        self._before: dict[str, str] = {}

    def prepare(self, description: Description) -> None:
        """Make everything that is there before the run."""
        self.clear()
        for folder in (self.cwd, self.tmp, self.long, self.home):
            folder.mkdir()
        self.contents = {}
        if description["launcher"] == "bin":
            (self.cwd / "numpy.py").write_text(INTRUDER)
            (self.cwd / "turbosat").mkdir()
            (self.cwd / "turbosat" / "__init__.py").write_text(INTRUDER)
        for name, file in description["files"].items():
            self.contents[name] = contents.build(file["content"])
            self._make_file(self.cwd / name, file["is"], self.contents[name])
        for name, kind in description["targets"].items():
            self._make_target(name, kind, next(iter(description["files"]), None))
        if description["environment"].get("uid"):
            self._hand_over(description)
        self._before = self._digests()

    def clear(self) -> None:
        """Remove what the last run has left."""
        for folder in (self.cwd, self.tmp, self.long, self.home):
            shutil.rmtree(folder, ignore_errors=True)
        for each in self._litter():
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink(missing_ok=True)

    def _litter(self) -> list[Path]:
        """Return what is where it should not be outside of the current folder."""
        return [path for place in self._places for path in _listed(place) if path not in self._ours]

    def _make_file(self, path: Path, kind: str, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        match kind:
            case "missing":
                return
            case "directory":
                path.mkdir()
            case "fifo":
                os.mkfifo(path)
            case "loop":
                path.symlink_to(path.name)
            case "link":
                real = path.with_name("real")
                real.write_bytes(data)
                path.symlink_to("real")
            case _:
                path.write_bytes(data)
                if kind == "unreadable":
                    path.chmod(0)

    def _make_target(self, name: str, kind: str, source: str | None) -> None:
        path = self.cwd / name
        if kind in ("link to input", "hard link to input") and source is None:
            kind = "new"
        match kind:
            case "new":
                path.parent.mkdir(parents=True, exist_ok=True)
            case "existing" | "readonly":
                path.write_bytes(OLD)
                if kind == "readonly":
                    path.chmod(0o444)
            case "formula":
                path.write_bytes(OTHER)
            case "link to input":
                path.symlink_to(self.cwd / str(source))
            case "hard link to input":
                try:
                    os.link(self.cwd / str(source), path, follow_symlinks=False)
                except OSError:  # a folder, or missing
                    path.write_bytes(OLD)
            case "dangling":
                path.symlink_to("nowhere-yet")
            case "fifo" | "fifo unread" | "fifo left" | "fifo late":
                os.mkfifo(path)
            case "folder":
                path.mkdir()
            case "socket":
                with suppress(OSError):
                    os.mknod(path, stat.S_IFSOCK | 0o666)

    def _hand_over(self, description: Description) -> None:
        for folder in (self.cwd, self.tmp, self.long, self.home):
            os.chown(folder, self.uid, self.uid)
            for below, folders, files in os.walk(folder):
                for name in (*folders, *files):
                    os.lchown(os.path.join(below, name), self.uid, self.uid)
        for name, kind in description["targets"].items():
            if kind == "readonly":
                os.chown(self.cwd / name, 0, 0)

    def _digests(self) -> dict[str, str]:
        """Return {path below the current folder: what it is}."""
        found = {}
        for below, folders, files in os.walk(self.cwd):
            for name in (*folders, *files):
                path = Path(below, name)
                found[os.fspath(path.relative_to(self.cwd))] = _digest(path)
        return found

    def changes(self) -> dict[str, str]:
        """Return {path below the current folder: "new", "gone" or "changed"}."""
        after = self._digests()
        found = {name: "gone" for name in self._before if name not in after}
        found |= {name: "new" for name in after if name not in self._before}
        return found | {
            name: "changed" for name in after if name in self._before and after[name] != self._before[name]
        }

    def litter(self, allowed: Iterable[str]) -> list[str]:
        """Return what a run has left outside of its current folder, less some paths."""
        places = {Path(os.path.normpath(self.cwd / path)) for path in allowed}
        return sorted(str(path).replace(str(self.root), "") for path in self._litter() if path not in places)

    def canaries(self) -> list[str]:
        """Return files that exist because a name reached a shell, or a module was imported."""
        places = [self.cwd, self.tmp, self.home]
        return [str(path) for place in places for path in place.glob(f"**/{CANARY}*") if path.is_file()]


def _listed(place: Path) -> list[Path]:
    return list(place.iterdir()) if place.is_dir() else []


def _digest(path: Path) -> str:
    """Return what there is at a path, without waiting for anybody."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {os.readlink(path)}"
    if not stat.S_ISREG(mode):
        return f"mode {mode:o}"
    with open(path, "rb") as file:
        return f"mode {mode:o} {hashlib.file_digest(file, 'sha256').hexdigest()}"
