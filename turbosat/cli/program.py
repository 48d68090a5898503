"""What all programs have in common: how they start, end, and say that something is wrong."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import NoReturn

from turbosat.cli.signals import Signals
from turbosat.cli.streams import Output, Watch, finish, reason, secure
from turbosat.errors import TurbosatError
from turbosat.system import ONE_THREAD, require_system

FAILURE = 1  # exit code of every error; 0, 10 and 20 are answers
UNCOLLECTED = 100_000  # new objects: looking for cycles while modules load takes a twentieth of a short run


def launch(run: Callable[[list[str], Signals], int]) -> NoReturn:
    """Run a program on the arguments of this process and exit."""
    os.environ |= {**ONE_THREAD, **os.environ}
    gc.set_threshold(UNCOLLECTED)
    secure()
    code = run(sys.argv[1:], Signals())
    finish()
    os._exit(code)  # nothing is left to be done, and taking down an interpreter with numpy takes a while


def guarded(program: str, go: Callable[[], object], watch: Watch = nullcontext) -> int:
    """Return what a program's command returns as its exit code; whatever is wrong is one line on stderr."""
    try:
        require_system()
        outcome = go()
    except TurbosatError as error:
        return fail(program, str(error), watch)
    except ModuleNotFoundError as error:  # a checkout runs in any environment
        return fail(program, f"the package {error.name} is missing: pip install turbosat brings it", watch)
    except ImportError as error:
        return fail(program, str(error), watch)
    except OSError as error:
        return fail(program, f"{error.filename}: {reason(error)}" if error.filename else reason(error), watch)
    except MemoryError:
        return fail(program, "out of memory", watch)
    except Exception as error:
        complaint = _complaint(error)
        if complaint is None:
            raise
        return fail(program, f"{' '.join(complaint.split())} (see {program} --help)", watch)
    return outcome if isinstance(outcome, int) else 0


def _complaint(error: Exception) -> str | None:
    """Return what Typer says is wrong with the arguments, None for another error; only it need be loaded."""
    if "typer" not in sys.modules:
        return None
    from turbosat.cli.arguments import TyperUsageError

    return str(error.format_message()) if isinstance(error, TyperUsageError) else None


def fail(program: str, message: str, watch: Watch = nullcontext) -> int:
    """Say on stderr what is wrong, and return the exit code for that."""
    Output(sys.stderr, watch).line(f"{program}: error: {message}")
    return FAILURE
