"""Formulas of proof complexity and Ramsey theory: clause by clause those that CNFgen makes.

Source: Lauria, Elffers, Nordström, Vinyals: CNFgen: A Generator of Crafted Benchmarks, SAT 2017.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Clauses, Dice, Draft, Parameter, Status, family
from turbosat.errors import UsageError

# The numbers that are known: of two colours, Ahmed, Kullmann, Snevily, Discrete Applied Math. 2014, and its
# sources; of more, Ahmed, Integers 2009 to 2013.
VAN_DER_WAERDEN: dict[tuple[int, ...], int] = {
    **{(3, t): w for t, w in enumerate((9, 18, 22, 32, 46, 58, 77, 97, 114, 135, 160, 186, 218, 238), 3)},
    **{(3, t): w for t, w in enumerate((279, 312, 349), 17)},
    **{(4, t): w for t, w in enumerate((35, 55, 73, 109, 146, 309), 4)},
    **{(5, t): w for t, w in enumerate((178, 206, 260), 5)},
    (6, 6): 1132,
    **{(3, 3, t): w for t, w in enumerate((27, 51, 80, 107), 3)},
    **{(3, 4, t): w for t, w in enumerate((89, 171), 4)},
    (4, 4, 4): 293,
    (3, 3, 3, 3): 76,
}

Vertices = Annotated[int, Parameter("Vertices.", low=1, high=100_000)]


@family
def pigeonhole(
    dice: Dice,
    pigeons: Annotated[
        int | None, Parameter("Pigeons; default: one more than there is room for.", low=0, high=1000)
    ] = None,
    holes: Annotated[int, Parameter("Holes.", low=1, high=1000)] = 9,
    capacity: Annotated[int, Parameter("Pigeons that fit in a hole.", low=1, high=10)] = 1,
    functional: Annotated[bool, Parameter("A pigeon sits in one hole only.")] = False,
    onto: Annotated[bool, Parameter("No hole stays empty.")] = False,
) -> Draft:
    """Pigeonhole principle: pigeon p, from 0, sits in hole h, from 0, by variable p * holes + h + 1.

    With room for two in a hole it is the principle of two pigeons per hole.

    Source: Haken: The Intractability of Resolution, Theoretical Computer Science 1985; two in a hole: Biere:
    Two Pigeons per Hole Problem, SAT Competition 2013.
    """
    pigeons = holes * capacity + 1 if pigeons is None else pigeons
    clauses = Clauses()
    sits = clauses.fresh(pigeons, holes)
    clauses.add(sits)
    if onto:
        clauses.add(sits.T)
    if math.comb(pigeons, capacity + 1) * holes > 20_000_000:
        raise UsageError(f"too many clauses: {pigeons} pigeons, {holes} holes of {capacity}")
    many = _combinations(pigeons, capacity + 1)
    clauses.add(-sits.T[:, many].reshape(-1, capacity + 1))
    if functional:
        clauses.at_most_one(sits)
    possible = pigeons <= holes * capacity
    if onto and pigeons < holes:  # a pigeon in many holes fills those that the others leave empty
        possible = pigeons > 0 and not functional
    return Draft(clauses.formula(), "sat" if possible else "unsat")


@family
def clique_colouring(
    dice: Dice,
    vertices: Annotated[int, Parameter("Vertices.", low=1, high=200)] = 9,
    clique: Annotated[int, Parameter("Size of the clique.", low=1, high=200)] = 5,
    colours: Annotated[int, Parameter("Colours.", low=1, high=200)] = 4,
) -> Draft:
    """Find a graph with a clique of that size and a colouring with so many colours.

    Unsatisfiable where the clique is larger than the number of colours, or than the graph.

    Source: Pudlák: Lower Bounds for Resolution and Cutting Plane Proofs, J. Symbolic Logic 1997.
    """
    clauses = Clauses()
    first, second = np.triu_indices(vertices, 1)  # of each edge, and of each pair of members below
    edges = clauses.fresh(first.size)
    member = clauses.fresh(clique, vertices)
    colour = clauses.fresh(vertices, colours)
    clauses.exactly_one(member)
    clauses.at_most_one(member.T)
    one, other = np.triu_indices(clique, 1)
    for edge, u, v in zip(edges, first, second, strict=True):
        ways = np.stack([member[one][:, [u, v]], member[other][:, [v, u]]], axis=2).reshape(-1, 2)
        clauses.add(np.insert(-ways, 0, edge, axis=1))
    clauses.exactly_one(colour)
    alike = np.stack([np.repeat(edges, colours), colour[first].ravel(), colour[second].ravel()], axis=1)
    clauses.add(-alike)
    return Draft(clauses.formula(), "sat" if clique <= min(colours, vertices) else "unsat")


@family
def tseitin(
    dice: Dice,
    vertices: Vertices = 40,
    degree: Annotated[int, Parameter("Degree of the random regular graph.", low=1, high=20)] = 3,
    satisfiable: Annotated[bool, Parameter("Random charges of even sum, instead of odd.")] = False,
) -> Draft:
    """Tseitin's parities: the edges at each vertex of a random regular graph sum to its charge.

    Satisfiable where the charges of each component have an even sum.

    Source: Tseitin: On the Complexity of Derivation in Propositional Calculus, 1968; on random graphs,
    Ben-Sasson, Wigderson: Short Proofs are Narrow, JACM 2001.
    """
    edges = _regular(dice, vertices, degree)
    charges = dice.randint(0, 2, vertices)
    if not satisfiable:
        charges[0] ^= 1 ^ (charges.sum() & 1)
        return _tseitin(vertices, edges, charges, "unsat")
    flow = dice.randint(0, 2, len(edges))  # the charges of an assignment of the edges
    charges = np.bincount(edges.ravel(), np.repeat(flow, 2), vertices).astype(np.int64) & 1
    return _tseitin(vertices, edges, charges, "sat")


@family
def urquhart(
    dice: Dice,
    side: Annotated[int, Parameter("Side of the square of vertices.", low=2, high=100)] = 3,
    satisfiable: Annotated[bool, Parameter("Charges of even sum, instead of odd.")] = False,
) -> Draft:
    """Urquhart's formulas: Tseitin's parities on Margulis' expander, from one square of vertices to another.

    Source: Urquhart: Hard Examples for Resolution, JACM 1987; the graph of Gabber, Galil: Explicit
    Constructions of Linear-Sized Superconcentrators, JCSS 1981.
    """
    x, y = np.divmod(np.arange(side * side), side)
    targets = [(x, y), (x, x + y), (x, x + y + 1), (x + y, y), (x + y + 1, y)]
    pairs = [np.stack([x * side + y, side * side + (u % side) * side + v % side], axis=1) for u, v in targets]
    edges = np.unique(np.concatenate(pairs), axis=0)
    vertices = 2 * side * side
    flow = dice.randint(0, 2, len(edges))
    charges = np.bincount(edges.ravel(), np.repeat(flow, 2), vertices).astype(np.int64) & 1
    if not satisfiable:  # the graph is connected: one odd component
        charges[int(dice.randint(vertices))] ^= 1
    return _tseitin(vertices, edges, charges, "sat" if satisfiable else "unsat")


@family
def van_der_waerden(
    dice: Dice,
    n: Annotated[int, Parameter("The numbers 1 to n are coloured.", low=1, high=100_000)] = 97,
    lengths: Annotated[
        str, Parameter("Length of the progressions forbidden to each colour, as 3,10.")
    ] = "3,10",
) -> Draft:
    """Colour the numbers so that no arithmetic progression of the colour's length has that colour.

    Satisfiable below the van der Waerden number; W(3,3) = 9, W(3,10) = 97, W(4,5) = 55, W(5,5) = 178.

    Source: van der Waerden 1927; Ahmed, Kullmann, Snevily: On the van der Waerden Numbers w(2;3,t), Discrete
    Applied Math. 2014.
    """
    try:
        wanted = [int(word) for word in lengths.split(",")]
    except ValueError:
        wanted = []
    if len(wanted) < 2 or min(wanted) < 2:
        raise UsageError(f"lengths must be two or more numbers above 1, as 3,10, not {lengths!r:.60}")
    number = VAN_DER_WAERDEN.get(tuple(sorted(wanted)))
    status: Status = "unknown" if number is None else "sat" if n < number else "unsat"
    clauses = Clauses()
    if len(wanted) == 2:
        numbers = clauses.fresh(n)
        forbidden = [numbers, -numbers]
    else:
        colours = clauses.fresh(n, len(wanted))
        for each in colours[:, np.newaxis]:
            clauses.at_most_one(each)
            clauses.add(each)
        forbidden = list(-colours.T)
    for length, literals in zip(wanted, forbidden, strict=True):
        for step in range(1, (n - 1) // (length - 1) + 1):
            start = np.arange(n - (length - 1) * step)
            clauses.add(literals[start[:, np.newaxis] + step * np.arange(length)])
    return Draft(clauses.formula(), status)


@family
def ramsey(
    dice: Dice,
    vertices: Annotated[int, Parameter("Vertices.", low=1, high=100)] = 17,
    red: Annotated[int, Parameter("Size of the forbidden red clique.", low=2, high=20)] = 4,
    blue: Annotated[int, Parameter("Size of the forbidden blue clique.", low=2, high=20)] = 4,
) -> Draft:
    """Colour the edges of a complete graph so that neither clique appears; the Ramsey numbers are the limits.

    Source: Radziszowski: Small Ramsey Numbers, Electronic J. Combinatorics, Dynamic Survey 1.
    """
    known = {(3, t): r for t, r in enumerate((6, 9, 14, 18, 23, 28, 36), 3)} | {(4, 4): 18, (4, 5): 25}
    known |= {(2, t): t for t in range(2, 21)}
    number = known.get((min(red, blue), max(red, blue)))
    if math.comb(vertices, max(min(red, vertices // 2), min(blue, vertices // 2))) > 5_000_000:
        raise UsageError(f"too many cliques among {vertices} vertices")
    status: Status = "unknown" if number is None else "sat" if vertices < number else "unsat"
    clauses = Clauses()
    first, second = np.triu_indices(vertices, 1)
    edges = np.zeros((vertices, vertices), np.int32)
    edges[first, second] = clauses.fresh(first.size)
    for size, sign in ((red, 1), (blue, -1)):
        cliques = _combinations(vertices, size)
        one, other = np.triu_indices(size, 1)
        clauses.add(sign * edges[cliques[:, one], cliques[:, other]])
    return Draft(clauses.formula(), status)


@family
def even_colouring(
    dice: Dice,
    vertices: Annotated[int, Parameter("Vertices of degree 4.", low=5, high=100_000)] = 40,
    satisfiable: Annotated[bool, Parameter("Leave the number of edges even.")] = False,
) -> Draft:
    """Split the edges of a random 4-regular graph in two parts so that each vertex has as many of both.

    A vertex put on one edge makes the number of edges odd, and the formula unsatisfiable.

    Source: Markström: Locality and Hard SAT-Instances, JSAT 2006.
    """
    edges = _regular(dice, vertices, 4)
    if satisfiable:
        return _halved(vertices, edges, "sat")
    split = dice.randint(len(edges))
    ends = edges[split]
    halves = np.stack([ends, np.full(2, vertices)], axis=1)
    edges = np.concatenate([np.delete(edges, split, axis=0), halves])
    return _halved(vertices + 1, edges, "unsat")


def _halved(vertices: int, edges: NDArray[np.int64], status: Status) -> Draft:
    """Let half of the edges at each vertex be in each of two parts."""
    clauses = Clauses()
    clauses.fresh(len(edges))
    for incident in _incident(vertices, edges):
        most = incident[_combinations(incident.size, incident.size // 2 + 1)]
        clauses.add(-most)
        clauses.add(most)
    return Draft(clauses.formula(), status)


def _tseitin(vertices: int, edges: NDArray[np.int64], charges: NDArray[np.int64], status: Status) -> Draft:
    """Let the edges at each vertex sum to its charge."""
    clauses = Clauses()
    clauses.fresh(len(edges))
    for incident, charge in zip(_incident(vertices, edges), charges.tolist(), strict=True):
        negative = np.arange(1 << incident.size)[:, np.newaxis] >> np.arange(incident.size)[::-1] & 1
        wrong = negative[negative.sum(axis=1) % 2 != charge]
        clauses.add(incident * (1 - 2 * wrong))
    return Draft(clauses.formula(), status)


def _incident(vertices: int, edges: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the edges at each vertex, in ascending order, numbered from 1 in the order of their ends."""
    ends = np.sort(edges, axis=1)
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    order = np.argsort(ends.ravel(), kind="stable")
    counts = np.bincount(ends.ravel(), minlength=vertices)
    yield from np.split(order // 2 + 1, np.cumsum(counts)[:-1])


def _combinations(count: int, size: int) -> NDArray[np.int64]:
    """Return the ways to choose from the numbers below `count`, each in a row, all in ascending order."""
    total = math.comb(count, size)
    every = itertools.chain.from_iterable(itertools.combinations(range(count), size))
    return np.fromiter(every, np.int64, total * size).reshape(total, size)


def _regular(dice: Dice, vertices: int, degree: int) -> NDArray[np.int64]:
    """Return the edges (edges, 2) of a random simple regular graph: stubs are paired, bad pairs swapped away.

    Source: McKay, Wormald: Uniform Generation of Random Regular Graphs of Moderate Degree, J. Algorithms
    1990.
    """
    if degree >= vertices or degree * vertices % 2:
        raise UsageError(f"no graph has {vertices} vertices, all of degree {degree}")
    if 2 * degree >= vertices:  # dense: the edges that another graph has not
        rest = _regular(dice, vertices, vertices - 1 - degree)
        every = np.stack(np.triu_indices(vertices, 1), axis=1)
        weights = np.array([vertices, 1])
        kept: NDArray[np.int64] = every[~np.isin(every @ weights, rest @ weights)]
        return kept
    while True:
        stubs = dice.permutation(np.repeat(np.arange(vertices), degree)).reshape(-1, 2)
        for _ in range(1000):
            ends = np.sort(stubs, axis=1)
            codes = ends[:, 0] * vertices + ends[:, 1]
            _, places = np.unique(codes, return_index=True)
            bad = np.ones(len(codes), np.bool_)
            bad[places] = False
            bad |= ends[:, 0] == ends[:, 1]
            if not bad.any():
                return ends[np.argsort(codes)]
            for edge in np.flatnonzero(bad).tolist():
                other = int(dice.randint(len(stubs)))
                stubs[[edge, other], 1] = stubs[[other, edge], 1]
