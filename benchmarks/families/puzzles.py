"""Permutations to be found, coloured pieces, dominoes, golfers who meet once."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Clauses, Dice, Draft, Parameter, Status, family, shuffled

LAST_COSTAS = 31  # there are arrays of all orders up to it; of 32 nobody knows


@family
def vmpc(
    dice: Dice, order: Annotated[int, Parameter("Length of the permutation.", low=2, high=200)] = 22
) -> Draft:
    """Invert the VMPC function: of a permutation Q find a P with Q[x] = P[P[P[x]] + 1], modulo its length.

    P[x] = y is variable x * order + y + 1, from 0, before variables are renumbered and negated by chance, as
    in the files of the SAT-Race. Of the three entries of P behind one of Q each two give the third.

    Source: Zoltak: VMPC One-Way Function and Stream Cipher, FSE 2004; its inversion as SAT: Grieu, SAT-Race
    2006.
    """
    p = dice.permutation(order)
    q = p[(p[p] + 1) % order]
    clauses = Clauses()
    names = clauses.fresh(order, order)
    clauses.exactly_one(names)
    clauses.exactly_one(names.T)
    x, a, b = (axis.ravel() for axis in np.indices((order, order, order)))
    three = np.stack([names[x, a], names[a, b], names[(b + 1) % order, q[x]]], axis=1)
    for last in range(3):
        one, other = np.delete(three, last, axis=1).T
        implied = three[:, last]
        sound = (implied != one) & (implied != other)
        same = sound & (one == other)
        clauses.add(np.stack([-one[same], implied[same]], axis=1))
        differ = sound & (one != other)
        clauses.add(np.stack([-one[differ], -other[differ], implied[differ]], axis=1))
    return shuffled(dice, Draft(clauses.formula(), "sat", permutation_matrix(p)))


@family
def costas(dice: Dice, order: Annotated[int, Parameter("Rows and columns.", low=1, high=60)] = 15) -> Draft:
    """Costas array: a permutation whose differences, of entries equally far apart, are all different.

    Row r has its dot in column c by variable r * order + c + 1, from 0; then a variable for each two rows and
    each difference of their columns. Satisfiable up to order 31.

    Source: Costas: A Study of a Class of Detection Waveforms, Proc. IEEE 1984; orders: Drakakis, Open
    Problems in Costas Arrays, 2011.
    """
    clauses = Clauses()
    dots = clauses.fresh(order, order)
    first, second = np.triu_indices(order, 1)
    by_gap = np.argsort(second - first, kind="stable")
    first, second = first[by_gap], second[by_gap]
    differences = clauses.fresh(first.size, 2 * (order - 1))  # from 1 - order to order - 1, without 0
    clauses.exactly_one(dots)
    clauses.exactly_one(dots.T)
    a, b = (~np.eye(order, dtype=np.bool_)).nonzero()
    for pair, (one, other) in enumerate(zip(first, second, strict=True)):
        seen = differences[pair, b - a + order - 1 - (b > a)]
        clauses.add(np.stack([-dots[one, a], -dots[other, b], seen], axis=1))
    for gap in range(1, order):
        clauses.at_most_one(differences[second - first == gap].T)
    status: Status = "sat" if order <= LAST_COSTAS else "unknown"
    return Draft(clauses.formula(), status)


def permutation_matrix(p: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which entry is where, bool (order * order,)."""
    return np.asarray(np.eye(p.size, dtype=np.bool_)[p]).ravel()


Ints = NDArray[np.int64]


