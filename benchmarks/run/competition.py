"""What a solver prints, judged line by line as the SAT Competition does, in bounded memory.

Lines begin with c, s or v. There is one s line; after SATISFIABLE the v lines hold the model and end in a 0.
Satisfiable is exit code 10, unsatisfiable 20. Lines of any other kind are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Claim = Literal["sat", "unsat", "unknown"]

HEAD, TAIL = 256 << 10, 64 << 10  # bytes of the output that are kept for the log
LONGEST = 4096  # bytes of a c or s line that are looked at
PATIENCE = 32 << 20  # bytes that may wait: a solver should not wait for us to read its model
WORDS: dict[bytes, Claim] = {b"SATISFIABLE": "sat", b"UNSATISFIABLE": "unsat", b"UNKNOWN": "unknown"}
CODES: dict[int, Claim] = {10: "sat", 20: "unsat"}
_LANE = re.compile(rb"c answered by (.+?) \(.*?\bseed (-?\d+)")


class Log:
    """The beginning and the end of a stream, with a note of what was cut between them."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self.size = 0

    def feed(self, data: bytes) -> None:
        """Take in what was printed."""
        self.size += len(data)
        room = HEAD - len(self._head)
        if room:
            self._head += data[:room]
        if len(data) > room:
            self._tail += data[max(room, len(data) - TAIL) :]
            if len(self._tail) > 2 * TAIL:
                del self._tail[:-TAIL]

    def text(self) -> bytes:
        """Return what was kept."""
        cut = self.size - len(self._head) - min(len(self._tail), TAIL)
        note = b"\nc turbosat-bench: %d bytes cut here\n" % cut if cut else b""
        return bytes(self._head) + note + bytes(self._tail[-TAIL:])


@dataclass(slots=True)
class Output:
    """One solver's standard output, fed as it comes and read when there is much of it, or when it ended.

    `keep` takes the v lines, at most `room` bytes of them. `lane` and `lane_seed` are turbosat's winner.
    """

    keep: Callable[[bytes], object]
    room: int
    claims: list[Claim] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    closed: bool = False  # the model's 0 was seen
    lane: str = ""
    lane_seed: int | None = None
    log: Log = field(default_factory=Log)
    _waiting: list[bytes] = field(default_factory=list)
    _size: int = 0
    _rest: bytes = b""
    _skipping: bool = False  # the rest of a line too long to look at

    def feed(self, data: bytes) -> None:
        """Take in what was printed."""
        self._waiting.append(data)
        self._size += len(data)
        if self._size > PATIENCE:
            self._read()

    def _read(self) -> None:
        data = b"".join(self._waiting)
        self._waiting, self._size = [], 0
        self.log.feed(data)
        if self._skipping:
            end = data.find(b"\n")
            if end < 0:
                return
            data, self._skipping = data[end + 1 :], False
        data = self._rest + data
        lines = data.split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self._line(line)
        if len(self._rest) > LONGEST:
            self._cut()

    def _cut(self) -> None:
        """Do with the beginning of a long line what can be done, so that it need not be kept."""
        if self._rest[:1] != b"v":
            self._line(self._rest[:LONGEST])
            self._rest, self._skipping = b"", True
            return
        space = max(self._rest.rfind(b" "), self._rest.rfind(b"\t"))
        if space > 1:
            self._line(self._rest[:space])
            self._rest = b"v" + self._rest[space:]
        elif len(self._rest) > 2 * LONGEST:
            self._fault("a v line without blanks")
            self._rest, self._skipping = b"", True

    def finish(self) -> None:
        """Read what waits, and a last line without a newline."""
        self._read()
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _line(self, line: bytes) -> None:
        kind = line[:2]
        if kind == b"v " or kind in (b"v", b"v\r", b"v\t"):
            self._values(line[1:])
        elif kind == b"s ":
            word = line[2:].strip()
            claim = WORDS.get(word)
            if claim is None:
                self._fault(f"an s line that says {word[:40].decode(errors='replace')!r}")
            elif len(self.claims) < 2:
                self.claims.append(claim)
        elif line.startswith(b"c answered by ") and (match := _LANE.match(line)):
            self.lane, self.lane_seed = match[1].decode(errors="replace"), int(match[2])

    def _values(self, text: bytes) -> None:
        if self.room < 0:
            return
        words = text.split()
        if not words:
            return
        if self.closed:
            self._fault("literals after the closing 0")
        elif b"0" in words:
            self.closed = True
            if words.index(b"0") != len(words) - 1:
                self._fault("literals after the closing 0")
        self.room -= len(text) + 2
        if self.room < 0:
            self._fault("more v lines than any model needs")
        else:
            self.keep(b"v" + text + b"\n")

    def _fault(self, text: str) -> None:
        if text not in self.faults and len(self.faults) < 5:
            self.faults.append(text)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a finished output amounts to, its model still unchecked; status is ok, error or wrong."""

    claim: Claim
    status: Literal["ok", "error", "wrong"]
    reason: str


def judge(output: Output, code: int) -> Judgement:
    """Judge the output of a solver that ended by itself with this exit code (-N: by signal N)."""
    claims = output.claims
    told = claims[0] if claims else "unknown"
    if len(claims) > 1:
        return Judgement(told, "wrong", "two s lines")
    by_code = CODES.get(code, "unknown")
    if "unknown" not in (told, by_code) and told != by_code:
        return Judgement(told, "wrong", f"the s line says {told}, the exit code {code} says {by_code}")
    if code < 0:
        return Judgement(told, "error", f"killed by signal {-code}")
    if output.faults:
        return Judgement(told, "error", output.faults[0])
    if told != by_code:
        said = f"the s line says {told}" if claims else "no s line"
        return Judgement(told, "error", f"{said}, but the exit code is {code}")
    if told == "sat" and not output.closed:
        return Judgement(told, "error", "satisfiable without a complete model")
    if told == "unknown" and code != 0:
        return Judgement(told, "error", f"exit code {code}")
    return Judgement(told, "ok", "" if told != "unknown" else "it gave up")
