"""Check a formula and an answer whose kind is recognised by its content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from turbosat.check.clock import Clock, OutOfTime, Progress
from turbosat.check.errors import InputError
from turbosat.check.reading.source import Source, name_of, read
from turbosat.check.verdict import Kind, Verdict

if TYPE_CHECKING:
    from turbosat.check.reading.dimacs import Formula
    from turbosat.check.reading.proof import Proof

LRAT = "this reads as LRAT; what is checked here is DRAT, without clause numbers and hints"


class Checked(NamedTuple):
    """A verdict, and the core of a verified proof as DRAT text where it was asked for."""

    verdict: Verdict
    core: bytes | None


class Examined(NamedTuple):
    """A verdict, and the core of a verified proof as DRAT text, made piece by piece as it is read."""

    verdict: Verdict
    core: Iterator[bytes] | None


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
    verdict, pieces = examine(cnf, answer, Clock(seconds, progress), kind=kind, binary=binary)
    return Checked(verdict, b"".join(pieces) if core and pieces is not None else None)


def examine(
    cnf: Source, answer: Source, clock: Clock, *, kind: Kind | None = None, binary: bool | None = None
) -> Examined:
    """Check an answer to a formula by a clock that is running already."""
    # Not before a check begins: numpy takes longer to import than --help should take.
    from turbosat.check.certificate import judge_certificate, parse_certificate
    from turbosat.check.model import judge_model
    from turbosat.check.reading.dimacs import read_formula
    from turbosat.check.reading.proof import parse_proof
    from turbosat.check.reading.recognise import is_binary, kind_of
    from turbosat.check.reading.solution import parse_solution

    found = kind
    try:
        formula = read_formula(cnf, clock)
        data = read(answer, kind or "answer", clock)
        if binary is None:
            binary = kind in (None, "proof") and is_binary(data)
        found = kind or ("proof" if binary else kind_of(data, clock))
        name = name_of(answer, found)
        if found == "model":
            return Examined(judge_model(formula, parse_solution(data, name, clock), clock), None)
        if found == "certificate":
            return Examined(judge_certificate(formula, parse_certificate(data, name, clock), clock), None)
        proof = parse_proof(data, name, clock, binary=binary)
        model = _as_model(formula, proof, clock) if kind is None and not binary else None
        if model is not None and model.verified:
            return Examined(model, None)
        return _as_proof(formula, proof, clock, model)
    except OutOfTime:
        return Examined(Verdict("timeout", found or "proof", "out of time", seconds=clock.elapsed()), None)


def _as_model(formula: Formula, proof: Proof, clock: Clock) -> Verdict | None:
    """Judge what may be a list of literals as a model; None if it is none."""
    from turbosat.check.model import judge_model
    from turbosat.check.reading.solution import parse_solution

    if len(proof.items.ends) > 1:
        return None
    try:
        solution = parse_solution(proof.data, proof.name, clock)
    except InputError:
        return None
    return judge_model(formula, solution, clock) if len(solution.literals) else None


def _as_proof(formula: Formula, proof: Proof, clock: Clock, model: Verdict | None) -> Examined:
    """Judge a proof; `model` is what it was found to be as a list of literals."""
    from turbosat.check.drat.proofs import judge_proof
    from turbosat.check.reading.recognise import looks_like_lrat

    def is_lrat() -> bool:
        return not proof.binary and looks_like_lrat(proof.data, len(formula.items.ends), clock)

    try:
        verdict, core = judge_proof(formula, proof, clock)
    except InputError as error:
        if model is not None:
            return Examined(model, None)
        if error is proof.fault and is_lrat():
            raise InputError(proof.name, error.place, LRAT) from None
        raise
    if not verdict.verified and model is not None:
        verdict = replace(verdict, reason=f"{verdict.reason}; nor is it a model: {model.reason}")
    elif not verdict.verified and is_lrat():
        raise InputError(proof.name, "", LRAT)
    return Examined(verdict, core)


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
