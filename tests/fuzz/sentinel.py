"""How late the machine itself is: how long a run waited for a core, how long humble work takes beside it.

The kernel counts how long the run's first thread waited for a core. Its children give way to others, and it
has to wait for their end: a process as humble as the humblest of them does a small piece of work again and
again, and what that takes longer than on an idle machine is what such an end takes longer. Run as a program,
this is that process.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HUMBLE = 13  # the niceness of the pool's processes
WORK = 40_000  # numbers added up: a millisecond
NAP = 0.005  # seconds between two pieces
CHILDREN = 1.5  # that wait for a core while the run waits for them: half as long as itself, together
ENDS = 3  # that a run waits for, one after the other
MOST = 10.0  # seconds that are granted to whoever gives way


@dataclass(frozen=True, slots=True)
class Lateness:
    """What was measured."""

    waited: float = 0.0  # seconds that the run's first thread waited for a core, where that is an excuse
    stolen: float = 0.0  # seconds that a hypervisor took from this machine meanwhile
    piece: float = 0.0  # seconds that the latest piece of humble work took too long
    slowdown: float = 1.0  # of humble work
    strain: float = 1.0  # by how much the same work takes more of a core's time than at best

    def allowed(self, seconds: float) -> float:
        """Return how long may take what takes a run so many seconds on an idle machine."""
        return seconds * self.strain + CHILDREN * self.waited + self.stolen + ENDS * self.piece

    def patience(self, seconds: float) -> float:
        """Return how long may take what takes humble processes so many seconds on an idle machine."""
        return min(max(seconds, MOST), seconds * self.slowdown + self.stolen + ENDS * self.piece)


class Clock:
    """What the kernel counts for one process, from its start."""

    def __init__(self) -> None:
        self._stolen = _stolen()
        self._pid = 0
        self._taken_over: float | None = None
        self._due: float | None = None

    def watch(self, pid: int) -> None:
        """Say which process it is."""
        self._pid = pid

    def take_over(self) -> None:
        """Note that the run counts its own time by now; of what it waited until then it knows nothing."""
        if self._taken_over is None:
            self._taken_over = self._waited()

    def fall_due(self) -> None:
        """Note that the run must end now, or about now."""
        if self._due is None:
            self._due = self._waited()

    def excused(self) -> float:
        """Return how long the process has waited for a core, less what came between these two moments."""
        waited = self._waited()
        begun = waited if self._taken_over is None else self._taken_over
        return waited - max(0.0, (waited if self._due is None else self._due) - begun)

    def measured(self, humble: tuple[float, ...]) -> Lateness:
        """Return all that was measured until now; the process may have ended, but must not be reaped."""
        return Lateness(self.excused(), _stolen() - self._stolen, *humble)

    def _waited(self) -> float:
        try:
            return int(Path(f"/proc/{self._pid}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):  # gone, or a kernel that does not count
            return 0.0


class Sentinel:
    """The humble process, as the fuzzer sees it: it measures between `begin` and `end`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self.pid = self._process.pid
        self._measuring = False
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it knows by now how long a piece takes at best

    def give_way(self, nice: int) -> None:
        """Be humbler than a run of this niceness."""
        os.setpriority(os.PRIO_PROCESS, self.pid, min(19, nice + HUMBLE))

    def begin(self) -> None:
        """Measure from now on; harmless if it does already."""
        if not self._measuring:
            self._measuring = True
            self._send(b"b")

    def end(self) -> tuple[float, ...]:
        """Return what the latest piece took too long, the slowdown and the strain."""
        if not self._measuring:
            return ()
        self._measuring = False
        self._send(b"e")
        assert self._process.stdout is not None
        return tuple(map(float, self._process.stdout.readline().split()))

    def close(self) -> None:
        """End the process."""
        with self._process:
            self._process.kill()

    def _send(self, command: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command)


def _stolen() -> float:
    """Return the seconds that hypervisors have taken from this machine."""
    try:
        return int(Path("/proc/stat").read_text().split(maxsplit=9)[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def _work() -> tuple[float, float]:
    """Do a piece of work; return the seconds it took, and those of a core."""
    began, own = time.perf_counter(), time.thread_time()
    sum(range(WORK))
    return time.perf_counter() - began, time.thread_time() - own


def main() -> None:
    """Measure whenever told to."""
    best = min(_work()[0] for _ in range(200))
    os.nice(HUMBLE)
    os.write(1, b"ready\n")
    while os.read(0, 1) == b"b":
        os.set_blocking(0, False)
        spent, own, pieces, latest, command = 0.0, 0.0, 0, 0.0, b""
        while not command:
            began = time.perf_counter()
            time.sleep(NAP)
            took, cpu = _work()
            best = min(best, took)
            took = time.perf_counter() - began - NAP  # it may have woken up late
            spent, own, pieces, latest = spent + took, own + cpu, pieces + 1, max(latest, took - best)
            try:
                command = os.read(0, 1) or b"-"
            except BlockingIOError:
                continue
        os.set_blocking(0, True)
        whole = pieces * best
        os.write(1, f"{latest} {max(1.0, spent / whole)} {max(1.0, own / whole)}\n".encode())


if __name__ == "__main__":
    main()
