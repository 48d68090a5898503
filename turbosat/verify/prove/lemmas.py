"""The clauses of IC3's frames, each kept in the highest frame where it is known to hold."""

from __future__ import annotations

from turbosat.verify.prove.question import Cube


class Lemmas:
    """Cubes that are excluded, by frame: from that one, and from all below."""

    def __init__(self) -> None:
        self.frames: list[list[Cube]] = []
        self._sets: dict[Cube, tuple[frozenset[int], int]] = {}  # and their frame

    def add(self, cube: Cube, level: int) -> None:
        """Exclude a cube up to a frame; what follows from it is dropped."""
        small = frozenset(cube)
        size = len(cube)
        for below in range(1, level + 1):
            kept = []
            for each in self.frames[below]:
                if len(each) >= size and small <= self._sets[each][0]:
                    del self._sets[each]
                else:
                    kept.append(each)
            if len(kept) < len(self.frames[below]):
                self.frames[below] = kept
        self.frames[level].append(cube)
        self._sets[cube] = small, level

    def holds(self, cube: Cube, level: int) -> bool:
        """Whether a cube is still among those of a frame."""
        known = self._sets.get(cube)
        return known is not None and known[1] == level

    def blocks(self, cube: Cube, level: int) -> bool:
        """Whether a cube is excluded from a frame by one of its clauses."""
        states = set(cube)
        return any(
            states.issuperset(self._sets[each][0])
            for frame in self.frames[level:]
            for each in frame
            if len(each) <= len(states)
        )
