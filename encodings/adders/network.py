"""What adders that feed each other come to: sums of literals by their weights, modulo a power of two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from turbosat.encodings.adders.cells import NONE
from turbosat.encodings.adders.rebuilt import CARRY, SUM, Step
from turbosat.encodings.adders.totals import Total, digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from turbosat.encodings.adders.cells import Cells

WIDEST: Final = 512  # columns of a sum, at most
NEAR: Final = 8  # parities of a variable that are looked at

Role = Literal["input", "sum", "carry", "row"]

# Clauses that an input, the sum and the carry are in: of a full adder, a half adder, and two carries merged;
# and those of a parity, by its length.
_FULL, _HALF, _MERGE = (12, 8, 6), (6, 4, 3), (2, 0, 3)
_PARITY: Final = {4: 8, 3: 4}


class _Term(NamedTuple):
    """A literal in the equation of a cell, inputs - sum - 2 carry = 0; of a merge, 2 inputs - 2 carry = 0."""

    code: int
    role: Role
    shift: int  # 1 where it counts twice


class _Place(NamedTuple):
    """Where an equation counts: times 2^column, as it is or negated."""

    column: int
    sign: int

    def beyond(self, other: _Place) -> _Place:
        """Return the place of what lies there from here."""
        return _Place(self.column + other.column, self.sign * other.sign)


Part = dict[int, _Place]  # cells and their places


class Network:
    """Adders joined by what they hand to each other, and the parities that their last carries go to."""

    def __init__(
        self, cells: Cells, occurrences: NDArray[np.int64], check: Callable[[], None] = lambda: None
    ) -> None:
        """`occurrences` are the clauses that each variable is in, (variables,). `check` may raise to stop."""
        self._check = check
        self._terms: list[list[_Term]] = []
        self._occurrences = occurrences
        self._ends: dict[int, list[tuple[int, Role]]] = defaultdict(list)  # of variables: cells, or rows
        self._claimed: dict[int, int] = defaultdict(int)  # clauses of these
        self._taken: set[tuple[int, ...]] = set()  # sets of variables whose clauses are some cell's
        for row, total, carry in zip(
            cells.inputs.tolist(), cells.sums.tolist(), cells.carries.tolist(), strict=True
        ):
            check()
            inputs = [_Term(code, "input", 0) for code in row if code != NONE]
            kind = _FULL if len(inputs) == 3 else _HALF
            self._add([*inputs, _Term(total, "sum", 0), _Term(carry, "carry", 1)], kind)
        self._adders = len(self._terms)
        self._passing: list[int] = []  # of merges, the variable without which both carries could be true
        for *merged, carry, passed in cells.merges.tolist():
            inputs = [_Term(code, "input", 1) for code in merged]
            if self._add([*inputs, _Term(carry, "carry", 1)], _MERGE):
                self._passing.append(passed >> 1)
        self._sides = cells.sides.tolist()
        self._rows = set[int]()  # parities that carries go to, and those between them
        made = np.concatenate([cells.carries, cells.merges[:, 2]]) >> 1
        self._parities: dict[int, list[int]] = _having(cells.parities, made)
        for row, variables in self._parities.items():
            if any(self._passed(variable, row, "carry") is not None for variable in variables):
                self._close(row)
        ends = {variable for row in self._rows for variable in self._parities[row]}
        self._parities |= _having(cells.parities, sorted(ends))
        self._near: dict[int, list[int]] = defaultdict(list)  # parities of each of these
        for row, variables in self._parities.items():
            for variable in ends.intersection(variables):
                self._near[variable].append(row)
        self._spent = set[int]()  # rows that some sum says

    def _add(self, terms: list[_Term], kind: tuple[int, int, int]) -> bool:
        """Add a cell, unless it has clauses of another; return whether it was added."""
        *others, carry = (term.code >> 1 for term in terms)
        inputs = others[: 3 if kind is _FULL else 2]
        made: list[tuple[int, ...]] = [(*pair, carry) for pair in combinations(inputs, 2)]
        if kind is not _FULL:
            made += [(each, carry) for each in inputs]
        if kind is not _MERGE:
            made.append(tuple(others))
        free = self._take(made)
        if free:
            clauses = dict(zip(("input", "sum", "carry"), kind, strict=True))
            for term in terms:
                self._claim(term.code >> 1, len(self._terms), term.role, clauses[term.role])
            self._terms.append(terms)
        return free

    def _take(self, sets: Sequence[tuple[int, ...]]) -> bool:
        """Whether nobody has clauses of these variables yet; they are taken then."""
        keys = [tuple(sorted(each)) for each in sets]
        free = self._taken.isdisjoint(keys)
        if free:
            self._taken.update(keys)
        return free

    def _claim(self, variable: int, node: int, role: Role, clauses: int) -> None:
        self._ends[variable].append((node, role))
        self._claimed[variable] += clauses

    def _passed(self, variable: int, row: int, role: Role) -> int | None:
        """Return who alone passes a variable on to a parity, in this role."""
        ends = self._ends.get(variable, [])
        clauses = self._claimed.get(variable, 0) + _PARITY[len(self._parities[row])]
        passed = len(ends) == 1 and ends[0][1] == role and clauses == self._occurrences[variable]
        return ends[0][0] if passed else None

    def _close(self, row: int) -> None:
        """Add a parity that a carry goes to, and nowhere else: what it carries is dropped."""
        variables = self._parities[row]
        if row not in self._rows and self._take([tuple(variables)]):
            self._rows.add(row)
            for variable in variables:
                self._claim(variable, row, "row", _PARITY[len(variables)])

    def _private(self, variable: int) -> bool:
        """Whether a variable is in no clauses but those of adders and closing parities."""
        return bool(self._claimed[variable] == self._occurrences[variable])

    def _made(self, variable: int) -> bool:
        """Whether one adder makes a private variable, or nothing but two parities have it."""
        roles = [role for _, role in self._ends[variable]]
        makers = roles.count("sum") + roles.count("carry")
        return self._private(variable) and (makers == 1 or roles == ["row", "row"])

    def totals(self, crowded: tuple[float, float]) -> list[Total]:
        """Return what parts of more than one adder come to, where that is one sum.

        `crowded` are the fewest and the most adders for each of its columns.
        """
        chains = list(self._chains())
        found = []
        for part in self._joined(chains):
            self._check()
            if len(part) > 1 and (each := self._summed(part, crowded)) is not None:
                found.append(each)
        return found

    def _users(self, cell: int, role: Role) -> Iterator[tuple[int, _Place]]:
        """Yield who alone has a cell's sum or carry as an input, and its place from here."""
        for code, mine, shift in self._terms[cell]:
            ends = self._ends[code >> 1]
            if mine == role and len(ends) == 2 and self._private(code >> 1):
                other, there = ends[0] if ends[1] == (cell, role) else ends[1]
                if there == "input":
                    back = next(term for term in self._terms[other] if term.code >> 1 == code >> 1)
                    yield other, _Place(shift - back.shift, -1 if (code ^ back.code) & 1 else 1)

    def _chains(self) -> Iterator[Part]:
        """Yield cells joined by carries: what adds two words."""
        joined: dict[int, list[tuple[int, _Place]]] = defaultdict(list)
        for cell in range(len(self._terms)):
            self._check()
            for other, place in self._users(cell, "carry"):
                joined[cell].append((other, place))
                joined[other].append((cell, _Place(-place.column, place.sign)))
        yield from _spread(range(len(self._terms)), joined)

    def _joined(self, chains: list[Part]) -> Iterator[Part]:
        """Yield chains joined by sums: what adds more words.

        Where the bits of a sum go to various columns of another, as if they were turned, both stay apart.
        """
        owner = {cell: number for number, chain in enumerate(chains) for cell in chain}
        links: dict[tuple[int, int], set[_Place]] = defaultdict(set)
        for number, chain in enumerate(chains):
            for cell, here in chain.items():
                self._check()
                for other, place in self._users(cell, "sum"):
                    there, target = chains[owner[other]][other], owner[other]
                    if target != number:
                        column, sign = here.beyond(place)
                        links[number, target].add(_Place(column - there.column, sign * there.sign))
        joined: dict[int, list[tuple[int, _Place]]] = defaultdict(list)
        for (number, target), places in links.items():
            if len(places) == 1:
                (place,) = places
                joined[number].append((target, place))
                joined[target].append((number, _Place(-place.column, place.sign)))
        for group in _spread(range(len(chains)), joined):
            yield {
                cell: base.beyond(place)
                for number, base in group.items()
                for cell, place in chains[number].items()
            }

    def _summed(self, part: Part, crowded: tuple[float, float]) -> Total | None:
        """Return the sum of a part's equations, None where it is not of the kind that is built again."""
        lowest = min(place.column for place in part.values())
        highest = max(place.column for place in part.values())
        rows, tops = self._dropped(part)
        width = max(tops, default=highest + 1) - lowest + 1
        if len(tops) > 1 or not 1 < width <= WIDEST or (rows and highest - lowest + 1 >= width):
            return None
        if not self._spent.isdisjoint(rows):
            return None  # where carries of two sums meet, one of them is built again
        adders = sum(cell < self._adders for cell in part) - sum(cell >= self._adders for cell in part)
        if not crowded[0] <= adders / width <= crowded[1]:
            return None
        terms = [
            (code, role, (1 if role == "input" else -1) * place.sign << place.column - lowest + shift)
            for cell, place in part.items()
            for code, role, shift in self._terms[cell]
        ]
        terms += [(2 * variable, "row", 1 << width - 1) for row in rows for variable in self._parities[row]]
        constant = sum(factor for code, _, factor in terms if code & 1)
        constant += sum(self._sides[row] << width - 1 for row in rows)
        factors: dict[int, int] = defaultdict(int)  # of variables
        ends: dict[int, int] = defaultdict(int)
        for code, _, factor in terms:
            factors[code >> 1] += -factor if code & 1 else factor
            ends[code >> 1] += 1
        inner = {
            variable
            for variable, factor in factors.items()
            if factor % (1 << width) == 0
            and ends[variable] == len(self._ends[variable])
            and self._made(variable)
        }
        if not inner.issuperset(self._exclusive(part)):
            return None
        outputs: dict[int, int] = {}
        for code, role, factor in terms:
            variable = code >> 1
            if variable in inner or role not in ("sum", "carry"):
                continue
            column, signed = abs(factor).bit_length() - 1, -factor if code & 1 else factor
            if column in outputs or column >= width - bool(rows):
                return None
            # The equation is to have the output with a minus: v is 1 - (not v).
            outputs[column] = 2 * variable + (signed > 0)
            constant += (1 << column) if signed > 0 else 0
            factors[variable] -= signed
        if any(column not in outputs for column in range(width - bool(rows))):
            return None
        steps = self._steps(part, rows, inner)
        if steps is None:
            return None
        kept = {variable: factor for variable, factor in factors.items() if variable not in inner}
        self._spent.update(rows)
        inputs, constant = digits(kept, constant, width)
        return Total(inputs, outputs, constant, width, steps, adders)

    def _exclusive(self, part: Part) -> Iterator[int]:
        """Yield what is to be computed from half adders, lest both carries of a merge be true."""
        for cell in part:
            if cell >= self._adders:
                yield self._passing[cell - self._adders]
                yield from (term.code >> 1 for term in self._terms[cell] if term.role == "input")

    def _dropped(self, part: Part) -> tuple[list[int], set[int]]:
        """Return the parities that carries of a part go to, and the columns beyond which nothing counts."""
        rows, tops = set[int](), set[int]()
        for cell, place in part.items():
            term = self._terms[cell][-1]
            ends = self._ends[term.code >> 1]
            if not self._private(term.code >> 1) or len(ends) > 2:
                continue
            if len(ends) == 1:
                tops.add(place.column)
            elif ends[1][1] == "row":
                rows.add(ends[1][0])
                tops.add(place.column + 1)
        # Where a parity of four variables is made of two, one of them is between two that carries go to.
        around = [self._near[variable] for row in rows for variable in self._parities[row]]
        near = {other for some in around if len(some) <= NEAR for other in some}
        for other in sorted(near - self._rows):
            passed = {self._passed(variable, other, "row") for variable in self._parities[other]}
            if len(passed & rows) > 1:
                self._close(other)
                rows |= {other} & self._rows
        return sorted(rows), tops

    def _steps(self, part: Part, rows: list[int], inner: set[int]) -> list[Step] | None:
        """Return how inner variables follow from the others, and from each other; None where some do not.

        Nor where more than one parity says something of the others: the sum says no more than one does.
        """
        users: dict[int, list[tuple[bool, int]]] = defaultdict(list)  # whether it is a row, and which
        missing = {(False, cell): 0 for cell in part} | {(True, row): -1 for row in rows}  # each gives one
        for cell in part:
            for code, role, _ in self._terms[cell]:
                if role == "input" and code >> 1 in inner:
                    users[code >> 1].append((False, cell))
        for row in rows:
            for variable in self._parities[row]:
                if variable in inner:
                    users[variable].append((True, row))
        for user in (each for nodes in users.values() for each in nodes):
            missing[user] += 1
        known = set[int]()
        steps: list[Step] = []
        ready = [node for node, left in missing.items() if left == 0]
        spent = 0
        while ready:
            row, node = ready.pop()
            made = self._row_steps(node) if row else self._cell_steps(node)
            made = [step for step in made if step[0] >> 1 in inner and step[0] >> 1 not in known]
            spent += row and bool(made)
            steps += made
            for variable in (step[0] >> 1 for step in made):
                known.add(variable)
                for user in users[variable]:
                    missing[user] -= 1
                    if user != (row, node) and missing[user] == 0:
                        ready.append(user)
        return steps if known == inner and len(rows) - spent <= 1 else None

    def _cell_steps(self, cell: int) -> list[Step]:
        inputs = [code for code, role, _ in self._terms[cell] if role == "input"]
        x, y, z = inputs if len(inputs) == 3 else (*inputs, NONE)
        if cell >= self._adders:  # one of both carries at most is 1
            return [(self._terms[cell][-1].code, SUM, x, y, z)]
        total, carry = self._terms[cell][-2:]
        return [(total.code, SUM, x, y, z), (carry.code, CARRY, x, y, z)]

    def _row_steps(self, row: int) -> list[Step]:
        """Return the step to each variable of a parity that parities alone have from the others."""
        made = []
        for variable in self._parities[row]:
            others = [2 * other for other in self._parities[row] if other != variable]
            x, y, z = others if len(others) == 3 else (*others, NONE)
            if all(role == "row" for _, role in self._ends[variable]):
                made.append((2 * variable + self._sides[row], SUM, x, y, z))
        return made


def _having(parities: NDArray[np.int32], variables: NDArray[np.int32] | list[int]) -> dict[int, list[int]]:
    """Return the variables of the rows that have one of some variables."""
    rows = np.flatnonzero(np.isin(parities, variables).any(axis=1))
    lists = parities[rows].tolist()
    return {
        row: [each for each in some if each != NONE] for row, some in zip(rows.tolist(), lists, strict=True)
    }


def _spread(nodes: range, joined: dict[int, list[tuple[int, _Place]]]) -> Iterator[Part]:
    """Yield connected nodes with their places; alone, where two ways lead to different places."""
    seen: set[int] = set()
    for first in nodes:
        if first in seen:
            continue
        places, waiting, sound = {first: _Place(0, 1)}, [first], True
        while waiting:
            node = waiting.pop()
            for other, step in joined.get(node, ()):
                there = places[node].beyond(step)
                if other not in places:
                    places[other] = there
                    waiting.append(other)
                sound &= places[other] == there
        seen.update(places)
        if sound:
            yield places
        else:
            yield from ({node: _Place(0, 1)} for node in places)
