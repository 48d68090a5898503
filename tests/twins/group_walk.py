"""The walk on groups in plain Python: moves that make another literal of a group true."""

from dataclasses import dataclass, field

from tests.twins.gradient import Twin
from turbosat.core.gradient import FLIP


@dataclass
class GroupWalkTwin(Twin):
    """A candidate with one true literal in each group; clauses as turbosat.encodings.groups writes them."""

    groups: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.current = [self.conform(group) for group in self.groups]  # codes
        self.unit = {code >> 1: unit for unit, group in enumerate(self.groups) for code in group}
        super().__post_init__()

    def moves(self, clause: int) -> list[int]:
        """Return the literals that a move may make true so that a false clause is."""
        found = []
        for code in self.clauses[clause]:
            unit = self.unit.get(code >> 1)
            if unit is not None and self.current[unit] == code ^ 1:
                found += [other for other in self.groups[unit] if other != code ^ 1]
            else:
                found.append(code)
        return found

    def lost(self, code: int) -> int:
        """Count the clauses that a move makes false, those of its two flips."""
        unit = self.unit.get(code >> 1)
        left = 0 if unit is None else self.breaks(self.current[unit] ^ 1)
        return left + self.breaks(code)

    def walk(self, table: list[float], effort: int, until: int) -> int:
        """Walk: see turbosat.core.gradient.walk_groups."""
        self.spent = 0
        while self.spent < effort and self.false and self.flips < until:
            moves = self.moves(self.false[self.turn])
            self.spent += len(moves)
            sums, total = [], 0.0
            for code in moves:
                total += table[min(self.lost(code), len(table) - 1)]
                sums.append(total)
            left = (self.draw() >> 11) / 2**53 * total
            chosen = next((code for code, passed in zip(moves, sums, strict=True) if passed > left), None)
            if chosen is None:
                self.spent += FLIP
            else:
                self.move(chosen)
            self.turn = self.turn + 1 if self.turn + 1 < len(self.false) else 0
        return self.spent

    def move(self, code: int) -> None:
        """Make a literal true, and its group's other one false; values in between are never the best."""
        unit = self.unit.get(code >> 1)
        if unit is not None:
            best, fewest = self.best, self.fewest
            self.flip(self.current[unit] >> 1)
            self.best, self.fewest = best, fewest
            self.current[unit] = code
        self.flip(code >> 1)
