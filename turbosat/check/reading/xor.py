"""Expand xor lines to clauses by the canonical rule that proofs of formulas with xors rely on.

An xor of at most 6 literals becomes its 2^(k-1) clauses. A longer one is cut from the left: its first
5 literals and a fresh variable y form an xor of 6 that says y = l1 ^ ... ^ l5, and y takes the place of
the five, until at most 6 are left. Fresh variables are numbered on from the formula's last variable, in
file order. Before that, a repeated variable cancels out, in pairs (l ^ l = 0, l ^ -l = 1).
"""

from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from turbosat.check.kernels import CLAUSE, XOR
from turbosat.check.reading.dimacs import Formula
from turbosat.check.reading.scan import Items

WIDTH = 6


@cache
def signs(width: int) -> npt.NDArray[np.int32]:
    """Return the rows with an even number of -1, (2^(width-1), width): the clauses of an xor."""
    rows = [row for row in product((1, -1), repeat=width) if row.count(-1) % 2 == 0]
    return np.array(rows, np.int32).reshape(len(rows), width)


def reduced(literals: list[int]) -> list[int]:
    """Cancel repeated variables; what is left is true iff the whole is. [] is false; see `_clauses`."""
    kept: dict[int, int] = {}  # variable: sign, in order of first appearance
    flip = False
    for literal in literals:
        variable, sign = abs(literal), 1 if literal > 0 else -1
        if variable in kept:
            flip ^= kept.pop(variable) != sign
        else:
            kept[variable] = sign
    result = [variable * sign for variable, sign in kept.items()]
    if flip and result:
        result[0] = -result[0]
    elif flip:
        return [0]  # true: no clause at all
    return result


def _clauses(literals: list[int], fresh: int) -> tuple[list[npt.NDArray[np.int32]], int]:
    """Return the clauses of an xor as arrays (rows, width), and the next fresh variable."""
    rest = reduced(literals)
    if rest == [0]:
        return [], fresh
    blocks = []
    while len(rest) > WIDTH:
        # l1 ^ ... ^ l5 ^ y = 0 is the xor of l1, ..., l5 and -y.
        blocks.append(signs(WIDTH) * np.array([*rest[: WIDTH - 1], -fresh], np.int32))
        rest = [fresh, *rest[WIDTH - 1 :]]
        fresh += 1
    blocks.append(signs(len(rest)) * np.array(rest, np.int32))
    return blocks, fresh


def expand(formula: Formula) -> tuple[Items, int]:
    """Return the formula's items with xors expanded to clauses, and the number of variables then."""
    items = formula.items
    variables = formula.variables
    if not (items.kinds == XOR).any():
        return items, variables
    flat, ends, kinds, places = items
    starts = np.concatenate(([0], ends[:-1]))
    fresh = variables + 1
    literals, sizes, origins = [], [], []
    done = 0
    for index in np.flatnonzero(kinds == XOR).tolist():
        literals.append(flat[starts[done] : starts[index]])
        sizes.append((ends - starts)[done:index] if index > done else np.empty(0, np.int64))
        origins.append(places[done:index])
        blocks, fresh = _clauses(flat[starts[index] : ends[index]].tolist(), fresh)
        for block in blocks:
            literals.append(block.ravel())
            sizes.append(np.full(block.shape[0], block.shape[1], np.int64))
            origins.append(np.full(block.shape[0], places[index], np.int64))
        done = index + 1
    if done < len(ends):
        literals.append(flat[starts[done] :])
        sizes.append((ends - starts)[done:])
        origins.append(places[done:])
    new_ends = np.cumsum(np.concatenate(sizes))
    new_kinds = np.full(len(new_ends), CLAUSE, np.uint8)
    return Items(np.concatenate(literals), new_ends, new_kinds, np.concatenate(origins)), fresh - 1
