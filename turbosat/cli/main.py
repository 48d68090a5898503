"""The command line: arguments to options, a Result to `s` and `v` lines, signals to the deadline.

Only this module prints, exits and installs signal handlers.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

from turbosat.cli.streams import Output, Stuck, Watch, finish, reason, secure
from turbosat.errors import OutputError, SoundnessError, TurbosatError
from turbosat.system import ONE_THREAD, process_start

if TYPE_CHECKING:
    from turbosat.deadline import Deadline
    from turbosat.options import Display, Options
    from turbosat.proof.outlet import Outlet
    from turbosat.result import Result

FAILURE = 1  # exit code of every error; 0, 10 and 20 are answers
PROGRAM = "turbosat"
UNCOLLECTED = 100_000  # new objects: looking for cycles while modules load takes a twentieth of a short run
BEAT = 0.1  # seconds between two looks at a write that takes so long
GRACE = 0.25  # seconds that a reader has to take something when the run is over


def main() -> None:
    """Run `turbosat` on the arguments of this process and exit."""
    os.environ |= {**ONE_THREAD, **os.environ}
    gc.set_threshold(UNCOLLECTED)
    secure()
    code = run(sys.argv[1:], _Signals())
    finish()
    sys.exit(code)


def run(arguments: list[str], signals: _Signals | None = None) -> int:
    """Run `turbosat ARGUMENTS` and return the exit code."""
    from turbosat.system import require_system
    from turbosat.version import __version__

    try:
        require_system()
    except ImportError as error:
        return _fail(str(error))
    from turbosat.cli.arguments import TyperUsageError, command, options_of_environment

    def doctor() -> tuple[str, bool]:
        from turbosat.cli.doctor import diagnose

        return diagnose()

    def go(file: str, options: Options, display: Display) -> int:
        return _solve(file, options, display, arguments, signals)

    watch = nullcontext if signals is None else signals.watch
    try:
        arguments = [*options_of_environment(), *arguments]
        outcome = command(go, __version__, doctor)(arguments, prog_name=PROGRAM, standalone_mode=False)
    except TurbosatError as error:
        return _fail(str(error), watch)
    except TyperUsageError as error:
        return _fail(f"{' '.join(error.format_message().split())} (see {PROGRAM} --help)", watch)
    except OSError as error:
        return _fail(f"{error.filename}: {reason(error)}" if error.filename else reason(error), watch)
    except MemoryError:
        return _fail("out of memory", watch)
    return outcome if isinstance(outcome, int) else 0


class _Signals:
    """SIGINT and SIGTERM, from the first moment on: they cancel the deadline, there or still to come.

    And SIGALRM, which looks after writes that nobody takes: the limits hold for them, too.
    """

    def __init__(self) -> None:
        self._deadline: Deadline | None = None
        self._pending = False
        self._watching = False
        self._began = 0.0  # the write that is watched
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)
        signal.signal(signal.SIGALRM, self._beat)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, children would leave no exit codes

    def connect(self, deadline: Deadline) -> None:
        self._deadline = deadline
        if self._pending:
            deadline.cancel()

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Raise Stuck in the midst of a write that lasts when the run must end."""
        self._began, self._watching = time.monotonic(), True
        signal.setitimer(signal.ITIMER_REAL, BEAT, BEAT)
        try:
            yield
        finally:
            self._watching = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _handle(self, *_: object) -> None:
        self._pending = True
        if self._deadline is not None:
            self._deadline.cancel()

    def _beat(self, *_: object) -> None:
        over = self._pending or (self._deadline is not None and self._deadline.expired() is not None)
        if self._watching and over and time.monotonic() - self._began >= GRACE:
            self._watching = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Stuck("nobody reads it")


def _fail(message: str, watch: Watch = nullcontext) -> int:
    Output(sys.stderr, watch).line(f"{PROGRAM}: error: {message}")
    return FAILURE


def _solve(
    file: str, options: Options, display: Display, arguments: list[str], signals: _Signals | None
) -> int:
    from turbosat.api import memory_bytes
    from turbosat.cli.display import Show
    from turbosat.deadline import Deadline
    from turbosat.run.pipeline import Run
    from turbosat.version import __version__

    watch = nullcontext if signals is None else signals.watch
    with ExitStack() as stack:
        statistics = _statistics(display["json"], stack)
        limits = options["time_limit"], memory_bytes(options), process_start()
        deadline = stack.enter_context(Deadline(*limits, whole=True))
        if signals is not None:
            signals.connect(deadline)
        show = Show(display, deadline, watch, alone=not _printed(options["proof"]))
        show.comment(f"turbosat {__version__}")
        show.comment(f"reading {'standard input' if file == '-' else file}")
        beside = [] if statistics is None else [statistics]
        code, trouble = None, []
        try:
            result = Run(file, options, deadline, show.event, beside=beside).run()
        except SoundnessError as error:
            raise SoundnessError(f"{error}; this is a bug: please report it with the file") from None
        except OutputError as error:
            if error.result is None:
                raise
            result = error.result
            trouble.append(str(error))
            code = FAILURE if error.proof else None
        finally:
            show.close()
        try:
            show.result(result)
        finally:
            if statistics is not None:
                trouble += _write_json(statistics, deadline, result, file, arguments, options)
            if complaint := show.complaint():
                trouble.append(complaint)
            if trouble:
                _fail("; ".join(trouble), watch)
    return int(result.status) if code is None else code


def _printed(proof: str | None) -> bool:
    """Whether a proof goes where answers are printed: nothing else may come in between, then."""
    if proof is None:
        return False
    from turbosat.proof.outlet import is_standard_output

    return is_standard_output(proof)


def _statistics(path: str | None, stack: ExitStack) -> Outlet | None:
    """Find a way to where the statistics go; UsageError where there is none."""
    if path is None:
        return None
    from turbosat.proof.outlet import Outlet

    return stack.enter_context(Outlet(path, "the statistics"))


def _write_json(
    target: Outlet, deadline: Deadline, result: Result, file: str, arguments: list[str], options: Options
) -> list[str]:
    """Write the statistics; return why that failed, if it did."""
    import json

    from turbosat.proof.delivery import deliver
    from turbosat.version import __version__

    data = {
        "turbosat": __version__,
        "python": sys.version.split()[0],
        "command": [PROGRAM, *arguments],
        "file": file,
        "options": options,
        **result.statistics,
    }
    error = deliver(target, json.dumps(data, indent=2).encode() + b"\n", deadline)
    return [error] if error else []
