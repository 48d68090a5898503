"""The program turbosat-check: from the first moment on, Ctrl-C ends it without a traceback."""

import signal
import sys


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    if argv is None and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from turbosat.check.command import run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
