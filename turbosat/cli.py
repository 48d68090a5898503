"""The command line: arguments to options, a Result to `s` and `v` lines, signals to the deadline.

Only this module prints, exits and installs signal handlers.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from turbosat.errors import SoundnessError, TurbosatError
from turbosat.system import ONE_THREAD, process_start, require_writable

if TYPE_CHECKING:
    from turbosat.deadline import Deadline
    from turbosat.events import Event
    from turbosat.options import Display, Options
    from turbosat.result import Result

FAILURE = 1  # exit code of every error; 0, 10 and 20 are answers
PROGRAM = "turbosat"
WIDTH = 78  # characters of a `v` line; the SAT Competition allows 4,096


def main() -> None:
    """Run `turbosat` on the arguments of this process and exit."""
    os.environ |= {**ONE_THREAD, **os.environ}
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
    from turbosat import __version__, require_system

    try:
        require_system()
    except ImportError as error:
        return _fail(str(error))
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

    if display["json"] is not None:
        require_writable(display["json"], "the statistics")
    limits = options["time_limit"], memory_bytes(options), process_start()
    with Deadline(*limits, whole=True) as deadline:
        show = _Show(display, deadline)
        show.comment(f"turbosat {__version__}")
        show.comment(f"reading {'standard input' if file == '-' else file}")
        if signals is not None:
            signals.connect(deadline)
        try:
            result = Run(file, options, deadline, show.event).run()
        except SoundnessError as error:
            raise SoundnessError(f"{error}; this is a bug: please report it with the file") from None
        finally:
            show.close()
        show.result(result)
        if display["json"] is not None:
            _write_json(display["json"], result, file, arguments, options)
    return int(result.status)


def _write_json(path: str, result: Result, file: str, arguments: list[str], options: Options) -> None:
    import json

    from turbosat import __version__

    data = {
        "turbosat": __version__,
        "python": sys.version.split()[0],
        "command": [PROGRAM, *arguments],
        "file": file,
        "options": options,
        **result.statistics,
    }
    with open(path, "w", encoding="utf-8") as target:
        json.dump(data, target, indent=2)
        target.write("\n")


class _Show:
    """What the user sees: comments and the answer on stdout, a live view on a terminal's stderr."""

    def __init__(self, display: Display, deadline: Deadline) -> None:
        from turbosat.view import View

        self._display = display
        live = sys.stderr.isatty() and not display["quiet"] and not display["verbose"]
        self._view = View(deadline) if live else None

    def comment(self, text: str) -> None:
        if not self._display["quiet"]:
            self.close()
            print(f"c {text}", flush=True)

    def event(self, event: Event) -> None:
        """Show an event of the run."""
        from turbosat.errors import Cause

        if self._display["verbose"]:
            self.comment(str(event))
        elif event.kind == "note":
            self.comment(event.data["what"])
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
