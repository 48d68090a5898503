"""One run of turbosat in its sandbox: started as described, watched to its end and beyond."""

import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.fuzz import isolation, tree
from tests.fuzz.cases import Description
from tests.fuzz.ends import Ends
from tests.fuzz.meaning import Meaning
from tests.fuzz.pumps import Loop
from tests.fuzz.sandbox import Sandbox
from tests.fuzz.sentinel import CHILDREN, Clock, Lateness, Sentinel
from tests.processes import ROOT

GRACE = 0.5  # seconds after the end, and over a limit
MERCY = 3.0  # seconds over all limits after which a run is killed
LOOK = 0.1  # seconds between two looks at the memory
BREATH = 0.02  # seconds between two looks at what is left behind
GUARD = 4 << 30  # bytes of a run that the machine is not to bear
SLACK = 1.25, 100 << 20  # by how much a look may find more than the memory limit: factor, bytes
LIMITS = {
    "as": (resource.RLIMIT_AS, 1 << 20),
    "fsize": (resource.RLIMIT_FSIZE, 1 << 10),
    "nofile": (resource.RLIMIT_NOFILE, 1),
    "nproc": (resource.RLIMIT_NPROC, 1),
}
COMMAND = (sys.executable, "-P", "-m", "turbosat")
LAUNCHERS = {"module": COMMAND, "bin": (str(ROOT / "bin" / "turbosat"),)}


@dataclass(slots=True)
class Sent:
    """A signal that was sent to the run."""

    name: str
    moment: float  # seconds since the start
    caught: bool  # whether turbosat had taken over its signals by then


@dataclass(slots=True)
class Record:
    """What was seen of a run."""

    code: int | None = None  # None: it had to be killed
    seconds: float = 0.0
    out: bytes | None = None  # None: not seen
    err: bytes | None = None
    delivered: dict[str, bytes] = field(default_factory=dict)  # target: what came out of it
    sent: list[Sent] = field(default_factory=list)
    lateness: Lateness = field(default_factory=Lateness)
    left: list[str] = field(default_factory=list)  # processes
    over_memory: float = 0.0  # seconds
    peak: int = 0  # bytes
    guarded: bool = False  # it was killed for its memory


class World:
    """What a worker of the fuzzer keeps between runs."""

    def __init__(self, sandbox: Sandbox, command: tuple[str, ...] = COMMAND) -> None:
        self.sandbox = sandbox
        self._launchers = LAUNCHERS if command == COMMAND else dict.fromkeys(LAUNCHERS, command)
        self._sentinel = Sentinel()

    def close(self) -> None:
        """End the processes that belong to it."""
        self._sentinel.close()

    def run(self, description: Description) -> Record:
        """Run turbosat once."""
        self.sandbox.prepare(description)
        unusual = description["environment"]
        read_only = unusual.get("shm") and self.sandbox.isolated
        if os.geteuid() == 0:
            self._sentinel.give_way(unusual.get("nice", 0))
        if read_only:
            isolation.make_read_only(Path("/dev/shm"))
        try:
            return _Run(self.sandbox, description, self._sentinel, self._launchers).run()
        finally:
            if read_only:
                isolation.make_writable(Path("/dev/shm"))


