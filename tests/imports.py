"""Which file imports which: read from the sources, late and conditional imports included."""

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PARTS = ("turbosat", "gpu", "cdcl", "encodings", "benchmarks")


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the files, relative to the root, and the line."""

    importer: str
    line: int
    imported: str


def modules(root: Path) -> dict[str, str]:
    """Return the files of all modules below a root by their dotted names."""
    found = {}
    for part in PARTS:
        for path in sorted((root / part).rglob("*.py")):
            place = path.relative_to(root)
            if any((root / above).is_symlink() for above in place.parents[:-1]):
                continue
            names = [*place.parts[:-1], *([] if path.stem == "__init__" else [path.stem])]
            found[".".join(names if part == "turbosat" else ["turbosat", *names])] = place.as_posix()
    return found


def imports(root: Path) -> list[Import]:
    """Return all imports of one module of ours by another."""
    known = modules(root)
    found = []
    for file in known.values():
        for node in ast.walk(ast.parse((root / file).read_text())):
            for name in _names(node, known):
                if known[name] != file:
                    found.append(Import(file, getattr(node, "lineno", 0), known[name]))
    return found


def _names(node: ast.AST, known: Mapping[str, str]) -> Iterator[str]:
    """Yield the modules of ours that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
    elif isinstance(node, ast.ImportFrom) and node.module is not None:
        for alias in node.names:
            below = f"{node.module}.{alias.name}"
            if below in known:
                yield below
            elif node.module in known:
                yield node.module


def breaches(found: list[Import], table: Mapping[str, str], groups: Mapping[str, str]) -> list[str]:
    """Return file and line of every import that a table does not allow.

    `table` says of each folder which others it may import, `groups` which files count as other folders.
    """

    def group(file: str) -> str:
        return groups.get(file, file.rpartition("/")[0])

    wrong = []
    for each in found:
        here, there = group(each.importer), group(each.imported)
        if here != there and there not in table.get(here, "").split():
            wrong.append(f"{each.importer}:{each.line}: {here} may not import {there} ({each.imported})")
    return sorted(wrong)


def circles(found: list[Import]) -> list[str]:
    """Return files that import each other, in a circle, with the lines; empty where there is none."""
    edges: dict[str, dict[str, int]] = {}
    for each in found:
        edges.setdefault(each.importer, {}).setdefault(each.imported, each.line)
    done: set[str] = set()
    for start in sorted(edges):
        path: list[str] = []
        stack = [iter([start])]
        while stack:
            file = next(stack[-1], None)
            if file is None:
                stack.pop()
                if path:
                    done.add(path.pop())
            elif file in path:
                circle = [*path[path.index(file) :], file]
                return [f"{a}:{edges[a][b]}: imports {b}" for a, b in itertools.pairwise(circle)]
            elif file not in done:
                path.append(file)
                stack.append(iter(edges.get(file, {})))
    return []
