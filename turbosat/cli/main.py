"""The command line: arguments to options, a Result to `s` and `v` lines, signals to the deadline."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbosat.cli.signals import Signals
    from turbosat.deadline import Deadline
    from turbosat.options import Display, Options
    from turbosat.proof.outlet import Outlet
    from turbosat.result import Result

PROGRAM = "turbosat"


def main() -> None:
    """Run `turbosat` on the arguments of this process and exit."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until what handles it is loaded
    from turbosat.cdcl.process.fork import permit
    from turbosat.cli.program import launch

    permit()
    launch(run)


def run(arguments: list[str], signals: Signals | None = None) -> int:
    """Run `turbosat ARGUMENTS` and return the exit code."""
    from turbosat.cli.program import guarded

    def doctor() -> tuple[str, bool]:
        from turbosat.cli.doctor import diagnose

        return diagnose()

    def go(file: str, options: Options, display: Display) -> int:
        return _solve(file, options, display, arguments, signals)

    def started() -> object:
        nonlocal arguments
        from turbosat.cli.words import ENVIRONMENT, called, plain_values

        if not os.environ.get(ENVIRONMENT, "").strip():
            values = plain_values(arguments)
            if values is not None:
                return called(go, values)
        from turbosat.cli.arguments import command, options_of_environment
        from turbosat.version import __version__

        arguments = [*options_of_environment(), *arguments]
        return command(go, __version__, doctor)(arguments, prog_name=PROGRAM, standalone_mode=False)

    return guarded(PROGRAM, started, nullcontext if signals is None else signals.watch)


def _solve(
    file: str, options: Options, display: Display, arguments: list[str], signals: Signals | None
) -> int:
    from turbosat.cli.display import Show
    from turbosat.cli.program import FAILURE, fail
    from turbosat.deadline import Deadline
    from turbosat.errors import OutputError, SoundnessError
    from turbosat.options import memory_bytes
    from turbosat.run.pipeline import Run
    from turbosat.system import process_start
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
                fail(PROGRAM, "; ".join(trouble), watch)
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
