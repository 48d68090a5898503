"""The command turbosat-check."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from turbosat.check.api import check
from turbosat.check.errors import CheckError, InputError, UsageError
from turbosat.check.verdict import Kind

EXIT = {"verified": 0, "not verified": 1, "timeout": 3}
LINE = {"verified": "s VERIFIED", "not verified": "s NOT VERIFIED", "timeout": "s TIMEOUT"}
EPILOG = """\
The answer is a solution if it has s or v lines, is a result file of MiniSat, or is one list of literals;
a certificate if it begins with an x line; otherwise a DRAT proof, binary if it holds a zero byte. Files may
be compressed (gzip, bzip2, xz, lzma, zstd). Exit status: 0 verified, 1 not verified, 2 bad input or usage,
3 out of time, 130 interrupted.

For proofs, an xor line stands for these clauses: an xor of at most 6 literals becomes 2^(k-1) clauses; of
a longer one, the first 5 literals and a fresh variable y form an xor that says y = l1 ^ ... ^ l5, and y
takes the place of the five, until at most 6 are left. Fresh variables are numbered on from the last one.

A certificate is a list of x lines whose sum is 0 = 1, each of them an x line of the formula, or an xor of at
most 16 literals all of whose clauses follow from the formula by unit propagation (RUP).
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"expected a positive number of seconds, found {text!r}")
    return value


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


def _kind(options: argparse.Namespace) -> Kind | None:
    if options.model:
        return "model"
    if options.certificate:
        return "certificate"
    return "proof" if options.proof or options.binary else None


def _write(path: str, data: bytes) -> None:
    try:
        if path == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            Path(path).write_bytes(data)
    except OSError as error:
        raise InputError(path, "", error.strerror or "cannot be written") from error


def _run(argv: list[str] | None) -> int:
    options = _parser().parse_args(argv)
    if options.cnf == options.answer == "-":
        raise UsageError("only one of CNF and ANSWER can be standard input")
    if options.model and options.binary:
        raise UsageError("a solution is text: --model and --binary exclude each other")
    if options.certificate and options.binary:
        raise UsageError("a certificate is text: --certificate and --binary exclude each other")
    if options.core and options.model:
        raise UsageError("a solution has no core: --model and --core exclude each other")
    if options.core and options.certificate:
        raise UsageError("a certificate has no core: --certificate and --core exclude each other")
    showing = options.verbose and sys.stderr.isatty()

    def show(text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    try:
        verdict, core = check(
            options.cnf,
            options.answer,
            kind=_kind(options),
            binary=True if options.binary else False if options.text else None,
            seconds=options.time,
            core=options.core is not None,
            progress=show if showing else None,
        )
    finally:
        if showing:
            sys.stderr.write("\r\x1b[K")
    if options.core and core is not None:
        _write(options.core, core)
    if not options.quiet:
        for note in verdict.notes:
            print(f"c {note}")
        print(f"c {verdict.kind}: {verdict.reason}")
        if verdict.kind == "proof":
            print(
                f"c {verdict.lemmas} lemmas, {verdict.core_lemmas} in the core, {verdict.rat_steps} RAT, "
                f"{verdict.deletions} deletions, {verdict.propagations} propagations"
            )
        print(f"c {verdict.seconds:.2f} seconds")
    print(LINE[verdict.outcome], flush=True)
    if options.json:
        _write(options.json, (json.dumps(verdict.record(), indent=2) + "\n").encode())
    return EXIT[verdict.outcome]


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        return _run(argv)
    except UsageError as error:
        print(f"turbosat-check: {error} (see --help)", file=sys.stderr)
    except CheckError as error:
        print(error, file=sys.stderr)
    except MemoryError:
        print("turbosat-check: out of memory", file=sys.stderr)
    except (KeyboardInterrupt, SystemError) as error:
        # A signal that comes while numba hands a result over arrives wrapped.
        if not isinstance(error, KeyboardInterrupt) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        print("turbosat-check: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # nobody reads on; keep the interpreter from complaining at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 2


if __name__ == "__main__":
    sys.exit(main())
