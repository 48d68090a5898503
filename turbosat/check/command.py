"""The command turbosat-check: its options, its lines and its exit statuses."""

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from typing import Any, NoReturn

from turbosat.check.child import ENDING, GRACE, Child, Failed, Stopped, Watch
from turbosat.check.errors import CheckError, CoreError, UsageError
from turbosat.check.outputs import (
    STDERR,
    complain,
    guard,
    occupy_standard_descriptors,
    require_writable,
    say,
    write,
    write_all,
)
from turbosat.check.verdict import Kind, Verdict

BAD, FAILED = 2, 4  # exit statuses without a verdict: bad input or usage, and a check that has failed itself
EXIT = {"not verified": 1, "timeout": 3}
LINE = {"not verified": "s NOT VERIFIED", "timeout": "s TIMEOUT"}
LONGEST_STARTUP = 0.5  # seconds an interpreter may take to reach this module
EPILOG = """\
What was verified is in the last line and in the exit status:

   0  s VERIFIED      the formula is unsatisfiable: a proof or certificate holds
  10  s SATISFIABLE   the formula is satisfiable: a model holds
   1  s NOT VERIFIED  the answer does not hold
   3  s TIMEOUT       out of time
   2                  bad input or usage: nothing was checked
   4                  the check itself failed, for lack of memory for example
 130, 143             interrupted, terminated

With a verdict, the exit status is the verdict's even if it, or a file, cannot be written; standard error then
says so.

Scripts should say by --proof, --model or --certificate what they have. Without, the answer is a solution if
its first line is a status or v line or one of MiniSat's, a certificate if that is an x line, otherwise a DRAT
proof, binary if it begins with an a, or with a d that no space follows. One list of literals is tried both as
a model and as a proof. Files may be compressed (gzip, bzip2, xz, lzma, zstd).

For proofs, an xor line stands for these clauses: an xor of at most 6 literals becomes 2^(k-1) clauses; of
a longer one, the first 5 literals and a fresh variable y form an xor that says y = l1 ^ ... ^ l5, and y
takes the place of the five, until at most 6 are left. Fresh variables are numbered on from the last one.

A certificate is a list of x lines whose sum is 0 = 1, each of them an x line of the formula, or an xor of at
most 16 literals all of whose clauses follow from the formula by unit propagation (RUP).
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)

    def print_help(self, file: Any = None) -> None:
        _tell(self.format_help().splitlines())


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"expected a positive number of seconds, found {text!r}")
    return None if math.isinf(value) else value


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="turbosat-check",
        description="Check a solution, a DRAT proof or an xor certificate against a formula in DIMACS CNF.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("cnf", metavar="CNF", help="the formula; - reads standard input")
    parser.add_argument(
        "answer", metavar="ANSWER", help="the solution, proof or certificate; - reads standard input"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("-m", "--model", action="store_true", help="the answer is a solution")
    kind.add_argument("-p", "--proof", action="store_true", help="the answer is a proof")
    kind.add_argument("-c", "--certificate", action="store_true", help="the answer is a list of x lines")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--binary", action="store_true", help="the answer is a binary proof")
    form.add_argument("--text", action="store_true", help="the answer is text")
    parser.add_argument("--core", metavar="FILE", help="write the part of the proof that was needed, as text")
    parser.add_argument(
        "--json", metavar="FILE", help="write the verdict and its numbers (-: standard output)"
    )
    parser.add_argument("--time", metavar="SECONDS", type=_seconds, help="give up after this time")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("-q", "--quiet", action="store_true", help="write only the s line")
    output.add_argument("-v", "--verbose", action="store_true", help="show progress on a terminal")
    return parser


def _options(argv: list[str] | None) -> argparse.Namespace:
    options = _parser().parse_args(argv)
    if options.cnf == options.answer == "-":
        raise UsageError("only one of CNF and ANSWER can be standard input")
    if options.model and options.binary:
        raise UsageError("a solution is text: --model and --binary exclude each other")
    if options.certificate and options.binary:
        raise UsageError("a certificate is text: --certificate and --binary exclude each other")
    if options.core is not None and options.model:
        raise UsageError("a solution has no core: --model and --core exclude each other")
    if options.core is not None and options.certificate:
        raise UsageError("a certificate has no core: --certificate and --core exclude each other")
    return options


def _kind(options: argparse.Namespace) -> Kind | None:
    if options.model:
        return "model"
    if options.certificate:
        return "certificate"
    return "proof" if options.proof or options.binary else None


def _work(options: argparse.Namespace, begun: float, showing: bool, pipe: int) -> None:
    """Check, in a process of its own; send the verdict, or what went wrong, and then the core."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy is asked for nothing that needs more
    core = None
    try:
        from turbosat.check.api import examine
        from turbosat.check.clock import Clock

        left = None if options.time is None else max(0.0, options.time - (time.monotonic() - begun))
        clock = Clock(left, _show if showing else None)
        binary = True if options.binary else False if options.text else None
        verdict, core = examine(options.cnf, options.answer, clock, kind=_kind(options), binary=binary)
        answer: dict[str, Any] = {"verdict": verdict.record()}
    except CoreError as error:
        answer = {"error": f"turbosat-check: {error}", "code": FAILED}
    except CheckError as error:
        answer = {"error": str(error), "code": BAD}
    except MemoryError:
        answer = {"error": "turbosat-check: out of memory", "code": FAILED}
    except Exception as error:
        answer = {"error": _internal(error), "code": FAILED}
    write_all(pipe, json.dumps(answer).encode() + b"\n")
    if options.core is not None and core is not None:
        for piece in core:
            write_all(pipe, piece)


