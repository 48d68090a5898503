"""The command line: arguments to options, a Result to `s` and `v` lines, signals to the deadline.

Only this module prints, exits and installs signal handlers.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from turbosat.errors import OutputError, SoundnessError, TurbosatError
from turbosat.system import process_start

if TYPE_CHECKING:
    from turbosat.deadline import Deadline
    from turbosat.events import Event
    from turbosat.options import Display, Options
    from turbosat.outlet import Outlet
    from turbosat.result import Result

FAILURE = 1  # exit code of every error; 0, 10 and 20 are answers
PROGRAM = "turbosat"
WIDTH = 78  # characters of a `v` line; the SAT Competition allows 4,096


def main() -> None:
    """Run `turbosat` on the arguments of this process and exit."""
    signals = _Signals()
    code = FAILURE
    try:
        code = run(sys.argv[1:], signals)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: list[str], signals: _Signals | None = None) -> int:
    """Run `turbosat ARGUMENTS` and return the exit code."""
    from turbosat import __version__
    from turbosat.arguments import TyperUsageError, command

    def doctor() -> tuple[str, bool]:
        from turbosat.doctor import diagnose

        return diagnose()

    def go(file: str, options: Options, display: Display) -> int:
        return _solve(file, options, display, arguments, signals)

    try:
        outcome = command(go, __version__, doctor)(arguments, prog_name=PROGRAM, standalone_mode=False)
    except TurbosatError as error:
        return _fail(str(error))
    except TyperUsageError as error:
        return _fail(f"{' '.join(error.format_message().split())} (see {PROGRAM} --help)")
    return outcome if isinstance(outcome, int) else 0


class _Signals:
    """SIGINT and SIGTERM, from the first moment on: they cancel the deadline, there or still to come."""

    def __init__(self) -> None:
        self._deadline: Deadline | None = None
        self._pending = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, children would leave no exit codes

    def connect(self, deadline: Deadline) -> None:
        self._deadline = deadline
        if self._pending:
            deadline.cancel()

    def _handle(self, *_: object) -> None:
        self._pending = True
        if self._deadline is not None:
            self._deadline.cancel()


def _fail(message: str) -> int:
    print(f"{PROGRAM}: error: {message}", file=sys.stderr)
    return FAILURE


def _solve(
    file: str, options: Options, display: Display, arguments: list[str], signals: _Signals | None
) -> int:
    from turbosat import __version__
    from turbosat.api import memory_bytes
    from turbosat.deadline import Deadline
    from turbosat.pipeline import Run

    with ExitStack() as stack:
        statistics = _statistics(display["json"], stack)
        deadline = stack.enter_context(
            Deadline(options["time_limit"], memory_bytes(options), process_start())
        )
        show = _Show(display, deadline, alone=not _printed(options["proof"]))
        show.comment(f"turbosat {__version__}")
        show.comment(f"reading {'standard input' if file == '-' else file}")
        if signals is not None:
            signals.connect(deadline)
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
            if trouble:
                _fail("; ".join(trouble))
    return int(result.status) if code is None else code


def _printed(proof: str | None) -> bool:
    """Whether a proof goes where answers are printed: nothing else may come in between, then."""
    if proof is None:
        return False
    from turbosat.outlet import is_standard_output

    return is_standard_output(proof)


def _statistics(path: str | None, stack: ExitStack) -> Outlet | None:
    """Find a way to where the statistics go; UsageError where there is none."""
    if path is None:
        return None
    from turbosat.outlet import Outlet

    return stack.enter_context(Outlet(path, "the statistics"))


def _write_json(
    target: Outlet, deadline: Deadline, result: Result, file: str, arguments: list[str], options: Options
) -> list[str]:
    """Write the statistics; return why that failed, if it did."""
    import json

    from turbosat import __version__
    from turbosat.delivery import deliver

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


class _Show:
    """What the user sees: comments and the answer on stdout, a live view on a terminal's stderr."""

    def __init__(self, display: Display, deadline: Deadline, *, alone: bool) -> None:
        """`alone`: nobody else writes to the standard output."""
        from turbosat.view import View

        self._display = display
        self._quiet = display["quiet"] or not alone
        live = sys.stderr.isatty() and not self._quiet and not display["verbose"]
        self._view = View(deadline) if live else None

    def comment(self, text: str) -> None:
        if not self._quiet:
            self.close()
            print(f"c {text}", flush=True)

    def event(self, event: Event) -> None:
        """Show an event of the run."""
        from turbosat.errors import Cause

        if self._display["verbose"]:
            self.comment(str(event))
        elif event.kind == "parsed":
            data = event.data
            sizes = f"{data['variables']} variables and {data['clauses']} clauses"
            self.comment(f"parsed {sizes} in {data['took']:.2f} s")
        elif event.kind == "algebra" and event.data["xors"]:
            self.comment(_algebra_line(event.data))
        elif event.kind in ("device", "started") and "device" in event.data:
            why = f" ({event.data['why']})" if "why" in event.data else ""
            self.comment(f"{event.lane} search on {event.data['device']}{why}")
        elif event.kind == "failed" and event.data["cause"] != Cause.REJECTED.value:
            self.comment(f"{event.lane} failed: {event.data['why']}")
        if self._view is not None:
            self._view.event(event)

    def close(self) -> None:
        """Wipe the live view."""
        if self._view is not None:
            self._view.pause()

    def result(self, result: Result) -> None:
        """Print the answer as the SAT Competition asks."""
        if result.winner is not None:
            winner = result.winner
            options = "".join(f" {option}" for option in winner.options)
            self.comment(f"answered by {winner.lane} ({winner.engine}, seed {winner.seed}{options})")
        if result.reason is not None:
            self.comment(f"no answer: {result.reason}")
        self.comment(f"{result.statistics['wall_seconds']:.2f} seconds")
        print(f"s {result.status}")
        if result.model is not None and not self._display["no_witness"]:
            sys.stdout.write(value_lines(result.model.tolist()))
        sys.stdout.flush()


def _algebra_line(data: dict[str, Any]) -> str:
    """Say in one line what recovery and elimination found."""
    seconds = data["recover_seconds"] + data["eliminate_seconds"]
    found = f"{data['xors']} XORs over {data['variables']} variables"
    if data["contradiction"]:
        outcome = "they contradict each other"
    else:
        derived = f"{data['units']} units, {data['equivalences']} equivalences, {data['short']} short XORs"
        outcome = f"rank {data['rank']}, {derived} derived"
    return f"{found}: {outcome}; {seconds:.2f} s"


def value_lines(model: list[int]) -> str:
    r"""Return a model's `v` lines, the closing 0 included, each at most 78 characters long.

    >>> value_lines([1, -2])
    'v 1 -2 0\n'
    """
    text = " ".join(map(str, [*model, 0]))
    lines = []
    room, begin = WIDTH - 2, 0
    while begin < len(text):
        end = len(text) if len(text) - begin <= room else text.rindex(" ", begin, begin + room + 1)
        lines.append(f"v {text[begin:end]}\n")
        begin = end + 1
    return "".join(lines)
