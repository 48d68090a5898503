"""Kissat as an engine: the real binary in a child process, read through a pipe."""

from __future__ import annotations

import math
import os
import sys
import time
from array import array
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from turbosat.cdcl.engines.engine import Ability, Answer, Budget, Engine, FileName
from turbosat.cdcl.engines.kissat_output import Output
from turbosat.cdcl.process.binaries import find_kissat
from turbosat.cdcl.process.child import (
    OUTPUT_BUFFER,
    Child,
    Spent,
    exit_cause,
    exit_words,
    readable,
    unstarted,
)
from turbosat.cdcl.process.interrupts import undisturbed
from turbosat.errors import EngineError, UnsupportedError, UsageError
from turbosat.result import Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.formula.formula import Formula
    from turbosat.proof.file import ProofFile

NAMES = str, os.PathLike  # what a file is named by
CHUNK = 1 << 18  # bytes read at once
EXIT_CODES = {status.value: status for status in Status}
LONGEST = 2**31 - 1  # seconds that Kissat can count
SPOOLS = None, "/dev/shm"  # folders for a formula that needs a name, None for the usual one


class Kissat(Engine):
    """One run of Kissat.

    The child starts with the first `advance`. Given a path, Kissat reads the file itself, unless phases
    or units are set: then turbosat reads it. It is never told the path: by the names of its files it decides
    what to have a shell run, on those names. Kissat knows no phases, so variables hinted false are renamed to
    their negations; the model is renamed back.

    `options` go to the command line as they are. `time_limit` is a safety net in case nobody stops the
    child: it ends about a second later with UNKNOWN, as it does at limits set by `options`; `poll`
    repeats that answer. `memory_limit` is in bytes of address space. `progress` is the last report line.
    """

    name = "kissat"
    abilities = frozenset({Ability.PHASES, Ability.UNITS, Ability.SECONDS, Ability.PROOF})

    def __init__(
        self,
        options: Sequence[str] = (),
        *,
        seed: int = 0,
        proof: ProofFile | None = None,
        time_limit: float | None = None,
        memory_limit: int | None = None,
    ) -> None:
        self.options = tuple(options)
        self.seed = seed
        self.proof = proof
        self.time_limit = time_limit
        self.memory_limit = memory_limit
        self._program = ""
        self._temporary = ""  # a file to be removed
        self._source: Formula | FileName | None = None
        self._phases: NDArray[np.bool_] | None = None
        self._signs: NDArray[np.int8] | None = None
        self._units: tuple[int, ...] = ()
        self._child: Child | None = None
        self._output = Output()
        self._slice_end: float | None = None
        self._running = False
        self._answer: Answer | None = None
        self._stopped = False

    @property
    def progress(self) -> dict[str, float]:
        """The last report line: conflicts, remaining (per cent of the variables), megabytes, ..."""
        return self._output.progress

    def start(self, source: Formula | FileName) -> None:
        """Take the formula; the child starts with the first `advance`."""
        if self._source is not None or self._stopped:
            raise UsageError("an engine takes one formula, once")
        self._program = find_kissat()
        self._source = source

    def set_phases(self, values: NDArray[np.bool_]) -> None:
        """Prefer these values, (variables,), when deciding; only before the first slice, not with a proof."""
        from turbosat.cdcl.engines.requests import checked_phases

        formula = self._editable(Ability.PHASES)
        self._phases = checked_phases(values, formula.variables)

    def add_units(self, literals: NDArray[np.int32]) -> None:
        """Restrict the search to this partial assignment; only before the first slice, not with a proof."""
        from turbosat.cdcl.engines.requests import checked_literals

        formula = self._editable(Ability.UNITS)
        self._units += tuple(checked_literals(literals, formula.variables, "units").tolist())

    def advance(self, budget: Budget) -> None:
        """Start the child, or let it go on."""
        if self._source is None or (self._stopped and self._answer is None):
            raise UsageError("advance comes after start and before stop")
        if self._running:
            raise UsageError("a slice is running: poll for its answer first")
        self.require_budget(budget)
        if self._answer is None:
            if self._child is None:
                self._launch()
            else:
                self._child.resume()
        self._running = True
        self._slice_end = None if budget.seconds is None else time.monotonic() + budget.seconds

    def poll(self, timeout: float | None = 0.0) -> Answer | None:
        """Return the answer of the slice, or None; a slice whose seconds are over is ended here."""
        if not self._running:
            raise UsageError("poll comes after advance")
        if self._answer is None:
            end = None if timeout is None else time.monotonic() + timeout
            while not self._read(end):
                now = time.monotonic()
                if self._slice_end is not None and now >= self._slice_end:
                    self._living().pause()
                    self._running = False
                    return self._report(Status.UNKNOWN)
                if end is not None and now >= end:
                    return None
            self._answer = self._conclude()
        self._running = False
        return self._answer

    def fileno(self) -> int:
        """Return the read end of Kissat's output; UsageError before the first `advance`."""
        return self._living().output

    @property
    def pid(self) -> int | None:
        """The child process."""
        return None if self._child is None or self._stopped else self._child.pid

    @property
    def spent(self) -> Spent:
        """What the child took."""
        return Spent() if self._child is None else self._child.spent

    def stop(self) -> None:
        """Kill the child, reap it, close the pipe."""
        self._stopped = True
        if self._child is not None:
            self._child.stop()
        self._unlink()

    def _editable(self, ability: Ability) -> Formula:
        """Return the formula as arrays, in the state in which it may still be changed."""
        self.require(ability)
        if self.proof is not None:
            raise UnsupportedError(f"{self.name} cannot combine a proof with {ability.value}")
        if self._child is not None:
            raise UnsupportedError(f"{self.name} offers {ability.value} only")
        if self._source is None or self._stopped:
            raise UsageError(f"{ability.value}: only after start")
        if isinstance(self._source, NAMES):
            from turbosat.formula import files

            self._source = files.read(self._source, check=self.check)
        return self._source

    def _launch(self) -> None:
        """Start the child. The formula is its standard input, the proof a pipe that it inherits."""
        assert self._source is not None
        command = [self._program, f"--seed={self.seed}", *self.options]
        if self.time_limit is not None and self.time_limit < LONGEST - 1:
            command.append(f"--time={max(1, math.ceil(self.time_limit) + 1)}")
        keep: list[int] = []
        try:
            file = self._opened(self._source)
            try:
                if self.proof is not None:
                    keep.append(self.proof.begin())
                    command += [] if self.proof.binary else ["--no-binary"]
                    command += [self._temporary or _inherited(0), _inherited(keep[0])]
                self._output.source = command[-2] if keep else "<stdin>"
                with undisturbed():
                    self._child = Child(
                        command, stdin=file, keep=keep, memory_limit=self.memory_limit, chatty=True
                    )
            finally:
                for each in (file, *keep):
                    os.close(each)
        except OSError as error:
            raise unstarted(self.name, error) from error

    def _opened(self, source: Formula | FileName) -> int:
        """Return a descriptor of what Kissat is to read, at its start."""
        if isinstance(source, NAMES):
            try:
                return os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as error:
                raise EngineError(f"{self.name}: cannot read {source}: {error.strerror}") from None
        if self.proof is None:
            from turbosat.cdcl.process.channel import anonymous_file

            return self._filled(anonymous_file(), source)
        # With a proof Kissat wants to know where both files are, so this one needs a name, until it is open.
        import tempfile

        problem = OSError()
        for folder in SPOOLS:
            try:
                file, self._temporary = tempfile.mkstemp(prefix="turbosat-", suffix=".cnf", dir=folder)
                return self._filled(file, source)
            except OSError as error:  # it is full, or must not be written
                self._unlink()
                problem = error
        raise problem

    def _filled(self, file: int, source: Formula) -> int:
        try:
            self._write(source, file)
        except BaseException:
            os.close(file)
            raise
        return file

    def _write(self, formula: Formula, file: int) -> None:
        """Write what Kissat is to solve, and go back to the start of the file."""
        import numpy as np

        from turbosat.cdcl.engines.polarity import flip_signs, restricted
        from turbosat.formula import files

        clauses = formula.expanded(self.check)
        if self._phases is not None:
            self._signs = flip_signs(clauses.variables, self._phases)
        if self._phases is not None or self._units:
            clauses = restricted(clauses, np.array(self._units, np.int32), self._signs, self.check)
        with open(file, "wb", closefd=False) as target:
            files.write(clauses, target, check=self.check)
        os.lseek(file, 0, os.SEEK_SET)

    def _unlink(self) -> None:
        if self._temporary:
            with suppress(FileNotFoundError):
                os.unlink(self._temporary)
            self._temporary = ""

    def _read(self, end: float | None) -> bool:
        """Read what there is, waiting until `end` or the end of the slice; True when Kissat is done."""
        child = self._living()
        until = min((t for t in (end, self._slice_end) if t is not None), default=None)
        wait = None if until is None else max(0.0, until - time.monotonic())
        if not readable(child.output, wait):
            return False
        left = OUTPUT_BUFFER  # all that was there, its end too: who waits no longer must not miss that
        while left >= 0:  # but no more, lest what prints all the time is listened to all the time
            try:
                data = os.read(child.output, CHUNK)
            except BlockingIOError:
                return False
            except OSError as error:
                raise EngineError(f"kissat: cannot read its output: {error}") from error
            if not data:
                return True
            left -= len(data)
            self._output.feed(data)
            if self._output.variables is not None:
                self._unlink()
        return False

    def _named(self, complaint: str) -> str:
        """Return what Kissat complains of with the name of the file that it read without knowing it."""
        if isinstance(self._source, NAMES) and self._output.source:
            return complaint.replace(self._output.source, os.fspath(self._source), 1)
        return complaint

    def _conclude(self) -> Answer:
        """Turn the end of the child into the last answer."""
        code = self._living().exit_code(timeout=1.0)  # its output is closed, so it is on its way out
        self.stop()
        if (code is None or code <= 0) and self._output.exit is not None:
            code = self._output.exit  # what it said to the end counts, whatever became of it then
        elif code == 0:
            raise EngineError("kissat: it ended without an answer", exit_cause(code))
        status = None if code is None else EXIT_CODES.get(code)
        if status is None:
            cause = self._output.cause or exit_cause(code)
            raise EngineError(f"kissat: {self._named(self._output.error) or exit_words(code)}", cause)
        if status and self._output.status != str(status):
            raise EngineError(
                f"kissat: {exit_words(code)}, but it printed {self._output.status or 'no answer'!r}"
            )
        return self._report(status)

    def _report(self, status: Status) -> Answer:
        found: NDArray[np.bool_] | array[int] | None = None
        if status is Status.SATISFIABLE:
            found = self._output.literals() if isinstance(self._source, NAMES) else None
            if found is None:
                found = self._values()
        core = self._units if status is Status.UNSATISFIABLE else ()
        counts = dict(self._output.counts)
        for name in ("conflicts", "seconds"):
            counts.setdefault(name, self._output.progress.get(name, 0.0))
        return Answer(status, found, self._units, core, counts)

    def _values(self) -> NDArray[np.bool_]:
        """Return the model by the variables of the formula."""
        values = self._output.values()
        if self._signs is not None:
            values = values == (self._signs > 0)
        if self._source is not None and not isinstance(self._source, NAMES):
            values = values[: self._source.variables]  # less what long XORs needed
        return values

    def _living(self) -> Child:
        if self._child is None or self._stopped:
            raise UsageError("there is no child process: it runs from the first advance to stop")
        return self._child


def _inherited(descriptor: int) -> str:
    """Return the name under which a child finds a descriptor that it inherits."""
    return f"/proc/self/fd/{descriptor}" if sys.platform == "linux" else f"/dev/fd/{descriptor}"
