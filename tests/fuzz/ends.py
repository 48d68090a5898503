"""What is at the ends of a run: standard streams, named pipes, descriptors; and what comes out of them."""

import fcntl
import os
import pty
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from tests.fuzz import contents
from tests.fuzz.cases import Description
from tests.fuzz.pumps import FifoWriter, Loop, Reader, Writer
from tests.fuzz.sandbox import Sandbox

INHERITED = {"/dev/fd/63": (63, "file"), "/dev/fd/61": (61, "pipe")}  # /dev/fd/62 is closed
LATE = 0.7  # seconds
ALL = float("inf")
SEEN = ("pipe", "file", "terminal")  # where standard output can be read


class Ends:
    """All ends of one run."""

    def __init__(self, loop: Loop, sandbox: Sandbox, description: Description) -> None:
        self._loop, self._sandbox, self._description = loop, sandbox, description
        self._readers: dict[str, Reader] = {}
        self._pumps: list[Reader | Writer | FifoWriter] = []
        self._files: dict[str, Path] = {}
        self._theirs: list[int] = []  # the run's ends, open here until it has them
        self.kept: list[int] = []  # descriptors that the run inherits under the same number
        self.standard: list[int | None] = []  # what 0, 1, 2 are to be; None is closed
        try:
            self._open()
        except OSError:
            self.hand_over()
            self.close()
            raise

    def _open(self) -> None:
        self.standard.append(self._input(self._description["stdin"]))
        for name in ("stdout", "stderr"):
            end = self._description[name]
            shared = end["is"] == "stdout"
            self.standard.append(self.standard[1] if shared else self._output(name, end))
        if self._description["environment"].get("closed"):
            self.standard[:2] = None, None
        for name, kind in self._description["targets"].items():
            if kind in INHERITED:
                number, end = INHERITED[kind]
                descriptor = self._output(name, {"is": end})
                assert descriptor is not None
                self.kept.append(os.dup2(descriptor, number))
        self._named_pipes()

    def hand_over(self) -> None:
        """Close what is the run's: it has it by now."""
        for descriptor in {*self._theirs, *self.kept}:
            os.close(descriptor)

    def close(self) -> None:
        """Close the rest."""
        for pump in (*self._pumps, *self._readers.values()):
            pump.close()

    def results(self) -> dict[str, bytes]:
        """Return {stdout, stderr or target: what came out}, as far as it can be seen, after the run."""
        found = {}
        for name, reader in self._readers.items():
            reader.drain()
            if reader.whole:
                found[name] = bytes(reader.data)
        for name, path in self._files.items():
            found[name] = path.read_bytes()
        if self._description["stdout"]["is"] not in SEEN or self._description["environment"].get("closed"):
            found.pop("stdout", None)
        for name in self._description["targets"]:
            path = self._sandbox.cwd / name
            if name not in found and not name.startswith("/") and path.is_file():
                with suppress(OSError):
                    found[name] = path.read_bytes()
        return found

    def _input(self, end: dict[str, Any]) -> int | None:
        kind = end["is"]
        if kind == "closed":
            return None
        if kind == "null":
            return self._file(Path(os.devnull), os.O_RDONLY)
        data = self._sandbox.contents["-"] = contents.build(end["content"])
        if kind == "file":
            path = self._sandbox.side / "stdin"
            path.write_bytes(data)
            return self._file(path, os.O_RDONLY)
        if kind == "terminal":
            ours, theirs = self._moved(pty.openpty())
            self._pumps.append(Reader(self._loop, ours))  # what is echoed
        else:
            theirs, ours = self._moved(os.pipe())
            pace = "quick" if kind == "pipe" else kind.removeprefix("pipe ")
            self._pumps.append(Writer(self._loop, ours, data, pace))
        self._theirs.append(theirs)
        return theirs

    def _output(self, name: str, end: dict[str, Any]) -> int | None:
        kind = end["is"]
        if kind == "closed":
            return None
        if kind in ("full", "null"):
            return self._file(Path("/dev") / kind, os.O_WRONLY)
        if kind == "file":
            self._files[name] = self._sandbox.side / os.path.basename(name)
            return self._file(self._files[name])
        ours, theirs = self._moved(pty.openpty() if kind == "terminal" else os.pipe())
        self._theirs.append(theirs)
        enough = end["bytes"] if kind == "left" else ALL
        self._readers[name] = Reader(self._loop, ours, enough, stuck=kind == "stuck")
        return theirs

    def _file(self, path: Path, flags: int = os.O_RDWR | os.O_CREAT | os.O_TRUNC) -> int:
        descriptor = self._moved([os.open(path, flags, 0o666)])[0]
        self._theirs.append(descriptor)
        return descriptor

    def _moved(self, descriptors: list[int] | tuple[int, int]) -> list[int]:
        """Move descriptors away from 0, 1 and 2, which the child replaces one after the other."""
        moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10) for descriptor in descriptors]
        for descriptor in descriptors:
            os.close(descriptor)
        return moved

    def _named_pipes(self) -> None:
        for name, file in self._description["files"].items():
            if file["is"] == "fifo" and file["writer"] != "absent":
                path, data = self._sandbox.cwd / name, self._sandbox.contents[name]
                self._pumps.append(FifoWriter(self._loop, path, data, file["writer"]))
        for name, kind in self._description["targets"].items():
            path = self._sandbox.cwd / name
            if kind == "fifo":
                self._readers[name] = Reader.fifo(self._loop, path)
            elif kind == "fifo left":
                self._pumps.append(Reader.fifo(self._loop, path, 1))
            elif kind == "fifo late":
                self._loop.after(LATE, partial(self._read_late, name, path))

    def _read_late(self, name: str, path: Path) -> None:
        with suppress(OSError):
            self._readers[name] = Reader.fifo(self._loop, path)
