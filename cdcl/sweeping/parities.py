"""Nodes of a graph that are equal since they are the same parity of other nodes, however it is bracketed.

Two trees of XORs over the same leaves need not have an equal pair of inner nodes, and to prove them equal
takes a search exponentially long. As sums over GF(2) they are compared at once.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

MEMORY: Final = 1 << 29  # bits of all sums together, beyond which none are made
BLOCK: Final = 1 << 12  # XORs between two calls of `check`


def equal_parities(
    fanins: NDArray[np.int32], check: Callable[[], None] = lambda: None
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return nodes (found,) rising, and the literal that each is equal to, of a smaller node (found,).

    fanins (nodes, 2) are literals of smaller nodes, −1 twice for a leaf; node 0 is false. A node is a sum
    where it is -x & -y, with x = a & b and y = -a & -b for literals a and b; others are themselves.
    """
    nodes = np.flatnonzero((fanins & 1).all(axis=1) & (fanins >= 0).all(axis=1))
    rows = fanins[nodes]  # (nodes, 2)
    x, y = np.sort(fanins[rows[:, 0] >> 1], axis=1), np.sort(fanins[rows[:, 1] >> 1] ^ 1, axis=1)
    sums = (x >= 0).all(axis=1) & (x == y).all(axis=1)
    nodes, terms = nodes[sums], x[sums]
    own = np.zeros(len(fanins), np.bool_)
    own[nodes] = True
    basis = np.unique(terms >> 1)
    basis = basis[~own[basis] & (basis > 0)]
    if nodes.size * basis.size > MEMORY:
        nodes = nodes[:0]
    # A literal is a sum of the basis, a mask, and a constant; `first` has the literal that is just the sum.
    masks = {0: 0} | {int(node): 1 << i for i, node in enumerate(basis)}
    first = {mask: 2 * node for node, mask in masks.items()}
    constants = dict.fromkeys(masks, 0)
    found, literals = [], []
    for i, (node, (a, b)) in enumerate(zip(nodes.tolist(), terms.tolist(), strict=True)):
        if i % BLOCK == 0:
            check()
        mask = masks[node] = masks[a >> 1] ^ masks[b >> 1]
        constant = constants[node] = constants[a >> 1] ^ constants[b >> 1] ^ (a ^ b) & 1
        known = first.setdefault(mask, 2 * node ^ constant)
        if known >> 1 != node:
            found.append(node)
            literals.append(known ^ constant)
    return np.array(found, np.int64), np.array(literals, np.int32)