@family
def edge_matching(
    dice: Dice,
    side: Annotated[int, Parameter("Side of the square.", low=2, high=40)] = 6,
    colours: Annotated[int, Parameter("Colours of the edges inside.", low=1, high=100)] = 5,
) -> Draft:
    """Put square pieces together, turned at will, so that edges that meet have one colour.

    Pieces with one or two grey edges go to the border and the corners. Variables: piece in cell; piece in
    cell as it is turned, for those of the inside; colour of each edge between two cells. The first corner has
    its piece.

    Source: Ansótegui, Béjar, Fernàndez, Mateu: Edge Matching Puzzles as Hard SAT/CSP Benchmarks, CP 2008.
    """
    across = dice.randint(0, colours, (side, side - 1))  # between (r, c) and (r, c + 1)
    down = dice.randint(0, colours, (side - 1, side))  # between (r, c) and (r + 1, c)
    cells = np.arange(side * side)
    row, column = np.divmod(cells, side)
    # The edge at each side of each cell: up, right, down, left; -1 at the border.
    names_across = np.arange(across.size).reshape(across.shape)
    names_down = across.size + np.arange(down.size).reshape(down.shape)
    edge = np.full((side * side, 4), -1)
    edge[row > 0, 0] = names_down.ravel()
    edge[column < side - 1, 1] = names_across.ravel()
    edge[row < side - 1, 2] = names_down.ravel()
    edge[column > 0, 3] = names_across.ravel()
    hidden = np.concatenate([across.ravel(), down.ravel(), [-1]])  # of no edge: grey
    solution = hidden[edge]  # (cells, 4): the pieces as they lie
    grey = (edge < 0).sum(axis=1)
    clauses = Clauses()
    placed = np.zeros((side * side, side * side), np.int64)  # piece (that of a cell), cell
    for kind in (2, 1, 0):
        group = cells[grey == kind]
        names = clauses.fresh(group.size, group.size)
        placed[np.ix_(group, group)] = names
        if group.size:
            clauses.exactly_one(names)
            clauses.exactly_one(names.T)
    # Pieces are numbered anew, so that their numbers say nothing.
    which = cells.copy()
    for kind in (2, 1, 0):
        which[grey == kind] = dice.permutation(cells[grey == kind])
    pieces = np.stack([np.roll(each, dice.randint(4)) for each in solution])[which]  # as they are handed out
    tint = clauses.fresh(hidden.size - 1, colours)
    clauses.exactly_one(tint)
    lying: list[tuple[int, int, int, Ints]] = []  # a variable, its piece and cell, the colours as it lies
    for piece, cell in np.argwhere(placed).tolist():
        name = int(placed[piece, cell])
        turned = np.unique([np.roll(pieces[piece], turn) for turn in range(4)], axis=0)
        fitting = turned[((turned < 0) == (edge[cell] < 0)).all(axis=1)]
        if len(fitting) == 1:
            lying.append((name, piece, cell, fitting[0]))
            continue
        ways = clauses.fresh(len(fitting))
        clauses.add(np.concatenate([[-name], ways])[None])
        clauses.add(np.stack([-ways, np.full(ways.size, name)], axis=1))
        lying += [(way, piece, cell, sides) for way, sides in zip(ways.tolist(), fitting, strict=True)]
    model = np.zeros(clauses.variables, np.bool_)
    model[placed[cells, which] - 1] = True
    model[tint[np.arange(hidden.size - 1), hidden[:-1]] - 1] = True
    for name, piece, cell, sides in lying:
        inside = edge[cell] >= 0
        colour = tint[edge[cell][inside], sides[inside]]
        clauses.add(np.stack([np.full(colour.size, -name), colour], axis=1))
        model[name - 1] = which[piece] == cell and (sides == solution[cell]).all()
    clauses.units(placed[which == 0, 0])
    return Draft(clauses.formula(), "sat", model)


