"""Graph colouring: random graphs, graphs with a hidden colouring, DIMACS graph files."""

from __future__ import annotations

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
