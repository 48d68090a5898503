"""One run under real limits: a solver, or a portfolio of which the first definitive answer wins.

This is a process of its own, the subreaper of everything it starts. It runs one request after the other and
leaves nothing behind after any. When the harness goes away, it kills what runs and ends.
"""

from __future__ import annotations

import fcntl
import lzma
import os
import select
import signal
import socket
import subprocess
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from turbosat.benchmarks.run.competition import Claim, Judgement, Log, Output, judge
from turbosat.benchmarks.run.limits import Limits, Usage, before_exec, pause_after
from turbosat.benchmarks.run.worker import serve
from turbosat.cdcl.process.tree import become_subreaper, kill_all, reap, signal_all

YOUNG = 0.1  # seconds in which every sign of life is a reason to look at the memory: it may be the last
PIPE = 1 << 20  # bytes of a pipe, and of one read
Ended = Literal["exit", "timeout", "memout"]


@dataclass(frozen=True, slots=True)
class Request:
    """What to run: one command for each member, the room for a model in bytes, where model and logs go.

    `logs` is the path of the logs without `.out.xz` and `.err.xz`.
    """

    commands: list[list[str]]
    limits: Limits
    room: int
    model: str
    logs: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; `member` is the index of the member that answered, `left` how many processes stayed.

    `status` is ok, error or wrong by the output alone; the model is unchecked.
    """

    ended: Ended
    claim: Claim
    status: Literal["ok", "error", "wrong"]
    reason: str
    wall: float
    cpu: float
    rss: int
    exit: int
    member: int
    lane: str
    lane_seed: int | None
    left: int


class Abandoned(Exception):  # the harness is gone: not an error of this process
    """Nobody waits for the outcome."""


class _Member:
    """One running solver of a portfolio, and what it prints."""

    def __init__(self, command: list[str], request: Request, index: int) -> None:
        self.command = command
        self.path = f"{request.model}.{index}"
        self.values: IO[bytes] = open(self.path, "wb")  # noqa: SIM115 - closed by finish
        self.output = Output(self.values.write, request.room)
        self.errors = Log()
        self.code: int | None = None
        self.judgement: Judgement | None = None
        self.popen: subprocess.Popen[bytes] | None = None
        self.pidfd = -1

    def start(self, file_limit: int) -> str:
        """Start it; return why that failed, or nothing."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of preexec_fn; there are no threads
                self.popen = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    start_new_session=True,
                    preexec_fn=before_exec(file_limit),
                )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return f"cannot start {self.command[0]}: {error}"
        self.pidfd = os.pidfd_open(self.popen.pid)
        for pipe in self.pipes:
            os.set_blocking(pipe.fileno(), False)
            with suppress(OSError):  # more than the user's share of pipe memory
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
        return ""

    @property
    def pipes(self) -> tuple[IO[bytes], ...]:
        if self.popen is None:
            return ()
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        return self.popen.stdout, self.popen.stderr

    def read(self, descriptor: int) -> bool:
        """Take in what a pipe holds, up to one pipe full; False at its end."""
        out = descriptor == self.pipes[0].fileno()
        try:
            data = os.read(descriptor, PIPE)
        except BlockingIOError:
            return True
        (self.output if out else self.errors).feed(data)
        return bool(data)

    def drain(self) -> None:
        """Take in all that was printed before now: no pipe holds more than PIPE bytes, or its default."""
        for pipe in self.pipes:
            room = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
            while room > 0:
                try:
                    data = os.read(pipe.fileno(), min(room, PIPE))
                except BlockingIOError:
                    break
                if not data:
                    break
                room -= len(data)
                (self.output if pipe is self.pipes[0] else self.errors).feed(data)

    def finish(self, code: int) -> None:
        """Judge it by all it has printed."""
        assert self.popen is not None
        self.code = self.popen.returncode = code
        self.drain()
        self.output.finish()
        self.values.close()
        self.judgement = judge(self.output, code)

    def close(self) -> None:
        for pipe in self.pipes:
            pipe.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
        self.values.close()


def run(request: Request, control: int) -> Outcome:
    """Run a request to its end. Raises Abandoned, with everything killed, when `control` becomes readable."""
    members = [_Member(command, request, index) for index, command in enumerate(request.commands)]
    race = _Race(members, request.limits, control)
    try:
        outcome = race.run()
        for member in members:
            member.close()
        os.replace(members[outcome.member].path, request.model)
        _write_logs(members, request.logs)
    finally:
        kill_all(race.reaped)
        for member in members:
            member.close()
            with suppress(FileNotFoundError):
                os.unlink(member.path)
    return outcome


