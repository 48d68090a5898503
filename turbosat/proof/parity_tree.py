r"""A sum of XORs in a tree of definitions, updated by few and short proof steps.

The members of the sum sit at the leaves of a complete binary tree. A node with members under both children
has a variable y = left ^ right, the XOR of all members below. A node with members under one child only has
that child's variable. The topmost node with two children, the root, says what the sum is.

                  left ^ right = 1
                    /           \
             y1 = x5 ^ x2     y2 = y3 ^ x7
               /     \         /       \
              x5     x2   y3 = x1 ^ x4  x7

Adding a row toggles its variables. On the paths from these leaves up to the lowest node N above all of them,
each node gets a fresh variable y' with its definition (RAT) and the relation y' ^ y = XOR of those of the
row's variables that were toggled below, or, by the row itself, of the others. It follows from the relations
of the children and both definitions after a case split or two. At N the row's variables cancel out: y =
left' ^ right' is proved for the old y, and nothing above N changes. So a row costs O(log members) steps of
constant size for each of its variables, less where they lie close together. At last the sum is empty: 0 = 1.

Sums by local definitions: Philipp and Rebola-Pardo, "DRAT proofs for XOR reasoning" (JELIA 2016). Proofs of
size O(n log n) for one parity in two orders: Chew and Heule, "Sorting parity encodings by reusing variables"
(SAT 2020).
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple, final

from turbosat.proof.drat import DratWriter


class Xor(NamedTuple):
    """The XOR of the variables equals the parity."""

    variables: frozenset[int]
    parity: int

    def plus(self, other: "Xor") -> "Xor":
        """Return the sum of both."""
        return Xor(self.variables ^ other.variables, self.parity ^ other.parity)

    def literals(self, first: int = 0) -> list[int]:
        """Return literals whose XOR is true, that of the variable `first` in front."""
        names = list(self.variables)
        if first:
            names.remove(first)
            names.insert(0, first)
        if names and not self.parity:
            names[0] = -names[0]
        return names


ZERO = Xor(frozenset(), 0)


class _Change(NamedTuple):
    """What a row changes at a node: the sum of the premises is new ^ old = some of the row's variables.

    `old` and `new` are 0 without members below, and at the root and above, where the sum is known.
    """

    toggled: frozenset[int]
    old: int
    new: int
    was_filled: bool
    premises: list[Xor]


def splits(premises: Sequence[Xor], known: Iterable[int]) -> list[int]:
    """Return variables, as few as possible, whose values let unit propagation refute a wrong sum.

    `known` are the variables of the premises' sum, which have values.
    """
    names: dict[int, int] = {}
    rows = []
    for premise in premises:
        rows.append(tuple(sorted(names.setdefault(variable, len(names)) for variable in premise.variables)))
    key = (*rows, tuple(sorted(names[variable] for variable in known)))
    found = _SPLITS.get(key)
    if found is None:
        found = _SPLITS[key] = _search(key)
    every = list(names)
    return [every[place] for place in found]


_SPLITS: dict[tuple[tuple[int, ...], ...], tuple[int, ...]] = {}  # a few dozen shapes occur


def _search(key: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    *rows, known = key
    hidden = sorted(set(itertools.chain(*rows)) - set(known))
    for count in range(len(hidden) + 1):
        for chosen in itertools.combinations(hidden, count):
            if _refuted(rows, {*known, *chosen}):
                return chosen
    raise AssertionError("values for all variables refute a wrong sum")


def _refuted(rows: Sequence[tuple[int, ...]], known: set[int]) -> bool:
    """Tell whether propagation gives all variables values: then not all XORs of a wrong sum can hold."""
    waiting = list(rows)
    while waiting:
        for row in waiting:
            unknown = [variable for variable in row if variable not in known]
            if len(unknown) <= 1:
                known.update(unknown)
                waiting.remove(row)
                break
        else:
            return False
    return True


@final
class ParityTree:
    """The sum of the rows added so far, written as a proof."""

    def __init__(self, writer: DratWriter, members: int, variables: int) -> None:
        """Make room for that many members at a time; fresh variables are numbered after `variables`."""
        self._writer = writer
        self._size = max(2, 1 << (2 * members - 1).bit_length())  # half of the places stay free
        self._leaf: dict[int, int] = {}
        self._members = [0] * (2 * self._size)  # below each node
        self._value = [0] * (2 * self._size)
        self._definition: dict[int, Xor] = {}  # of nodes with members under both children
        self._root = 0  # the node whose definition is the sum, 0 without members
        self._dead: list[Xor] = []  # what the step under way deletes at its end
        self.refuted = False  # 0 = 1 is proved
        self.variables = variables

    def add(self, row: Xor, *, present: bool = False) -> None:
        """Add a row whose clauses follow by unit propagation, or are `present` as steps; they are deleted."""
        if not present:
            self._writer.add(row.literals())
        self._dead = [row]
        old_root = self._root
        level = self._toggle(row.variables)
        self.refuted = not level and row.parity == 1
        self._root = self._top()
        for leaf, change in level.items():
            if len(level) == 1 and old_root in (0, leaf) and self._root in (0, leaf):
                self._settle(leaf, row, change.premises)
                level = {}
        while level and not self.refuted:
            parents: dict[int, list[_Change | None]] = {}
            for node, change in level.items():
                parents.setdefault(node >> 1, [None, None])[node & 1] = change
            level = {}
            for node, (left, right) in parents.items():
                merged = self._climb(node, left, right, row)
                if merged is None:
                    merged = self._merge(node, left, right, row, _covers(node, old_root))
                if merged is not None:
                    level[node] = merged
        for xor in self._dead:
            if len(xor.variables) > 1:  # checkers keep units
                self._writer.delete(xor.literals())

    def _toggle(self, variables: frozenset[int]) -> dict[int, _Change]:
        """Take members away, and put new ones in their places or near to them."""
        inside = [variable for variable in variables if variable in self._leaf]
        outside = [variable for variable in variables if variable not in self._leaf]
        changes: dict[int, _Change] = {}
        leaf = self._size
        for leaving, entering in itertools.zip_longest(inside, outside, fillvalue=0):
            if leaving:
                leaf = self._leaf.pop(leaving)
            elif self._members[1]:
                leaf = self._free_leaf(leaf)
            step = bool(entering) - bool(leaving)
            if step:
                node = leaf
                while node:
                    self._members[node] += step
                    node >>= 1
            if entering:
                self._leaf[entering] = leaf
            premises = [self._definition.pop(leaf)] if leaf == self._root else []
            toggled = frozenset(variable for variable in (leaving, entering) if variable)
            changes[leaf] = _Change(toggled, self._value[leaf], entering, leaving > 0, premises)
            self._value[leaf] = entering
        return changes

    def _free_leaf(self, leaf: int) -> int:
        """Return a free leaf that has few nodes with two children on the way to a leaf with a member."""
        members = self._members
        node = leaf
        while node > 1 and members[node ^ 1]:
            node >>= 1
        if node > 1:  # the largest empty neighbour that costs no more than the nearest
            while node > 3 and members[node >> 1 ^ 1] == 0:
                node >>= 1
        else:
            node, size = leaf, 1
            while members[node ^ 1] == size:
                node, size = node >> 1, 2 * size
        free = node ^ 1
        while free < self._size:
            free = 2 * free + (members[2 * free] > members[2 * free + 1])
        return free

    def _climb(self, node: int, left: _Change | None, right: _Change | None, row: Xor) -> _Change | None:
        """Do what `_merge` does where it is most often called: one child changed, by a relation of three."""
        child, change = (2 * node, left) if right is None else (2 * node + 1, right)
        definition = self._definition.get(node)
        if (
            change is None
            or (left is not None and right is not None)
            or definition is None
            or len(change.premises) != 1
            or not self._value[node]
            or not self._members[child]
            or change.toggled == row.variables
        ):
            return None
        relation = change.premises[0]
        changed = frozenset((change.old, change.new))
        third = relation.variables - changed
        if (
            len(third) != 1
            or len(relation.variables) != 3
            or len(definition.variables) != 3
            or relation.variables & definition.variables != {change.old}
        ):
            return None
        (variable,) = third
        old, sibling = self._value[node], self._value[child ^ 1]
        self.variables = new = self.variables + 1
        self._writer.add((-new, change.new, sibling))
        self._definition[node] = Xor(frozenset((new, change.new, sibling)), 0)
        parity = relation.parity ^ definition.parity
        self._writer.add((new if parity else -new, old, variable), (sibling,))
        self._value[node] = new
        above = Xor(frozenset((new, old, variable)), parity)
        self._dead += (definition, above)
        return _Change(change.toggled, old, new, True, [above])

    def _merge(
        self, node: int, left: _Change | None, right: _Change | None, row: Xor, above: bool
    ) -> _Change | None:
        """Bring the changes of two children to their parent; None if nothing changes above it.

        `above` says that the node is the old root or above it.
        """
        left = left or self._unchanged(2 * node)
        right = right or self._unchanged(2 * node + 1)
        toggled = left.toggled | right.toggled
        premises = left.premises + right.premises
        if left.was_filled and right.was_filled:
            premises.append(self._definition.pop(node))
            self._dead.append(premises[-1])
        two = bool(self._members[2 * node] and self._members[2 * node + 1])
        old = self._value[node]
        if toggled == row.variables and (two or above):
            if two:
                target = _sum(old, left.new, right.new)
                self._definition[node] = self._prove(target, premises, row)
            else:
                self._settle(node, row, premises)
            return None
        new = left.new or right.new
        if two:
            self.variables = new = self.variables + 1
            definition = Xor(_sum(new, left.new, right.new), 0)
            self._writer.add(definition.literals(new))
            self._definition[node] = definition
            premises.append(definition)
        self._value[node] = new
        filled = left.was_filled or right.was_filled
        return _Change(toggled, old, new, filled, self._relation(premises, row))

    def _unchanged(self, node: int) -> _Change:
        value = self._value[node]
        return _Change(frozenset(), value, value, self._members[node] > 0, [])

    def _relation(self, premises: list[Xor], row: Xor) -> list[Xor]:
        """Prove the sum of the premises, with the row if that makes it shorter; return what stands for it."""
        total = _total(premises)
        other = total.plus(row)
        if len(other.variables) < len(total.variables):
            total = other
            premises = [*premises, row]
        if not total.variables:
            if total.parity:
                self._refute(premises)
            return []
        if len(total.variables) == 1 or len(premises) == 1:
            return premises  # a unit would stay for good
        self._writer.add(total.literals(), splits(premises, total.variables))
        self._dead.append(total)
        return [total]

    def _settle(self, node: int, row: Xor, premises: list[Xor]) -> None:
        """Define a root that lies below the node, which had the whole old sum below it."""
        root = self._root
        if not root:
            self._prove(frozenset(), premises, row)
            return
        if root >= self._size:
            target = frozenset([self._value[root]])
        else:
            premises = [*premises, self._definition[root]]
            self._dead.append(premises[-1])
            target = _sum(self._value[2 * root], self._value[2 * root + 1])
        while root >= node:
            self._value[root] = 0
            root >>= 1
        self._definition[self._root] = self._prove(target, premises, row)

    def _prove(self, target: frozenset[int], premises: list[Xor], row: Xor) -> Xor:
        """Prove an XOR of these variables, the sum of the premises with or without the row, to stay."""
        total = _total(premises)
        if total.variables != target:
            premises = [*premises, row]
            total = total.plus(row)
        assert total.variables == target
        if not target:
            if total.parity:
                self._refute(premises)
        elif len(premises) > 1:
            self._writer.add(total.literals(), splits(premises, target))
        elif total in self._dead:
            self._dead.remove(total)
        return total

    def _refute(self, premises: list[Xor]) -> None:
        self._writer.add([], splits(premises, ()))
        self.refuted = True

    def _top(self) -> int:
        """Return the lowest node above all members."""
        if not self._members[1]:
            return 0
        node = 1
        while node < self._size:
            if self._members[2 * node] == 0:
                node = 2 * node + 1
            elif self._members[2 * node + 1] == 0:
                node = 2 * node
            else:
                break
        return node


def _covers(node: int, root: int) -> bool:
    """Tell whether a node is the root or above it, as every node is where there was none."""
    depth = root.bit_length() - node.bit_length()
    return not root or (depth >= 0 and root >> depth == node)


def _sum(*names: int) -> frozenset[int]:
    """Return the variables of a sum; one that gave its name to a node may be a member again, and cancels."""
    total = frozenset[int]()
    for name in names:
        if name:
            total ^= {name}
    return total


def _total(xors: Iterable[Xor]) -> Xor:
    total = ZERO
    for xor in xors:
        total = total.plus(xor)
    return total
