"""DIMACS files: reading and writing."""

import enum
import os
from collections.abc import Callable, Iterable
from typing import BinaryIO

import numpy as np

from turbosat.errors import InputError
from turbosat.formula import Formula
from turbosat.xors import Xors


class Strictness(enum.StrEnum):
    RELAXED = "relaxed"
    NORMAL = "normal"
    STRICT = "strict"


def read(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    strictness: Strictness = Strictness.NORMAL,
    check: Callable[[], None] | None = None,
) -> Formula:
    """Provisional."""
    name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "<stdin>"
    try:
        with open(name, "rb") as f:
            data = f.read()
    except OSError as error:
        raise InputError(name, None, f"cannot read: {error.strerror}") from None
    return parse(data, name)


def parse(
    data: bytes,
    name: str = "<string>",
    *,
    strictness: Strictness = Strictness.NORMAL,
    check: Callable[[], None] | None = None,
) -> Formula:
    """Provisional."""
    rows, xs, variables = [], [], None
    for n, line in enumerate(data.split(b"\n"), 1):
        line = line.strip()
        if line.startswith(b"p cnf"):
            variables = int(line.split()[2])
        elif line.startswith(b"x"):
            xs.append([int(x) for x in line[1:].split()][:-1])
        elif line and not line.startswith(b"c"):
            try:
                rows += [int(x) for x in line.split()]
            except ValueError:
                raise InputError(name, n, "expected a literal") from None
    if variables is None:
        raise InputError(name, 1, "expected a header")
    f = Formula.from_dimacs_array(np.array(rows, dtype=np.int32), variables)
    return Formula(f.literals, f.offsets, variables, Xors.from_rows(xs))


def dumps(formula: Formula) -> bytes:
    """Provisional."""
    lines = [f"p cnf {formula.variables} {formula.clauses + len(formula.xors)}"]
    lines += [" ".join(map(str, [*c, 0])) for c in formula]
    for row, parity in formula.xors:
        lines.append("x" + " ".join(map(str, [*([-row[0], *row[1:]] if row and not parity else row), 0])))
    return ("\n".join(lines) + "\n").encode()


def write(
    formula: Formula, target: str | os.PathLike[str] | BinaryIO, *, comments: Iterable[str] = ()
) -> None:
    """Provisional."""
    if isinstance(target, (str, os.PathLike)):
        with open(target, "wb") as f:
            f.write(dumps(formula))
    else:
        target.write(dumps(formula))


def looks_like_dimacs(path: str | os.PathLike[str]) -> bool:
    """Provisional."""
    try:
        with open(path, "rb") as f:
            return b"p cnf" in f.read(4096)
    except OSError:
        return False
