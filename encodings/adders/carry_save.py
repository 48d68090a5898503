"""Clauses of sums: columns are made smaller side by side, carries kept beside them until two words are left.

Adders that add one word after the other have a chain of carries for each word but the first, through all
columns. So there is one such chain, and the others are no longer than the number of words.

Source: Wallace: A Suggestion for a Fast Multiplier, IEEE Trans. EC 1964; for clauses of hash functions,
Mironov and Zhang: Applications of SAT Solvers to Cryptanalysis of Hash Functions, SAT 2006.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import count, product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from turbosat.encodings.adders.totals import Total

TRUE: Final = -1  # in place of a literal code: a constant


class Builder:
    """Clauses of sums, over literal codes."""

    def __init__(self, variables: int) -> None:
        self.variables = variables
        self.clauses: list[Sequence[int]] = []
        self._order = count()  # where two came at the same time, the first in the column is first

    def add(self, each: Total) -> None:
        """Add the clauses of one sum."""
        columns: list[list[tuple[int, int, int]]] = [[] for _ in range(each.width)]  # depth, order, literal
        # What was defined last goes first: Kissat finds preimages of SHA-1 and SHA-256 sooner so.
        for column, code in sorted(each.inputs, reverse=True):
            self._push(columns[column], 0, code)
        for column, heap in enumerate(columns):
            if each.constant >> column & 1:
                self._push(heap, 0, TRUE)
            above = columns[column + 1] if column + 1 < each.width else None
            output = each.outputs.get(column)
            while len(heap) > 1:
                taken = [heapq.heappop(heap) for _ in range(min(3, len(heap)))]
                depth = 1 + max(depth for depth, _, _ in taken)
                literals = sorted((code for _, _, code in taken), reverse=True)  # the constant is last
                if not heap:
                    self._last(literals, output)
                else:
                    self._push(heap, depth, self._parity(literals))
                if above is not None and (carry := self._carry(literals)) is not None:
                    self._push(above, depth, carry)
                if not heap:
                    break
            else:
                self._equal(heap[0][2] if heap else None, output)

    def _push(self, heap: list[tuple[int, int, int]], depth: int, code: int) -> None:
        heapq.heappush(heap, (depth, next(self._order), code))

    def _new(self) -> int:
        self.variables += 1
        return 2 * self.variables - 2

    def _parity(self, literals: list[int]) -> int:
        """Return the literal that is the sum, modulo 2."""
        if literals[-1] == TRUE:
            return self._parity(literals[:-1]) ^ 1
        if len(literals) == 1:
            return literals[0]
        code = self._new()
        self._last(literals, code)
        return code

    def _last(self, literals: list[int], output: int | None) -> None:
        """Say that the sum, modulo 2, is the output, or even."""
        first, *rest = [*(code for code in literals if code != TRUE), *([] if output is None else [output])]
        self.clauses += _parity_clauses([first ^ (TRUE in literals), *rest])

    def _carry(self, literals: list[int]) -> int | None:
        """Return the literal that is the carry: of three a majority, of two a conjunction."""
        *rest, last = literals
        if last == TRUE:
            if len(rest) == 1:
                return rest[0]
            x, y = rest
            return self._conjunction(x ^ 1, y ^ 1) ^ 1
        if len(literals) == 2:
            return self._conjunction(*literals)
        code = self._new()
        x, y, z = literals
        for first, second in ((x, y), (x, z), (y, z)):
            self.clauses += [(first ^ 1, second ^ 1, code), (first, second, code ^ 1)]
        return code

    def _conjunction(self, x: int, y: int) -> int:
        code = self._new()
        self.clauses += [(x, code ^ 1), (y, code ^ 1), (x ^ 1, y ^ 1, code)]
        return code

    def _equal(self, code: int | None, output: int | None) -> None:
        """Say that a column is what its only literal is, or 0 where there is none."""
        if output is None:
            if code is not None:
                self.clauses.append(() if code == TRUE else (code ^ 1,))
        elif code is None:
            self.clauses.append((output ^ 1,))
        elif code == TRUE:
            self.clauses.append((output,))
        else:
            self.clauses += [(code ^ 1, output), (code, output ^ 1)]


def _parity_clauses(literals: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the clauses that say that an even number of literals are true."""
    for signs in product((0, 1), repeat=len(literals)):
        if sum(signs) % 2:
            yield tuple(code ^ sign for code, sign in zip(literals, signs, strict=True))
