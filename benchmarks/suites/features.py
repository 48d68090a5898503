"""Features of a formula: sizes, clause lengths, degrees, XORs, gates, 2-SAT and Horn shares, components.

The simple ones are those of Nudelman, Leyton-Brown, Hoos, Devkar, Shoham: Understanding Random SAT: Beyond
the Clauses-to-Variables Ratio, CP 2004.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import printable
from turbosat.formula.formula import Formula

Features = dict[str, Any]
LONG = 10  # clauses of more literals are counted together


def features(formula: Formula, *, structure: bool = True) -> Features:
    """Return all features as numbers in named groups; without `structure`, no XORs and gates.

    Shares are of the clauses. Degrees are occurrences of the variables that occur, components those of the
    graph whose edges join the variables of a clause or an XOR.
    """
    lengths = np.diff(formula.offsets)
    positive = _sums(formula.literals > 0, formula.offsets)
    names = np.concatenate([np.abs(formula.literals), formula.xors.variables])
    occurrences = np.bincount(names, minlength=formula.variables + 1)[1:]
    found: Features = {
        "sizes": {
            "variables": formula.variables,
            "occurring": int((occurrences > 0).sum()),
            "clauses": formula.clauses,
            "literals": int(formula.literals.size),
            "xor_lines": len(formula.xors),
            "clauses_a_variable": _round(formula.clauses / max(1, formula.variables)),
        },
        "lengths": _histogram(lengths),
        "length": _spread(lengths),
        "degree": _spread(occurrences[occurrences > 0]),
        "literals": _polarity(formula),
        "shares": {
            "binary": _share(lengths == 2),
            "horn": _share(positive <= 1),
            "dual_horn": _share(lengths - positive <= 1),
            "positive": _share(positive == lengths),
            "negative": _share(positive == 0),
        },
        "components": _components(formula, occurrences > 0),
    }
    if structure:
        found |= _structure(formula)
    return found


def file_features(path: Path, *, structure: bool = True) -> Features:
    """Read a file and return its features, with its name, GBD hash, size in bytes, family and status."""
    from turbosat.benchmarks.gbd_hash import describe
    from turbosat.formula.files import read

    about = describe(path)
    file = {
        "name": path.name,
        "hash": about.hash,
        "bytes": path.stat().st_size,
        "family": about.family,
        "status": about.known,
    }
    return {"file": file, **features(read(path), structure=structure)}


def text(found: Features) -> str:
    """Return features as lines, a group after the other; names in them have no line ends."""
    lines = []
    for group, values in found.items():
        lines.append(group)
        lines += [f"  {name:20} {printable(str(value))}" for name, value in values.items()]
    return "\n".join(lines)


def _structure(formula: Formula) -> Features:
    from turbosat.encodings.gates import recovery as gate_finder
    from turbosat.encodings.xor import recovery as xor

    recovered = xor.recover(formula)
    gates = gate_finder.find_gates(formula)
    sizes = np.diff(recovered.xors.offsets)
    inputs = np.diff(gates.offsets)
    conjunctions = gates.kinds == gate_finder.AND
    return {
        "xors": {
            "found": len(recovered.xors),
            "fixed_variables": int((sizes == 1).sum()),
            "equivalences": int((sizes == 2).sum()),
            "longer": int((sizes > 2).sum()),
            "longest": int(sizes.max(initial=0)),
            "from_lines": int((recovered.sources == xor.LINES).sum()),
            "from_clauses": int((recovered.sources == xor.CLAUSES).sum()),
            "from_gates": int((recovered.sources == xor.GATES).sum()),
            "variables": int(np.unique(recovered.xors.variables).size),
        },
        "gates": {
            "found": len(gates),
            "conjunctions": int(conjunctions.sum()),
            "multiplexers": int((gates.kinds == gate_finder.ITE).sum()),
            "mean_inputs": _round(inputs[conjunctions].mean()) if conjunctions.any() else 0,
            "outputs": int(np.unique(np.abs(gates.outputs)).size),
        },
    }


def _sums(marks: NDArray[np.bool_], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many are marked in each row, marks (literals,)."""
    total = np.concatenate([[0], np.cumsum(marks)])
    sums: NDArray[np.int64] = total[offsets[1:]] - total[offsets[:-1]]
    return sums


def _histogram(lengths: NDArray[np.int64]) -> dict[str, int]:
    counts = np.bincount(np.minimum(lengths, LONG + 1), minlength=LONG + 2).tolist()
    named = {str(length): count for length, count in enumerate(counts[:-1]) if count}
    return {**named, f"{LONG + 1}+": counts[-1]} if counts[-1] else named


def _spread(values: NDArray[np.int64]) -> dict[str, float]:
    if not values.size:
        return {"least": 0, "median": 0, "mean": 0, "most": 0, "deviation": 0}
    return {
        "least": int(values.min()),
        "median": _round(np.median(values)),
        "mean": _round(values.mean()),
        "most": int(values.max()),
        "deviation": _round(values.std()),
    }


def _polarity(formula: Formula) -> dict[str, float]:
    positive = np.bincount(formula.literals[formula.literals > 0], minlength=formula.variables + 1)[1:]
    negative = np.bincount(-formula.literals[formula.literals < 0], minlength=formula.variables + 1)[1:]
    free = np.ones(formula.variables, np.bool_)
    free[formula.xors.variables - 1] = False
    return {
        "positive_share": _round(positive.sum() / max(1, formula.literals.size)),
        "pure_variables": int((free & ((positive == 0) != (negative == 0))).sum()),
    }


def _components(formula: Formula, occurring: NDArray[np.bool_]) -> dict[str, float]:
    """Count connected components: roots are hooked to smaller neighbours, then paths are shortened, again.

    Source: Shiloach, Vishkin: An O(log n) Parallel Connectivity Algorithm, J. Algorithms 1982.
    """
    parts = (np.abs(formula.literals), formula.offsets), (formula.xors.variables, formula.xors.offsets)
    first, second = [], []
    for names, offsets in parts:
        same = np.ones(max(0, names.size - 1), np.bool_)  # neighbours in the array of one clause
        inner = offsets[(offsets > 0) & (offsets < names.size)]
        same[inner - 1] = False
        first.append(names[:-1][same])
        second.append(names[1:][same])
    one = np.concatenate(first).astype(np.int64) - 1
    two = np.concatenate(second).astype(np.int64) - 1
    root = np.arange(formula.variables)
    while True:
        a, b = root[one], root[two]
        apart = a != b
        if not apart.any():
            break
        one, two, a, b = one[apart], two[apart], a[apart], b[apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(shorter := root[root], root):
            root = shorter
    sizes = np.bincount(root[occurring]) if occurring.any() else np.zeros(1, np.int64)
    return {"count": int((sizes > 0).sum()), "largest": int(sizes.max())}


def _share(marks: NDArray[np.bool_]) -> float:
    return _round(marks.mean()) if marks.size else 0.0


def _round(value: Any) -> float:
    return round(float(value), 6)
