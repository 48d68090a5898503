"""Of what kinds fresh formulas are drawn: a family, what is fixed, and what grows from easy to hard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A family with fixed parameters, and others that go from a first to a last value, step by step."""

    family: str
    growing: Mapping[str, tuple[float, float]]  # whole numbers where both are
    fixed: Mapping[str, Any] = field(default_factory=dict)
    step: int = 1  # whole numbers that grow are multiples of it

    def parameters(self, hardness: float) -> dict[str, Any]:
        """Return the parameters at a hardness from 0 to 1: those that grow are between their two values."""
        found = dict(self.fixed)
        for name, (easy, hard) in self.growing.items():
            value = easy + (hard - easy) * hardness
            whole = isinstance(easy, int) and isinstance(hard, int)
            found[name] = self.step * round(value / self.step) if whole else value
        return found


ALONE: Final = {"shuffle": True}  # of families that have one formula of a size, so that draws differ

# From what Kissat settles in less than a second on any machine to what takes it minutes.
KINDS: Final = (
    Kind("random-ksat", {"variables": (180, 420)}),
    Kind("random-ksat", {"variables": (400, 6000)}, {"ratio": 4.15}),
    Kind("random-ksat", {"variables": (45, 130)}, {"k": 5, "ratio": 21.1}),
    Kind("random-ksat", {"variables": (120, 600)}, {"k": 5, "ratio": 19.0}),
    Kind("random-ksat", {"variables": (40, 95)}, {"k": 7, "ratio": 86.0}),
    Kind("planted-ksat", {"variables": (200, 600)}),
    Kind("planted-ksat", {"variables": (60, 200)}, {"k": 5, "ratio": 21.1}),
    Kind("qwh", {"order": (34, 100)}, {"holes": 0.42}),
    Kind("qwh", {"order": (28, 60)}, {"holes": 0.345}),
    Kind("sudoku", {"box": (4, 9)}, {"holes": 0.58}),
    Kind("colouring", {"vertices": (250, 700)}, {"degree": 4.67}),
    Kind("colouring", {"vertices": (90, 220)}, {"degree": 9.0, "colours": 4}),
    Kind("colouring", {"vertices": (150, 600)}, {"degree": 8.4, "colours": 4, "planted": True}),
    Kind("van-der-waerden", {"n": (70, 97)}, {"lengths": "3,10", **ALONE}),
    Kind("van-der-waerden", {"n": (110, 178)}, {"lengths": "5,5", **ALONE}),
    Kind("van-der-waerden", {"n": (50, 75)}, {"lengths": "3,3,3,3", **ALONE}),
    Kind("schur", {"n": (90, 158)}, {"colours": 5, **ALONE}),
    Kind("pythagorean", {"n": (3000, 7500)}, ALONE),
    Kind("langford", {"n": (9, 80)}, ALONE),
    Kind("discrepancy", {"n": (200, 1160)}, ALONE),
    Kind("vmpc", {"order": (14, 34)}),
    Kind("costas", {"order": (11, 21)}, ALONE),
    Kind("social-golfer", {"weeks": (4, 10)}, {"groups": 7, **ALONE}),
    Kind("social-golfer", {"weeks": (3, 10)}, {"groups": 8, "size": 4, **ALONE}),
    Kind("edge-matching", {"side": (5, 10), "colours": (4, 8)}),
    Kind("frb", {"variables": (20, 59)}),
    Kind("hamiltonian", {"vertices": (60, 2000)}, step=2),
    Kind("ramsey", {"vertices": (17, 27)}, {"red": 3, "blue": 8, **ALONE}),
    Kind("clique-colouring", {"vertices": (7, 14)}, {"clique": 5, "colours": 4, **ALONE}),
    Kind("pigeonhole", {"holes": (7, 13)}, ALONE),
    Kind("pigeonhole", {"holes": (4, 11)}, {"capacity": 2, **ALONE}),
    Kind("mutilated-chessboard", {"side": (8, 24)}, ALONE),
    Kind("ordering", {"size": (40, 150)}, ALONE),
    Kind("ordering", {"size": (40, 160)}, {"degree": 3}, step=2),
    Kind("subset-cardinality", {"size": (8, 50)}),
    Kind("clique", {"vertices": (40, 130)}, {"size": 14, "density": 0.6}),
    Kind("tseitin", {"vertices": (30, 110)}, step=2),  # no graph has an odd number, all of degree 3
    Kind("tseitin", {"vertices": (100, 1000)}, {"satisfiable": True}, step=2),
    Kind("urquhart", {"side": (2, 12)}),
    Kind("even-colouring", {"vertices": (20, 60)}),
    Kind("parity", {"bits": (14, 40)}),
    Kind("parity", {"bits": (14, 40)}, {"bound": "counter"}),
    Kind("parity", {"bits": (14, 40)}, {"bound": "totalizer"}),
    Kind("factoring", {"bits": (24, 52)}),
    Kind("factoring", {"bits": (24, 52)}, {"multiplier": "wallace"}),
    Kind("prime", {"bits": (20, 40)}),
    Kind("miter", {"width": (5, 11)}),
    Kind("miter", {"width": (8, 64)}, {"fault": True}),
    Kind("sha1", {"rounds": (17, 24)}),
    Kind("sha256", {"rounds": (16, 20)}),
    Kind("md5", {"rounds": (20, 29)}),
    Kind("simon", {"known": (60, 16)}, {"rounds": 8}),
    Kind("simon", {"known": (60, 16)}, {"rounds": 12}),
    Kind("speck", {"known": (60, 0)}, {"rounds": 5}),
    Kind("speck", {"known": (60, 16)}, {"rounds": 8}),
    Kind("bmc", {"size": (4, 12), "bound": (6, 14)}, {"machine": "multiplier"}),
    Kind("bmc", {"size": (8, 24), "depth": (10, 60), "bound": (12, 72)}, {"machine": "fifo", "broken": True}),
    Kind("sgen-sat", {"variables": (70, 300)}),
    Kind("sgen-unsat", {"variables": (33, 75)}),
)
