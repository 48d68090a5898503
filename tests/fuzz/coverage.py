"""Which blocks of a module's code run: its source with a mark in each block, executed in its place."""

import ast
import importlib
from collections.abc import Sequence
from pathlib import Path

NAME = "__hits__"


class _Marks(ast.NodeTransformer):
    """Puts a mark at the head of each function, branch and loop, and behind each statement that has them."""

    def __init__(self, first: int) -> None:
        self.next = first

    def _mark(self) -> ast.stmt:
        self.next += 1
        return ast.parse(f"{NAME}.add({self.next})").body[0]

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.Module | ast.ClassDef):
            return node
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                docstring = isinstance(block[0], ast.Expr) and isinstance(block[0].value, ast.Constant)
                block.insert(int(docstring), self._mark())
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        node.orelse = node.orelse or [ast.Pass()]  # that a branch is not taken counts, too
        return self.generic_visit(node)


def instrument(names: Sequence[str]) -> set[int]:
    """Execute modules anew, marked, in this order; return the set that marks are added to."""
    hits: set[int] = set()
    marks = _Marks(0)
    for name in names:
        module = importlib.import_module(name)
        assert module.__file__ is not None
        tree = marks.visit(ast.parse(Path(module.__file__).read_text()))
        setattr(module, NAME, hits)
        exec(compile(ast.fix_missing_locations(tree), module.__file__, "exec"), vars(module))
    hits.clear()
    return hits