def _show(text: str) -> None:
    write_all(STDERR, f"\r\x1b[K{text}".encode())


def _wipe(showing: bool) -> None:
    if showing:
        with suppress(OSError):
            write_all(STDERR, b"\r\x1b[K")


def _internal(error: BaseException) -> str:
    """Say in a line what is wrong with this program."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})"
    return f"turbosat-check: internal error: {type(error).__name__}: {error}{place}"


def _report(verdict: Verdict, quiet: bool) -> list[str]:
    lines = []
    if not quiet:
        lines += [f"c {note}" for note in verdict.notes]
        lines.append(f"c {verdict.kind}: {verdict.reason}")
        if verdict.kind == "proof":
            lines.append(
                f"c {verdict.lemmas} lemmas, {verdict.core_lemmas} in the core, {verdict.rat_steps} RAT, "
                f"{verdict.deletions} deletions, {verdict.propagations} propagations"
            )
        lines.append(f"c {verdict.seconds:.2f} seconds")
    if verdict.verified:
        return [*lines, "s SATISFIABLE" if verdict.kind == "model" else "s VERIFIED"]
    return [*lines, LINE[verdict.outcome]]


def _exit_code(verdict: Verdict) -> int:
    if verdict.verified:
        return 10 if verdict.kind == "model" else 0
    return EXIT[verdict.outcome]


def _attempt(what: str, action: Callable[[], None]) -> None:
    """Do what may fail without a loss of the verdict; say so if it does."""
    try:
        action()
    except BrokenPipeError:
        pass  # whoever read it has seen enough
    except (OSError, Failed) as error:
        complain(f"turbosat-check: {what}: {getattr(error, 'strerror', None) or error}")


def _tell(lines: Iterable[str]) -> None:
    _attempt("standard output", lambda: say(lines))


def _judge(
    options: argparse.Namespace, begun: float, child: Child, watch: Watch, showing: bool
) -> Verdict | int:
    """Return the verdict, or the exit status where there is none."""
    try:
        try:
            watch.raising = True
            child.start(lambda pipe: _work(options, begun, showing, pipe))
            answer = child.answer()
        finally:
            watch.raising = False
    except Stopped as stopped:
        child.kill()
        if stopped.number not in ENDING:
            _wipe(showing)
            seconds = time.monotonic() - begun
            return Verdict("timeout", _kind(options) or "proof", "out of time", seconds=seconds)
        code = 128 + stopped.number
        answer = {"error": f"turbosat-check: {'interrupted' if code == 130 else 'terminated'}", "code": code}
    except (Failed, OSError) as error:
        answer = {"error": f"turbosat-check: {getattr(error, 'strerror', None) or error}", "code": FAILED}
    _wipe(showing)
    if "error" in answer:
        code = int(answer["code"])
        watch.settle(code, soon=code > 128)
        complain(answer["error"])
        return code
    record = answer["verdict"]
    del record["verified"]
    return Verdict(**{**record, "notes": tuple(record["notes"])})


def _deliver(verdict: Verdict, options: argparse.Namespace, child: Child, protected: set[Hashable]) -> None:
    """Tell a verdict, and write the files that were asked for."""
    _tell(_report(verdict, options.quiet))
    if options.core is not None and verdict.verified and verdict.kind == "proof":
        _attempt(options.core, lambda: write(options.core, child.rest(), protected))
    if options.json is not None:
        text = json.dumps(verdict.record(), indent=2) + "\n"
        _attempt(options.json, lambda: write(options.json, [text.encode()], protected))


def _run(options: argparse.Namespace, begun: float) -> int:
    inputs = [("CNF", options.cnf), ("ANSWER", options.answer)]
    outputs = [(what, path) for what in ("core", "json") if (path := getattr(options, what)) is not None]
    protected = guard(inputs, [(f"--{what}", path) for what, path in outputs])
    require_writable(path for _, path in outputs if path != "-")
    showing = options.verbose and os.isatty(STDERR)
    child = Child()
    watch = Watch(None if options.time is None else begun + options.time + GRACE)
    try:
        verdict = _judge(options, begun, child, watch, showing)
        if isinstance(verdict, int):
            return verdict
        code = _exit_code(verdict)
        watch.settle(code, "turbosat-check: out of time, not everything is written")
        _deliver(verdict, options, child, protected)
        watch.settle(code)
        return code
    finally:
        child.close()
        watch.close()


def _process_start() -> float:
    """Return when this process began, as a time.monotonic() value; now if that cannot be."""
    now = time.monotonic()
    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return now
    return now - age if 0 <= age <= LONGEST_STARTUP else now  # older ones were another program before


def run(argv: list[str] | None = None) -> int:
    """Run the command with these arguments, or those of this process, and return its exit status."""
    begun = _process_start() if argv is None else time.monotonic()
    occupy_standard_descriptors()
    try:
        return _run(_options(argv), begun)
    except SystemExit:  # after --help
        return 0
    except UsageError as error:
        complain(f"turbosat-check: {error} (see --help)")
        return BAD
    except CheckError as error:
        complain(str(error))
        return BAD
    except Exception as error:
        complain(_internal(error))
        return FAILED
