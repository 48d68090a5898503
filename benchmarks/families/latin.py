"""Latin squares with holes, and Sudoku."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Clauses, Dice, Draft, Parameter, family
from turbosat.errors import UsageError

HOLE = -1


@family
def qwh(
    dice: Dice,
    order: Annotated[int, Parameter("Rows, columns and symbols.", low=1, high=100)] = 33,
    holes: Annotated[float, Parameter("Share of the cells that are empty.", low=0, high=1)] = 0.35,
    balanced: Annotated[bool, Parameter("As many holes in every row and column, to one.")] = True,
) -> Draft:
    """Quasigroup with holes: a Latin square, drawn almost uniformly, of which cells are to be filled again.

    Hardest at about 1.7 times order to the 1.55 holes, 0.35 of the cells at order 33. A variable (row,
    column, symbol) is there only where the symbol fits the cells that are given; they are numbered in that
    order, and the clauses are those of the three-dimensional encoding.

    Source: Achlioptas, Gomes, Kautz, Selman: Generating Satisfiable Problem Instances, AAAI 2000; Kautz et
    al.: Balance and Filtering in Structured Satisfiable Problems, IJCAI 2001.
    """
    square = latin_square(dice, order)
    given = square.copy()
    count = round(holes * order * order)
    if balanced:
        # The cells of one symbol of another square lie once in each row and column.
        places = (dice.permutation(order)[:, None] + dice.permutation(order)) % order
        rank = places.ravel() * order * order + dice.permutation(order * order)
        cells = np.argsort(rank, kind="stable")[:count]
    else:
        cells = dice.permutation(order * order)[:count]
    given.ravel()[cells] = HOLE
    return _completion(given, square, np.zeros((0, 0), np.int64))


@family
def sudoku(
    dice: Dice,
    box: Annotated[int, Parameter("Side of a box: 3 is the newspaper's.", low=2, high=12)] = 5,
    holes: Annotated[float, Parameter("Share of the cells that are empty.", low=0, high=1)] = 0.6,
) -> Draft:
    """Sudoku with box x box boxes: a grid, made by shuffling the cyclic one, some of it to be filled again.

    Variables as for Latin squares, with the boxes as a third kind of group.

    Source: Lynce, Ouaknine: Sudoku as a SAT Problem, AIMATH 2006; Lewis: Metaheuristics Can Solve Sudoku
    Puzzles, J. Heuristics 2007.
    """
    side = box * box
    rows = np.concatenate([group * box + dice.permutation(box) for group in dice.permutation(box)])
    columns = np.concatenate([group * box + dice.permutation(box) for group in dice.permutation(box)])
    r, c = rows[:, None], columns[None, :]
    square = dice.permutation(side)[(box * (r % box) + r // box + c) % side]
    if dice.randint(2):
        square = square.T.copy()
    given = square.copy()
    given.ravel()[dice.permutation(side * side)[: round(holes * side * side)]] = HOLE
    r, c = np.divmod(np.arange(side * side), side)
    boxes = np.argsort((r // box) * box + c // box, kind="stable").reshape(side, side)
    return _completion(given, square, boxes)


def latin_square(dice: Dice, order: int) -> NDArray[np.int64]:
    """Return a Latin square (order, order) of 0 to order - 1, near to uniform over all of them.

    Source: Jacobson, Matthews: Generating Uniformly Distributed Random Latin Squares, J. Comb. Designs 1996,
    order cubed moves.
    """
    if order == 1:
        return np.zeros((1, 1), np.int64)
    span = range(order)
    # The ones of the cube by row and column, row and symbol, column and symbol: lists of one or two.
    symbols = [[[(r + c) % order] for c in span] for r in span]
    columns = [[[(s - r) % order] for s in span] for r in span]
    rows = [[[(s - c) % order] for s in span] for c in span]
    proper, moves, block = True, order**3, min(order**3, 4096)
    x = y = z = 0  # the place that has minus one, where the square is improper
    while True:
        places = dice.randint(0, order, (block, 3)).tolist()
        coins = dice.randint(0, 2, (block, 3)).tolist()  # which one, where there are two
        for place, (one, two, three) in zip(places, coins, strict=True):
            moves -= 1
            if not proper:
                a = rows[y][z][one]
                b = columns[x][z][two]
                d = symbols[x][y][three]
            else:
                if moves <= 0:
                    return np.array(symbols).reshape(order, order)
                x, y, z = place
                a, b, d = rows[y][z][0], columns[x][z][0], symbols[x][y][0]
                if d == z:
                    continue
                symbols[x][y].append(z)
                columns[x][z].append(y)
                rows[y][z].append(x)
            for i, j, k in ((x, b, d), (a, y, d), (a, b, z)):
                symbols[i][j].append(k)
                columns[i][k].append(j)
                rows[j][k].append(i)
            for i, j, k in ((a, y, z), (x, b, z), (x, y, d)):
                symbols[i][j].remove(k)
                columns[i][k].remove(j)
                rows[j][k].remove(i)
            proper = d in symbols[a][b]
            if proper:
                symbols[a][b].remove(d)
                columns[a][d].remove(b)
                rows[b][d].remove(a)
            x, y, z = a, b, d


def open_cells(given: NDArray[np.int64], boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the variable of every (row, column, symbol), 0 where there is none, (side, side, side)."""
    side = given.shape[0]
    free = np.repeat((given == HOLE)[:, :, None], side, axis=2)
    rows, columns = np.nonzero(given != HOLE)
    symbols = given[rows, columns]
    free[rows, :, symbols] = False
    free[:, columns, symbols] = False
    flat = free.reshape(side * side, side)
    for cells in boxes:
        inside = given.ravel()[cells]
        flat[np.ix_(cells, inside[inside != HOLE])] = False
    names: NDArray[np.int64] = (np.cumsum(free.ravel()) * free.ravel()).reshape(side, side, side)
    return names


def _completion(given: NDArray[np.int64], square: NDArray[np.int64], boxes: NDArray[np.int64]) -> Draft:
    side = given.shape[0]
    names = open_cells(given, boxes)
    clauses = Clauses()
    clauses.fresh(int(names.max(initial=0)))
    # Each group has exactly one true, but for those that are settled by the cells given.
    groups = [
        names.reshape(-1, side),
        names.transpose(0, 2, 1).reshape(-1, side),
        names.transpose(1, 2, 0).reshape(-1, side),
    ]
    if boxes.size:
        groups.append(names.reshape(side * side, side)[boxes].transpose(0, 2, 1).reshape(-1, side))
    first, second = np.triu_indices(side, 1)
    for rows in groups:
        clauses.add_each(row[row > 0].tolist() for row in rows if row.any())
        for some in np.array_split(rows, max(1, side)):
            pairs = np.stack([some[:, first], some[:, second]], axis=2).reshape(-1, 2)
            clauses.add(-pairs[(pairs > 0).all(axis=1)])
    model = np.zeros(clauses.variables, np.bool_)
    r, c = np.nonzero(given == HOLE)
    model[names[r, c, square[r, c]] - 1] = True
    return Draft(clauses.formula(), "sat", model)


def complete(
    given: NDArray[np.int64], boxes: NDArray[np.int64], model: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the square (side, side) that a model stands for. UsageError where a hole gets no symbol."""
    names = open_cells(given, boxes)
    true = np.concatenate([[False], model])[names]
    if not (true.any(axis=2) == (given == HOLE)).all():
        raise UsageError("the model leaves a cell empty")
    return np.where(given == HOLE, np.argmax(true, axis=2), given)
