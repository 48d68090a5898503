"""Clauses as a conflict graph: variables of many values, and pairs of values that exclude each other.

Quasigroups, colourings and binary constraint satisfaction are little else. A unit is a group of literals of
which exactly one is true (turbosat.encodings.groups), or a variable in no group with its two literals; a
place is a literal of a unit, a value that it may have. A clause of two literals whose negations are places
says that these exclude each other. The rest are clauses that no pair says: in a quasigroup they say that
each value occurs in each line, which follows from the pairs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.groups import Groups
from turbosat.encodings.propagation import ranges, transpose


@dataclass(frozen=True, slots=True, eq=False)
class Conflicts:
    """Units, the pairs of places that exclude each other, and the rest of the clauses.

    Where each unit has one true place, no pair is true, and the rest is satisfied, the clauses are.
    """

    begins: NDArray[np.int64]  # (units + 1,), the places of each unit
    members: NDArray[np.int32]  # (places,), the literal of each place
    unit: NDArray[np.int32]  # (places,)
    place: NDArray[np.int32]  # (2 · variables,), that stands for each literal, -1 for none
    heads: NDArray[np.int64]  # (places + 1,)
    others: NDArray[np.int32]  # (2 · pairs,), the places that each place excludes
    offsets: NDArray[np.int64]  # (rest + 1,)
    literals: NDArray[np.int32]  # (entries,), of the rest

    @property
    def share(self) -> float:
        """The part of the literals that are in pairs, 0 where there are no clauses."""
        return self.others.size / max(1, self.others.size + self.literals.size)


def conflict_graph(groups: Groups) -> Conflicts:
    """Read what groups leave of a matrix as a conflict graph."""
    sizes = np.diff(groups.begins)
    two = groups.begins[:-1][sizes == 2]
    alone = np.ones(groups.variables, np.bool_)
    alone[groups.members >> 1] = False
    single = np.flatnonzero(alone).astype(np.int32)
    members = np.concatenate([groups.members, np.repeat(2 * single, 2)])
    members[groups.members.size + 1 :: 2] ^= 1
    sizes = np.concatenate([sizes, np.full(single.size, 2)])
    begins = np.append(0, np.cumsum(sizes)).astype(np.int64)
    unit = np.repeat(np.arange(sizes.size, dtype=np.int32), sizes)
    place = np.full(2 * groups.variables, -1, np.int32)
    place[members] = np.arange(members.size, dtype=np.int32)
    for one, other in ((two, two + 1), (two + 1, two)):  # of two values, not to have one is to have the other
        place[members[one] ^ 1] = other
    lengths = np.diff(groups.offsets)
    binary = np.flatnonzero(lengths == 2)
    ends = place[groups.literals[groups.offsets[binary][:, None] + np.arange(2)] ^ 1]  # (binary, 2)
    said = (ends >= 0).all(axis=1)
    said[said] = unit[ends[said, 0]] != unit[ends[said, 1]]
    pairs = ends[said]
    rest = np.delete(np.arange(lengths.size), binary[said])
    starts, which = transpose(
        pairs.reshape(-1), np.arange(0, 2 * len(pairs) + 1, 2, dtype=np.int64), members.size
    )
    own = np.repeat(np.arange(members.size, dtype=np.int32), np.diff(starts))
    others = pairs.sum(axis=1, dtype=np.int32)[which] - own
    offsets = np.append(0, np.cumsum(lengths[rest])).astype(np.int64)
    kept = groups.literals[ranges(groups.offsets, rest)]
    return Conflicts(begins, members, unit, place, starts, others, offsets, kept)
