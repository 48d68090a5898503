"""Check a formula and an answer whose kind is recognised by its content."""

from typing import NamedTuple

from turbosat.check.clock import Clock, OutOfTime, Progress
from turbosat.check.source import Source, name_of, read
from turbosat.check.verdict import Kind, Verdict


class Checked(NamedTuple):
    """A verdict, and the core of a verified proof as DRAT text where it was asked for."""

    verdict: Verdict
    core: bytes | None


def check(
    cnf: Source,
    answer: Source,
    *,
    kind: Kind | None = None,
    binary: bool | None = None,
    seconds: float | None = None,
    core: bool = False,
    progress: Progress | None = None,
) -> Checked:
    """Check an answer to a formula, each a path, "-" or bytes; `kind` and `binary` override the content."""
    clock = Clock(seconds, progress)
    # Not before a check begins: numba takes longer to import than --help should take.
    from turbosat.check.certificate import is_certificate, judge_certificate, parse_certificate
    from turbosat.check.dimacs import read_formula
    from turbosat.check.drat import judge_proof
    from turbosat.check.model import judge_model
    from turbosat.check.proof import parse_proof
    from turbosat.check.solution import is_binary, is_solution, parse_solution

    try:
        formula = read_formula(cnf, clock)
        data = read(answer, kind or "answer")
        if binary is None:
            binary = kind in (None, "proof") and is_binary(data)
        if kind is None and not binary:
            kind = "model" if is_solution(data) else "certificate" if is_certificate(data) else None
        kind = kind or "proof"
        name = name_of(answer, kind)
        if kind == "model":
            return Checked(judge_model(formula, parse_solution(data, name), clock), None)
        if kind == "certificate":
            return Checked(judge_certificate(formula, parse_certificate(data, name), clock), None)
        proof = parse_proof(data, name, clock, binary=binary)
        return Checked(*judge_proof(formula, proof, clock, core=core))
    except OutOfTime:
        return Checked(Verdict("timeout", kind or "proof", "out of time", seconds=clock.elapsed()), None)


def check_model(cnf: Source, solution: Source, *, seconds: float | None = None) -> Verdict:
    """Check a solution of a formula."""
    return check(cnf, solution, kind="model", seconds=seconds).verdict


def check_proof(
    cnf: Source, proof: Source, *, binary: bool | None = None, seconds: float | None = None
) -> Verdict:
    """Check a DRAT proof of a formula's unsatisfiability."""
    return check(cnf, proof, kind="proof", binary=binary, seconds=seconds).verdict


def check_certificate(cnf: Source, certificate: Source, *, seconds: float | None = None) -> Verdict:
    """Check a certificate of a formula's unsatisfiability: implied xors whose sum is 0 = 1."""
    return check(cnf, certificate, kind="certificate", seconds=seconds).verdict