class _Run:
    """One run."""

    def __init__(
        self,
        sandbox: Sandbox,
        description: Description,
        sentinel: Sentinel,
        launchers: dict[str, tuple[str, ...]],
    ) -> None:
        self.sandbox, self.description, self.sentinel = sandbox, description, sentinel
        self.meaning = Meaning(description)
        self.record = Record()
        self.loop = Loop()
        self.ended: float | None = None
        words = (os.fsencode(word) for group in description["argv"] for word in group)
        self.command = [*map(os.fsencode, launchers[description["launcher"]]), *words]

    def run(self) -> Record:
        """Start, watch, and take stock."""
        ends = Ends(self.loop, self.sandbox, self.description)
        self.clock = Clock()
        self.start = time.monotonic()
        try:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.sandbox.cwd,
                env=self._environment(),
                pass_fds=ends.kept,
                preexec_fn=self._prepare(ends.standard),
                start_new_session=True,
            )
        finally:
            ends.hand_over()
        try:
            self._plan()
            self._watch()
            self._see_leftovers()
        finally:
            self._end_all()
            results = ends.results()
            ends.close()
        self.record.out, self.record.err = (results.pop(name, None) for name in ("stdout", "stderr"))
        self.record.delivered = results
        return self.record

    # The start.

    def _environment(self) -> dict[str, str]:
        unusual, sandbox = self.description["environment"], self.sandbox
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "PYTHON": sys.executable,
            "LANG": "C.UTF-8",
            "TMPDIR": str(sandbox.tmp),
            "HOME": str(sandbox.home),
            "PYTHONDONTWRITEBYTECODE": "1",
            **unusual.get("variables", {}),
        }
        places = {
            "missing": sandbox.root / "nowhere",
            "full": sandbox.full,
            "long": sandbox.long,
            "file": sandbox.side / "file",
            "readonly": sandbox.side / "readonly",
        }
        for variable in ("tmpdir", "home"):
            kind = unusual.get(variable, "")
            if kind is None:
                del environment[variable.upper()]
            elif kind:
                environment[variable.upper()] = str(places[kind])
        return environment

    def _prepare(self, standard: list[int | None]) -> Callable[[], None]:
        """Return what happens between fork and exec."""
        unusual = self.description["environment"]
        limits = [(*LIMITS[name], value) for name, value in self.description["limits"].items()]
        root = os.geteuid() == 0

        def prepare() -> None:
            isolation.die_with_parent()
            for number, end in enumerate(standard):
                if end is not None:
                    os.dup2(end, number)
            for number, end in enumerate(standard):
                if end is None:
                    os.close(number)
            if unusual.get("network") and root:
                isolation.without_network()
            if unusual.get("nice"):
                os.nice(unusual["nice"])
            if unusual.get("sigchld"):
                signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            if unusual.get("uid") and self.sandbox.isolated:
                os.setgroups([])
                os.setgid(self.sandbox.uid)
                os.setuid(self.sandbox.uid)
                isolation.die_with_parent()  # forgotten with the user
            for number, unit, value in limits:
                hard = resource.getrlimit(number)[1]
                wanted = value * unit if hard == resource.RLIM_INFINITY else min(value * unit, hard)
                resource.setrlimit(number, (wanted, wanted))

        return prepare

    # While it runs.

    def _plan(self) -> None:
        """Set the moments of what happens to the run."""
        self.clock.watch(self.process.pid)
        limit = self.meaning.seconds
        self.end = self.start + (self.description["patience"] if limit is None else limit)
        for seconds, name, to in self.description["signals"]:
            self.loop.at(self.start + seconds, partial(self._signal, name, to))
        if limit is None:
            self.loop.at(self.end, partial(self._signal, "TERM", "process"))
        self.loop.at(self.end - LOOK, self._begin_to_measure)
        self.loop.after(LOOK, self._look)

    def _begin_to_measure(self) -> None:
        if self.ended is None:
            self.clock.fall_due()
            self.sentinel.begin()

    def _signal(self, name: str, to: str) -> None:
        if self.ended is not None:
            return
        self._begin_to_measure()
        caught = name in ("INT", "TERM", "HUP") and tree.catches(self.process.pid, signal.SIGTERM)
        send = os.killpg if to == "group" else os.kill
        with suppress(ProcessLookupError):
            send(self.process.pid, getattr(signal, f"SIG{name}"))
        moment = time.monotonic() - self.start
        self.record.sent.append(Sent(name, moment, caught))
        self.end = min(self.end, self.start + moment)

    def _look(self) -> None:
        """See how much memory the run has."""
        if self.ended is not None:
            return
        if tree.catches(self.process.pid, signal.SIGTERM):
            self.clock.take_over()
        used = sum(map(tree.resident, [self.process.pid, *tree.below(self.process.pid)]))
        self.record.peak = max(self.record.peak, used)
        limit = self.meaning.memory
        if limit is not None and used > limit * SLACK[0] + SLACK[1]:
            self.record.over_memory += LOOK
        if used > GUARD:
            self.record.guarded = True
            self._kill()
        self.loop.after(LOOK, self._look)

    def _watch(self) -> None:
        """Wait for the end."""
        descriptor = os.pidfd_open(self.process.pid)
        self.loop.watch(descriptor, select.POLLIN, lambda _: self._over())
        killed = False
        while self.ended is None:
            self.loop.turn(max(self.end + MERCY, time.monotonic() + LOOK))
            mercy = MERCY + CHILDREN * self.clock.excused()
            if not killed and time.monotonic() > self.end + mercy:
                killed = True
                self._kill()
        self.loop.forget(descriptor)
        os.close(descriptor)
        self.process.wait()
        self.record.code = None if killed or self.record.guarded else self.process.returncode
        self.record.seconds = self.ended - self.start

    def _over(self) -> None:
        self.ended = time.monotonic()
        self.record.lateness = self.clock.measured(self.sentinel.end())

    def _others(self) -> dict[int, str]:
        """Return the living processes that the run has left, and what they are."""
        ours = self.sentinel.pid, self.process.pid
        found = {pid: tree.command(pid) for pid in tree.below(os.getpid()) if pid not in ours}
        return {pid: command for pid, command in found.items() if command}

    def _see_leftovers(self) -> None:
        """Give what the run has left its time to end; whatever is there then is left behind."""
        began = time.monotonic()
        self.sentinel.begin()
        while others := self._others():
            if time.monotonic() > began + GRACE:
                measured = self.clock.measured(self.sentinel.end())
                if time.monotonic() > began + measured.patience(GRACE):
                    self.record.left = sorted(others.values())
                    return
                self.sentinel.begin()
            self.loop.turn(time.monotonic() + BREATH)
        self.sentinel.end()
        self.loop.turn(time.monotonic())

    def _kill(self) -> None:
        """Kill the run and everything below it."""
        tree.kill({self.process.pid, *self._others()})

    def _end_all(self) -> None:
        """Kill and reap whatever is left, and nothing of our own."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        while others := self._others():
            tree.kill(others)
            time.sleep(BREATH)
        for child in tree.children(os.getpid()):
            if child != self.sentinel.pid:
                tree.reap(child)
