"""Check a certificate of unsatisfiability: xors that the formula implies and whose sum is 0 = 1.

It is a text of lines `x LITERALS 0`, which say that the xor of their literals is true, and of comments. An
xor is implied if it is an x line of the formula, but for repeated variables and the order, or if each of its
clauses follows from the formula's clauses by unit propagation (RUP).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from turbosat.check.clock import Clock
from turbosat.check.drat.checker import Checker, shown
from turbosat.check.drat.index import build
from turbosat.check.errors import InputError
from turbosat.check.kernels import CLAUSE, LARGEST, REFUTED, XOR
from turbosat.check.reading.dimacs import Formula
from turbosat.check.reading.scan import Items
from turbosat.check.reading.source import Data, lines_of
from turbosat.check.reading.xor import expand, reduced, signs
from turbosat.check.verdict import Outcome, Verdict

WIDEST = 16  # literals of an xor that is checked by its clauses, 2^15 of them
BATCH = 1 << 22  # literals of the clauses that are checked together: bounds the memory

Key = tuple[frozenset[int], bool]


@dataclass(frozen=True)
class Certificate:
    """The xors of a certificate: literals as they were read, and the line of each."""

    name: str
    rows: list[list[int]]
    lines: list[int]


def parse_certificate(data: Data, name: str, clock: Clock) -> Certificate:
    """Parse x lines; raise InputError with the line of whatever is wrong."""
    certificate = Certificate(name, [], [])
    for number, line in lines_of(data, clock, "reading"):
        text = line.strip()
        if not text or text.startswith(b"c"):
            continue
        if not text.startswith(b"x"):
            raise InputError(name, str(number), f"expected an x line, found {_quoted(text.split()[0])}")
        row = [_integer(word, name, number) for word in text[1:].split()]
        if 0 not in row:
            raise InputError(name, str(number), "the x line has no closing 0")
        if row.index(0) != len(row) - 1:
            raise InputError(name, str(number), "literals after the closing 0")
        certificate.rows.append(row[:-1])
        certificate.lines.append(number)
    return certificate


def _integer(word: bytes, name: str, line: int) -> int:
    digits = word.removeprefix(b"-")
    if not digits.isdigit() or (word != digits and not digits.strip(b"0")):
        raise InputError(name, str(line), f"expected a literal or 0, found {_quoted(word)}")
    if len(digits.lstrip(b"0")) > 10 or int(digits) > LARGEST:
        raise InputError(name, str(line), f"the literal {_quoted(word)} is too large")
    return int(word)


def _quoted(word: bytes) -> str:
    text = word.decode("ascii", "backslashreplace")
    return repr(text if len(text) <= 24 else text[:21] + "...")


def judge_certificate(formula: Formula, certificate: Certificate, clock: Clock) -> Verdict:
    """Check a parsed certificate of a parsed formula."""
    count = len(certificate.rows)

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        clauses = len(formula.items.ends)
        return Verdict(
            outcome, "certificate", reason, formula.notes, clauses, lemmas=count, seconds=clock.elapsed()
        )

    rows = [reduced(row) for row in certificate.rows]
    keys = [_key(row) for row in rows]
    wrong = _wrong_sum(keys)
    if wrong is not None:
        return verdict("not verified", wrong)
    own = _own_keys(formula)
    others = [index for index, key in enumerate(keys) if rows[index] != [0] and key not in own]
    for index in others:
        if len(rows[index]) > WIDEST:
            reason = f"no x line of the formula, and longer than {WIDEST} literals"
            return verdict("not verified", f"{_place(certificate, index)}: {reason}")
    for batch in _batches(rows, others):
        clauses, owners = _clauses(rows, batch)
        items, variables = expand(formula)
        checker = Checker(build(items, clauses, variables, clock), clock)
        if checker.attach_formula() == REFUTED:
            return verdict("verified", "unit propagation refutes the formula, without the certificate")
        if not checker.check_each():
            clause = checker.literals(int(checker.index.steps[checker.step]))
            index = int(owners[checker.step - checker.index.clauses])
            reason = f"the clause {shown(clause)} does not follow by unit propagation"
            return verdict("not verified", f"{_place(certificate, index)}: {reason}")
    lines = count - len(others)
    reason = f"the sum of {count} implied xors is 0 = 1: {lines} from x lines, {len(others)} from clauses"
    return verdict("verified", reason)


def _key(row: list[int]) -> Key:
    """Return the variables of a reduced row and what their xor equals."""
    odd = sum(literal < 0 for literal in row) % 2 == 1
    return frozenset(abs(literal) for literal in row if literal), not odd and row != [0]


def _wrong_sum(keys: list[Key]) -> str | None:
    """Say what is wrong with the sum of the xors, None if it is 0 = 1."""
    times = Counter(variable for variables, _ in keys for variable in variables)
    odd = [variable for variable, count in times.items() if count % 2]
    if odd:
        return f"the sum of the xors is not 0 = 1: it holds the variable {min(odd)}"
    if sum(parity for _, parity in keys) % 2 == 0:
        return "the sum of the xors is 0 = 0"
    return None


def _own_keys(formula: Formula) -> set[Key]:
    """Return the x lines of the formula."""
    flat, ends, kinds, _ = formula.items
    starts = np.concatenate(([0], ends[:-1]))
    xors = np.flatnonzero(kinds == XOR).tolist()
    return {_key(reduced(flat[starts[index] : ends[index]].tolist())) for index in xors}


def _batches(rows: list[list[int]], chosen: list[int]) -> Iterator[list[int]]:
    """Cut the chosen rows into lists whose clauses fit into memory."""
    batch: list[int] = []
    size = 0
    for index in chosen:
        width = len(rows[index])
        size += width << max(width - 1, 0)
        if batch and size > BATCH:
            yield batch
            batch, size = [], width << max(width - 1, 0)
        batch.append(index)
    if batch:
        yield batch


def _clauses(rows: list[list[int]], batch: list[int]) -> tuple[Items, npt.NDArray[np.int64]]:
    """Return the clauses of these rows, the last row first, and the row of each."""
    blocks = [signs(len(rows[index])) * np.array(rows[index], np.int32) for index in reversed(batch)]
    widths = np.concatenate([np.full(len(block), block.shape[1], np.int64) for block in blocks])
    owners = np.repeat(batch[::-1], [len(block) for block in blocks])
    kinds = np.full(len(widths), CLAUSE, np.uint8)
    literals = np.concatenate([block.ravel() for block in blocks])
    return Items(literals, np.cumsum(widths), kinds, np.zeros(len(widths), np.int64)), owners


def _place(certificate: Certificate, index: int) -> str:
    """Return how messages name an xor."""
    return f"line {certificate.lines[index]}: x{shown(certificate.rows[index])}"
