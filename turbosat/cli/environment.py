"""Options in the environment, for clients that pass none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from turbosat.errors import UsageError

if TYPE_CHECKING:
    from turbosat.options import Display, Options

ENVIRONMENT = "TURBOSAT_OPTIONS"


def options_of_environment() -> list[str]:
    """Return the options in TURBOSAT_OPTIONS, for clients that pass none; those of the command line win.

    UsageError for what is more than options.
    """
    text = os.environ.get(ENVIRONMENT, "")
    if not text.strip():
        return []
    import shlex

    from turbosat.cli.arguments import TyperUsageError, command

    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{ENVIRONMENT}: {error}") from None
    seen: list[str | None] = []
    first = "FILE"

    def go(file: str, options: Options, display: Display) -> int:
        seen.extend([file, options["proof"]])
        return 0

    try:
        command(go, "", lambda: ("", True))([*words, "--", first], standalone_mode=False)
    except TyperUsageError as error:
        raise UsageError(f"{ENVIRONMENT}: {' '.join(error.format_message().split())}") from None
    except UsageError as error:
        raise UsageError(f"{ENVIRONMENT}: {error}") from None
    if seen != [first, None]:
        raise UsageError(f"{ENVIRONMENT} must hold options only, not {text.strip()}")
    return words
