"""Graphs, random ones and those of DIMACS files: colourings, cliques, cycles, values of Model RB."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Clauses, Dice, Draft, Parameter, Status, family
from turbosat.errors import InputError, UsageError

Colours = Annotated[int, Parameter("Colours.", low=1, high=1000)]


@family
def colouring(
    dice: Dice,
    vertices: Annotated[int, Parameter("Vertices.", low=1, high=1_000_000)] = 300,
    degree: Annotated[float, Parameter("Mean degree.", low=0, high=10_000)] = 4.6,
    colours: Colours = 3,
    planted: Annotated[bool, Parameter("Hide a colouring with classes of equal size.")] = False,
) -> Draft:
    """Colour a random graph with so many edges that its mean degree is as asked.

    Three colours are hardest at mean degree 4.69, four at 8.4 to 8.9, five at 12.8 to 13.7. The variable of
    vertex v and colour c, from 0, is v * colours + c + 1.

    Source: Cheeseman, Kanefsky, Taylor: Where the Really Hard Problems Are, IJCAI 1991; hidden colourings as
    in Culberson, Luo: Exploring the k-Colorable Landscape with Iterated Greedy, DIMACS 26, 1996.
    """
    classes = dice.permutation(vertices) % colours if planted else None
    edges = random_edges(dice, vertices, round(vertices * degree / 2), classes)
    model = None
    if classes is not None:
        model = np.zeros(vertices * colours, np.bool_)
        model[np.arange(vertices) * colours + classes] = True
    return _coloured(vertices, edges, colours, "unknown" if model is None else "sat", model)


@family
def colouring_file(
    dice: Dice,
    file: Annotated[Path | None, Parameter("Graph in DIMACS format (.col).")] = None,
    colours: Colours = 3,
) -> Draft:
    """Colour the graph of a DIMACS file, as those of the second DIMACS challenge; variables as for colouring.

    Source: Johnson, Trick (eds.): Cliques, Coloring, and Satisfiability, DIMACS 26, 1996.
    """
    if file is None:
        raise UsageError("colouring-file needs a file")
    vertices, edges = read_graph(file)
    return _coloured(vertices, edges, colours, "unknown", None)


def random_edges(
    dice: Dice, vertices: int, count: int, classes: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return different edges (count, 2), the smaller vertex first; with classes, none inside a class."""
    possible = vertices * (vertices - 1) // 2
    if classes is not None:
        sizes = np.bincount(classes)
        possible -= int((sizes * (sizes - 1) // 2).sum())
    if count > possible:
        raise UsageError(f"expected at most {possible} edges on {vertices} vertices, found {count}")
    if 2 * count > possible:  # dense: choose from all
        first, second = np.triu_indices(vertices, 1)
        if classes is not None:
            kept = classes[first] != classes[second]
            first, second = first[kept], second[kept]
        chosen = dice.permutation(first.size)[:count]
        return np.stack([first[chosen], second[chosen]], axis=1)
    codes = np.zeros(0, np.int64)
    while codes.size < count:
        ends = np.sort(dice.randint(0, vertices, (count + 16, 2)), axis=1)
        kept = ends[:, 0] < ends[:, 1]
        if classes is not None:
            kept &= classes[ends[:, 0]] != classes[ends[:, 1]]
        more = np.concatenate([codes, (ends[:, 0] * vertices + ends[:, 1])[kept]])
        _, places = np.unique(more, return_index=True)
        codes = more[np.sort(places)][:count]
    return np.stack(np.divmod(codes, vertices), axis=1)


def read_graph(path: Path) -> tuple[int, NDArray[np.int64]]:
    """Read a DIMACS graph: the number of vertices and its different edges (edges, 2) from 0, loops left out.

    InputError says FILE:LINE and what is wrong.
    """
    vertices, pairs = None, []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        words = line.split()
        if not words or words[0] == "c" or words[0] in ("n", "d", "v", "x"):
            continue
        try:
            if words[0] == "p" and vertices is None and words[1] in ("edge", "edges", "col"):
                vertices = int(words[2])
                continue
            if words[0] == "e" and vertices is not None:
                pair = int(words[1]), int(words[2])
                if not all(1 <= end <= vertices for end in pair):
                    raise InputError(
                        str(path), number, f"expected vertices from 1 to {vertices}: {line!r:.60}"
                    )
                pairs.append(pair)
                continue
        except (IndexError, ValueError) as error:
            if isinstance(error, InputError):
                raise
        raise InputError(str(path), number, f"expected p edge N M, then e U V, found {line!r:.60}")
    if vertices is None:
        raise InputError(str(path), None, "expected a line p edge N M, found none")
    ends = np.sort(np.array(pairs, np.int64).reshape(-1, 2) - 1, axis=1)
    return vertices, np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)


def _coloured(
    vertices: int,
    edges: NDArray[np.int64],
    colours: int,
    status: Status,
    model: NDArray[np.bool_] | None,
) -> Draft:
    clauses = Clauses()
    names = clauses.fresh(vertices, colours)
    clauses.exactly_one(names)
    clauses.add(-np.stack([names[edges[:, 0]], names[edges[:, 1]]], axis=2).reshape(-1, 2))
    return Draft(clauses.formula(), status, model)


@family
def frb(
    dice: Dice,
    variables: Annotated[int, Parameter("Variables of the constraint problem.", low=2, high=500)] = 35,
    alpha: Annotated[float, Parameter("Values: variables to this power.", low=0.1, high=1.5)] = 0.8,
    tightness: Annotated[
        float, Parameter("Share of pairs that a constraint forbids.", low=0, high=0.9)
    ] = 0.25,
    density: Annotated[float, Parameter("Constraints, to those at the threshold.", low=0, high=3)] = 1.0,
) -> Draft:
    """Random binary constraints on variables of many values, with a hidden solution, at the threshold.

    Variable i, from 0, has value j, from 0, by variable i * values + j + 1.

    Source: Xu, Boussemart, Hemery, Lecoutre: Random Constraint Satisfaction: Easy Generation of Hard
    (Satisfiable) Instances, Artificial Intelligence 2007 (Model RB; frb30-15 to frb59-26).
    """
    values = max(2, round(variables**alpha))
    threshold = -alpha / math.log(1 - tightness) if tightness else 1.0
    constraints = round(density * threshold * variables * math.log(variables))
    hidden = dice.randint(0, values, variables)
    forbidden = min(round(tightness * values * values), values * values - 1)
    clauses = Clauses()
    names = clauses.fresh(variables, values)
    clauses.exactly_one(names)
    pairs = [np.zeros((0, 2), np.int64)]
    first, second = np.triu_indices(variables, 1)
    for scope in dice.permutation(first.size)[:constraints]:  # different ones, as in the benchmark's files
        one, other = first[scope], second[scope]
        kept = hidden[one] * values + hidden[other]
        drawn = dice.permutation(values * values - 1)[:forbidden]
        drawn += drawn >= kept
        pairs.append(np.stack([names[one][drawn // values], names[other][drawn % values]], axis=1))
    clauses.add(-np.unique(np.concatenate(pairs), axis=0))
    model = np.zeros(variables * values, np.bool_)
    model[np.arange(variables) * values + hidden] = True
    return Draft(clauses.formula(), "sat", model)


@family
def clique(
    dice: Dice,
    vertices: Annotated[int, Parameter("Vertices.", low=2, high=2000)] = 50,
    size: Annotated[int, Parameter("Size of the clique.", low=2, high=100)] = 9,
    density: Annotated[float, Parameter("Chance of an edge.", low=0, high=1)] = 0.6,
    planted: Annotated[bool, Parameter("Hide a clique.")] = False,
) -> Draft:
    """Find a clique in a random graph: its member i, from 0, is vertex v by variable i * vertices + v + 1.

    Members are in ascending order.

    Source: Beyersdorff, Galesi, Lauria: Parameterized Complexity of DPLL Search Procedures, ACM TOCL 2013;
    the formula as in CNFgen.
    """
    if size > vertices:
        raise UsageError(f"expected a clique of at most {vertices}, found {size}")
    edges = np.triu(dice.random_sample((vertices, vertices)) < density, 1)
    members = np.sort(dice.permutation(vertices)[:size])
    if planted:
        edges[tuple(members[axis] for axis in np.triu_indices(size, 1))] = True
    clauses = Clauses()
    names = clauses.fresh(size, vertices)
    clauses.exactly_one(names)
    u, v = (~edges).nonzero()  # not joined, or in the wrong order
    for one in range(size):
        for other in range(one + 1, size):
            clauses.add(-np.stack([names[one][u], names[other][v]], axis=1))
    if not planted:
        return Draft(clauses.formula())
    model = np.zeros(size * vertices, np.bool_)
    model[np.arange(size) * vertices + members] = True
    return Draft(clauses.formula(), "sat", model)


@family
def hamiltonian(
    dice: Dice,
    vertices: Annotated[int, Parameter("Vertices, an even number.", low=4, high=20_000)] = 400,
) -> Draft:
    """Find a cycle through all vertices of a random cubic graph that has one: a cycle and a random matching.

    Variables are the arcs, both directions of an edge side by side, then the places of the vertices as
    binary numbers: along an arc the place grows by one, unless it leads to vertex 0.

    Source: Velev, Gao: Efficient SAT Techniques for Absolute Encoding of Permutation Problems, SARA 2009;
    places as binary numbers: Zhou: In Pursuit of an Efficient SAT Encoding for the Hamiltonian Cycle Problem,
    CP 2020. Cycle and matching: Wormald: Models of Random Regular Graphs, 1999.
    """
    if vertices % 2:
        raise UsageError(f"no cubic graph has {vertices} vertices, an odd number")
    order = dice.permutation(vertices)
    cycle = np.stack([order, np.roll(order, -1)], axis=1)
    edges = np.sort(np.concatenate([cycle, _matching(dice, cycle)]), axis=1)
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
    arcs = np.stack([edges, edges[:, ::-1]], axis=1).reshape(-1, 2)  # (arcs, tail and head)
    clauses = Clauses()
    taken = clauses.fresh(len(arcs))
    for end in (0, 1):
        by_vertex = np.argsort(arcs[:, end], kind="stable").reshape(vertices, 3)
        clauses.exactly_one(taken[by_vertex])
    width = max(1, (vertices - 1).bit_length())
    places = clauses.fresh(vertices, width)  # the lowest bit first
    clauses.units(-places[0])
    following = _increments(clauses, places)
    inner = np.flatnonzero(arcs[:, 1] != 0)
    tails, heads = arcs[inner].T
    for bit in range(width):
        was, now = following[tails, bit], places[heads, bit]
        clauses.add(np.stack([-taken[inner], -was, now], axis=1))
        clauses.add(np.stack([-taken[inner], was, -now], axis=1))
    return Draft(clauses.formula(), "sat", _walked(clauses.variables, arcs, order, places, following))


def _matching(dice: Dice, cycle: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return edges (vertices / 2, 2) that join all vertices in pairs, none of them in the cycle."""
    neighbours = {frozenset(edge) for edge in cycle.tolist()}
    pairs = dice.permutation(len(cycle)).reshape(-1, 2)
    while bad := [row for row, pair in enumerate(pairs.tolist()) if frozenset(pair) in neighbours]:
        for row in bad:
            # either end of the other: of four vertices, say, not every matching can be had with one
            other, end = int(dice.randint(len(pairs))), int(dice.randint(2))
            pairs[[row, other], [1, end]] = pairs[[other, row], [end, 1]]
    return pairs


def _increments(clauses: Clauses, words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return literals of words plus one, (words, width), without the carry out of the highest bit."""
    total = words.copy()
    total[:, 0] *= -1
    carry = words[:, 0]
    for bit in range(1, words.shape[1]):
        x = words[:, bit]
        total[:, bit] = s = clauses.fresh(len(words))
        for signs in ((-1, 1, 1), (-1, -1, -1), (1, -1, 1), (1, 1, -1)):
            clauses.add(np.stack([s, x, carry], axis=1) * np.array(signs))
        if bit + 1 < words.shape[1]:
            both = clauses.fresh(len(words))
            clauses.add(np.stack([-both, x], axis=1))
            clauses.add(np.stack([-both, carry], axis=1))
            clauses.add(np.stack([both, -x, -carry], axis=1))
            carry = both
    return total


def _walked(
    variables: int,
    arcs: NDArray[np.int64],
    order: NDArray[np.int64],
    places: NDArray[np.int64],
    following: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return the model, bool (variables,), of the cycle that visits the vertices in that order."""
    vertices, width = places.shape
    model = np.zeros(variables, np.bool_)
    rank = np.zeros(vertices, np.int64)
    rank[order] = np.arange(vertices)
    rank = (rank - rank[0]) % vertices
    model[: len(arcs)] = rank[arcs[:, 1]] == (rank[arcs[:, 0]] + 1) % vertices
    bits = np.arange(width)
    model[places - 1] = rank[:, None] >> bits & 1
    for bit in range(1, width):
        model[following[:, bit] - 1] = (rank + 1) >> bit & 1
        if bit + 1 < width:  # the carry follows its sum
            model[following[:, bit] + vertices - 1] = (rank + 1) & ((2 << bit) - 1) == 0
    return model