class _Race:
    """The members of one run, from their start to the last process."""

    def __init__(self, members: list[_Member], limits: Limits, control: int) -> None:
        self.members = members
        self.limits = limits
        self.control = control
        self.usage = Usage()
        self.begun = self.over = time.monotonic()
        self.left = 0
        self.reason = ""
        self.poller = select.poll()
        self.pipes: dict[int, _Member] = {}

    def run(self) -> Outcome:
        self.poller.register(self.control, select.POLLIN)
        self.begun = time.monotonic()
        for index, member in enumerate(self.members):
            failure = member.start(self.limits.file)
            if failure:
                return self._outcome("exit", index, Judgement("unknown", "error", failure))
            assert member.popen is not None
            self.poller.register(member.pidfd, select.POLLIN)
            for pipe in member.pipes:
                self.pipes[pipe.fileno()] = member
                self.poller.register(pipe, select.POLLIN)
        ended = self._watch()
        self.over = time.monotonic()
        alive = [member for member in self.members if member.code is None]
        self.left = 0
        kill_all(self.reaped)
        self.usage.finish()
        if ended == "exit" and self.over - self.begun > self.limits.wall:
            ended, self.reason = "timeout", "wall time"
        winner = next((index for index, each in enumerate(self.members) if _definitive(each.judgement)), None)
        if winner is None or self.members[winner] in alive:
            first = (index for index, each in enumerate(self.members) if each.judgement and each.code)
            winner = next(first, 0)
        return self._outcome(ended, winner, self.members[winner].judgement)

    def _watch(self) -> Ended:
        """Wait for a definitive answer, the end of all members, or a limit and the grace after it."""
        ended: Ended = "exit"
        looks = 0
        next_look = self.begun
        end = self.begun + self.limits.wall
        while True:
            now = time.monotonic()
            if (now >= next_look or now < self.begun + YOUNG) and ended == "exit":
                used = self.usage.look(self.limits.memory)
                next_look = now + pause_after(used, self.limits.memory, looks)
                looks += 1
                if used > self.limits.memory:
                    self.reason = "memory"
                    return "memout"  # no grace: it would take more
                if self.usage.cpu > self.limits.cpu:
                    ended, self.reason, end = "timeout", "CPU time", now + self.limits.grace
                    _terminate()
            if now >= end:
                if ended == "timeout":
                    return ended
                ended, self.reason, end = "timeout", "wall time", now + self.limits.grace
                _terminate()
            wake = end if ended == "timeout" else min(end, next_look)
            for descriptor, _ in self.poller.poll(max(0.0, wake - time.monotonic()) * 1000):
                if descriptor == self.control:
                    raise Abandoned
                if descriptor in self.pipes and not self.pipes[descriptor].read(descriptor):
                    self.poller.unregister(descriptor)
                    del self.pipes[descriptor]
            reap(self.reaped)
            judged = [member.judgement for member in self.members]
            if any(map(_definitive, judged)) or None not in judged:
                return ended

    def reaped(self, pid: int, code: int, resident: int) -> None:
        """Note the end of a member, or of something else that it left behind."""
        self.usage.ended(resident)
        for member in self.members:
            if member.popen is not None and member.popen.pid == pid:
                if member.code is None:
                    with suppress(KeyError):
                        self.poller.unregister(member.pidfd)
                    for pipe in member.pipes:
                        if self.pipes.pop(pipe.fileno(), None) is not None:
                            self.poller.unregister(pipe)
                    member.finish(code)
                return
        self.left += 1

    def _outcome(self, ended: Ended, index: int, judgement: Judgement | None) -> Outcome:
        member = self.members[index]
        judgement = judgement or Judgement("unknown", "error", "it was not started")
        return Outcome(
            ended,
            judgement.claim,
            judgement.status,
            self.reason or judgement.reason,
            self.over - self.begun,
            self.usage.cpu,
            self.usage.peak,
            127 if member.code is None else member.code,
            index,
            member.output.lane,
            member.output.lane_seed,
            self.left,
        )


def _definitive(judgement: Judgement | None) -> bool:
    return judgement is not None and (
        judgement.status == "wrong" or (judgement.status == "ok" and judgement.claim != "unknown")
    )


def _terminate() -> None:
    signal_all(signal.SIGTERM)
    signal_all(signal.SIGCONT)  # who was stopped should hear it


def _write_logs(members: list[_Member], stem: str) -> None:
    """Write what the members printed, compressed; nothing for silence."""
    for kind in ("out", "err"):
        parts = []
        for index, member in enumerate(members):
            text = member.output.log.text() if kind == "out" else member.errors.text()
            if len(members) > 1:
                parts.append(b"c turbosat-bench: member %d\n" % index)
            parts.append(text)
        data = b"".join(parts)
        path = Path(f"{stem}.{kind}.xz")
        if data:
            part = path.with_name(path.name + ".part")
            part.write_bytes(lzma.compress(data, preset=0))
            os.replace(part, path)
        else:
            path.unlink(missing_ok=True)


def main(channel: socket.socket) -> None:
    """Serve requests until the harness goes away."""
    become_subreaper("turbosat-bench run")

    def handle(data: dict[str, Any]) -> Outcome:
        limits = Limits(**data.pop("limits"))
        return run(Request(limits=limits, **data), channel.fileno())

    with suppress(Abandoned):
        serve(channel, handle)
