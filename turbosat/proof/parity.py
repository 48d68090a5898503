"""DRAT proofs of contradictions between XORs: they are summed up to 0 = 1 in a tree of definitions."""

import heapq
import io
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import BinaryIO, Final, TypeVar

import numpy as np

from turbosat.errors import UsageError
from turbosat.formula.files import xor_lines
from turbosat.formula.formula import Formula
from turbosat.formula.xors import XOR_WIDTH, Xors
from turbosat.proof.drat import DratWriter
from turbosat.proof.parity_tree import ParityTree, Xor

_ROWS: Final = 1000  # rows between two calls of `check`
LONGEST: Final = 12  # variables of a row that is no x line: each of its clauses becomes a step
_PIECE: Final = 3  # longer rows are cut: an XOR of k variables takes 2**(k-1) clauses
_INTERVAL: Final = 100  # rows between two calls of `check`
Item = TypeVar("Item")
_TITLE = b"c each of these XORs is implied, and their sum is 0 = 1\n"


def arrange(
    rows: Sequence[Collection[int]], check: Callable[[], None] = lambda: None
) -> tuple[list[int], list[int]]:
    """Return the rows' indices (rows,) in order, and how many variables the sum holds after each (rows,).

    Greedy: next comes the row that makes the sum shortest, among equals the one that has been so for
    longest: the sum grows in all directions alike and stays a fraction of what it is with the latest first.
    A row that shares no variable with the sum comes only when none shares any. Time O(n log n) in the
    variables of all rows.
    """
    occurrences: dict[int, list[int]] = {}
    for index, variables in enumerate(rows):
        for variable in variables:
            occurrences.setdefault(variable, []).append(index)
    sizes = [len(variables) for variables in rows]
    shared = [0] * len(rows)  # variables of the row that are in the sum; -1 once it is used
    members: set[int] = set()
    queue: list[tuple[int, int, int]] = []  # growth, time, row
    order: list[int] = []
    lengths: list[int] = []
    unseen = iter(range(len(rows)))
    time = 0
    while len(order) < len(rows):
        if len(order) % _ROWS == 0:
            check()
        chosen = -1
        while queue and chosen < 0:
            growth, _, row = heapq.heappop(queue)
            if shared[row] > 0 and growth == sizes[row] - 2 * shared[row]:
                chosen = row
        while chosen < 0:
            row = next(unseen)
            if shared[row] == 0:
                chosen = row
        shared[chosen] = -1
        for variable in rows[chosen]:
            change = -1 if variable in members else 1
            members ^= {variable}
            for row in occurrences[variable]:
                if shared[row] >= 0:
                    shared[row] += change
                    if shared[row]:
                        time += 1
                        heapq.heappush(queue, (sizes[row] - 2 * shared[row], time, row))
        order.append(chosen)
        lengths.append(len(members))
    return order, lengths


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


def certificate(xors: Xors) -> bytes:
    """Return XORs whose sum is 0 = 1 as x lines."""
    return b"".join([_TITLE, *xor_lines(xors, filler=False)])