@family
def mutilated_chessboard(
    dice: Dice,
    side: Annotated[int, Parameter("Side of the board.", low=2, high=200)] = 12,
) -> Draft:
    """Cover a board without two opposite corners with dominoes, which cannot be done.

    Variables are the dominoes that lie across, row by row, then those that lie down, then one for each cell
    of four dominoes: it splits the constraint that they exclude each other.

    Source: McCarthy: A Tough Nut for Proof Procedures, 1964; encoded as in Reeves, Heule, Bryant: From
    Clauses to Klauses, CAV 2024.
    """
    clauses = Clauses()
    across = np.zeros((side, side + 1), np.int64)  # between (r, c - 1) and (r, c)
    down = np.zeros((side + 1, side), np.int64)
    across[:, 1:side] = clauses.fresh(side, side - 1)
    down[1:side] = clauses.fresh(side - 1, side)
    missing = np.zeros((side, side), np.bool_)
    missing[0, 0] = missing[-1, -1] = True
    for r in range(side):
        for c in range(side):
            near = np.array([across[r, c], across[r, c + 1], down[r, c], down[r + 1, c]])
            near = near[near > 0]
            if missing[r, c]:
                clauses.units(-near)
                continue
            clauses.add(near[None])
            if near.size == 4:
                link = clauses.fresh(1)
                clauses.at_most_one(np.stack([np.append(near[:2], link), np.append(near[2:], -link)]))
            else:
                clauses.at_most_one(near[None])
    return Draft(clauses.formula(), "unsat")


@family
def social_golfer(
    dice: Dice,
    weeks: Annotated[int, Parameter("Weeks.", low=1, high=100)] = 5,
    groups: Annotated[int, Parameter("Groups that play in a week.", low=1, high=100)] = 5,
    size: Annotated[int, Parameter("Golfers in a group.", low=2, high=20)] = 3,
) -> Draft:
    """Let golfers play in groups each week so that no two meet twice.

    Variables (week, golfer, group), then (week, group, place, golfer), then (week, pair of golfers) for who
    meets. The first week is in order, and the golfers of its first group are in the first groups later.

    Source: Harvey, CSPLib 010; Triska, Musliu: An Improved SAT Formulation for the Social Golfer Problem,
    Annals of Operations Research 2012.
    """
    golfers = groups * size
    clauses = Clauses()
    plays = clauses.fresh(weeks, golfers, groups)
    sits = clauses.fresh(weeks, groups, size, golfers)
    clauses.exactly_one(plays.reshape(-1, groups))
    clauses.exactly_one(sits.reshape(-1, golfers))
    by_golfer = sits.transpose(0, 3, 1, 2)  # (weeks, golfers, groups, places)
    flat = by_golfer.reshape(-1, size)
    clauses.add(np.concatenate([-plays.reshape(-1, 1), flat], axis=1))
    clauses.add(np.stack([-flat.ravel(), np.repeat(plays.ravel(), size)], axis=1))
    clauses.at_most_one(flat)
    first, second = np.triu_indices(golfers, 1)
    meets = clauses.fresh(weeks, first.size)
    together = np.stack(
        [-plays[:, first], -plays[:, second], np.repeat(meets[..., None], groups, axis=2)], axis=3
    )
    clauses.add(together.reshape(-1, 3))
    clauses.at_most_one(meets.T)
    everyone = np.arange(golfers)
    clauses.units(plays[0, everyone, everyone // size])
    some = np.arange(min(size, groups))
    clauses.units(plays[1:, some, some])
    return Draft(clauses.formula(), golfers_status(weeks, groups, size))


def golfers_status(weeks: int, groups: int, size: int) -> Status:
    """Say whether there is a plan, where that is known.

    Nobody meets more than all others, nor do the first week's golfers of a group fit in fewer groups. For a
    prime number of groups there are lines of a plane; two or three golfers are round robins and Kirkman's
    schoolgirls (Ray-Chaudhuri, Wilson, 1971).
    """
    golfers = groups * size
    if weeks > (golfers - 1) // (size - 1) or (weeks > 1 and groups < size):
        return "unsat"
    prime = groups > 1 and all(groups % factor for factor in range(2, int(groups**0.5) + 1))
    plane = prime and weeks <= groups + (size == groups)
    return "sat" if weeks == 1 or plane or size == 2 or (size == 3 and groups % 2) else "unknown"
