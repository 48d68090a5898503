"""The best guidance so far: gradient lanes put it up, courses read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbosat.gpu.guidance import Guidance


class BestGuidance:
    """Guidance of the population that is nearest to a solution; `version` grows with each new one."""

    def __init__(self) -> None:
        self.guidance: Guidance | None = None
        self.version = 0
        self.false: int | None = None  # clauses of the best assignment

    def put(self, guidance: Guidance) -> bool:
        """Put guidance up unless something better is there; tell whether its best assignment is better."""
        if self.false is not None and guidance.false > self.false:
            return False
        better = self.false is None or guidance.false < self.false
        self.guidance, self.false = guidance, guidance.false
        self.version += 1
        return better
