"""DRAT proofs of contradictions between XORs: they are summed up to 0 = 1 in a tree of definitions."""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final, TypeVar

import numpy as np

from turbosat.errors import UsageError
from turbosat.formula.formula import Formula
from turbosat.formula.xors import XOR_WIDTH, Xors
from turbosat.proof.drat import DratWriter
from turbosat.proof.parity_order import arrange
from turbosat.proof.parity_tree import ParityTree, Xor

LONGEST: Final = 12  # variables of a row that is no x line: each of its clauses becomes a step
_PIECE: Final = 3  # longer rows are cut: an XOR of k variables takes 2**(k-1) clauses
_INTERVAL: Final = 100  # rows between two calls of `check`
Item = TypeVar("Item")


def parity_proof(
    formula: Formula, xors: Xors, *, binary: bool = True, check: Callable[[], None] = lambda: None
) -> bytes:
    """Return the proof that `write_parity_proof` writes."""
    file = io.BytesIO()
    write_parity_proof(file, formula, xors, binary=binary, check=check)
    return file.getvalue()


def write_parity_proof(
    target: str | os.PathLike[str] | BinaryIO,
    formula: Formula,
    xors: Xors,
    *,
    binary: bool = True,
    check: Callable[[], None] = lambda: None,
) -> int:
    """Write a DRAT proof that XORs whose sum is 0 = 1 refute a formula; return its size in bytes.

    The proof is for `formula.expanded()`. Each row is an x line of the formula, or has at most 12
    variables and each of its clauses follows from the formula's by unit propagation. Rows that are not
    needed are left out. `check` is called at least every 50 ms. UsageError for a sum that is not 0 = 1, for
    rows that are too long and for variables the formula does not have; OSError if the file cannot be written.
    """
    if isinstance(target, (str, bytes, os.PathLike)):
        with open(target, "wb") as file:
            return write_parity_proof(file, formula, xors, binary=binary, check=check)
    rows, variables = _rows(formula, xors, check)
    groups: list[list[Xor]] = []  # each row in pieces
    for row in _checking(rows, check):
        groups.append(_pieces(row, variables))
        variables += len(groups[-1]) - 1
    owners = [owner for owner, group in enumerate(groups) for _ in group]
    pieces = [piece for group in groups for piece in group]
    order, members = _contradiction(pieces, check)
    writer = DratWriter(target, binary=binary, check=check)
    tree = ParityTree(writer, members, variables)
    cut: set[int] = set()
    for index in _checking(order, check):
        owner = owners[index]
        group = groups[owner]
        if len(group) > 1 and owner not in cut:
            cut.add(owner)
            _write_cut(writer, rows[owner], group)
        tree.add(pieces[index], present=len(group) > 1)
        if tree.refuted:
            break
    writer.flush()
    return writer.size


def _rows(formula: Formula, xors: Xors, check: Callable[[], None]) -> tuple[list[Xor], int]:
    """Return the rows as the expanded formula has them, long x lines in their parts, and its variables."""
    if xors.variables.max(initial=0) > formula.variables:
        raise UsageError(f"expected XORs of {formula.variables} variables, found {xors.variables.max()}")
    odd = np.flatnonzero(np.bincount(xors.variables) % 2)
    if odd.size or np.count_nonzero(xors.parities) % 2 == 0:
        raise UsageError("expected XORs whose sum is 0 = 1")
    parts, variables = formula.xors.split(formula.variables)
    lines = _long_lines(formula.xors)
    cut = list(_xors(parts, check)) if lines else []
    rows: list[Xor] = []
    for row in _xors(xors, check):
        if row in lines:
            rows += cut[lines[row]]
        elif len(row.variables) > LONGEST:
            raise UsageError(
                f"expected x lines or at most {LONGEST} variables, found a row of {len(row.variables)}"
            )
        else:
            rows.append(row)
    return rows, variables


def _checking(items: Iterable[Item], check: Callable[[], None]) -> Iterator[Item]:
    for done, item in enumerate(items):
        if done % _INTERVAL == 0:
            check()
        yield item


def _xors(xors: Xors, check: Callable[[], None]) -> Iterator[Xor]:
    for variables, parity in _checking(xors, check):
        yield Xor(frozenset(variables), int(parity))


def _long_lines(xors: Xors) -> dict[Xor, slice]:
    """Tell which of the parts each x line of more than six variables is cut into, as `Xors.split` does."""
    sizes = np.diff(xors.offsets)
    counts = 1 + np.maximum(0, -((XOR_WIDTH - sizes) // (XOR_WIDTH - 2)))  # (rows,)
    ends = np.cumsum(counts)
    found = {}
    for index in np.flatnonzero(counts > 1).tolist():
        variables = xors.variables[xors.offsets[index] : xors.offsets[index + 1]]
        row = Xor(frozenset(variables.tolist()), int(xors.parities[index]))
        found[row] = slice(int(ends[index] - counts[index]), int(ends[index]))
    return found


def _pieces(row: Xor, variables: int) -> list[Xor]:
    """Cut a row, by definitions of fresh variables, numbered after `variables`, as the XOR of two each."""
    rest = sorted(row.variables)
    pieces = []
    while len(rest) > _PIECE:
        variables += 1
        pieces.append(Xor(frozenset((variables, rest[0], rest[1])), 0))
        rest = [*rest[2:], variables]
    return [*pieces, Xor(frozenset(rest), row.parity)]


def _write_cut(writer: DratWriter, row: Xor, pieces: list[Xor]) -> None:
    """Define the fresh variables of a row, and put them into it."""
    writer.add(row.literals())
    for definition in pieces[:-1]:
        *hidden, fresh = sorted(definition.variables)
        writer.add(definition.literals(fresh))
        shorter = row.plus(definition)
        writer.add(shorter.literals(), hidden[:1])
        writer.delete(row.literals())
        row = shorter


def _contradiction(rows: list[Xor], check: Callable[[], None]) -> tuple[list[int], int]:
    """Return the fewest rows that sum up to 0 = 1 on their own, in order, and how long their sum becomes."""
    order, lengths = arrange([row.variables for row in rows], check)
    ends = np.flatnonzero(np.array(lengths) == 0) + 1
    starts = np.append(0, ends[:-1])
    best: tuple[list[int], int] = order, max(lengths)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        part = order[start:end]
        if len(part) <= len(best[0]) and sum(rows[index].parity for index in part) % 2:
            best = part, max(lengths[start:end])
    return best
