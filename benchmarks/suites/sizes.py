"""How large a formula of a kind has to be, so that a solver takes as long as wanted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

ATTEMPTS = 10  # sizes tried
CLOSE = 0.002  # hardness: nothing is looked for between two nearer ones
FIRST = 0.05  # hardness: the first step up from 0; each is twice the one before, or less
NEAR = 2.5  # how far from the seconds wanted a size may be that is taken at once
CENTRE = 0.2, 0.7  # where between too easy and too hard the next size lies
TICK = 0.01  # CPU seconds: less says nothing


@dataclass(frozen=True, slots=True)
class Window:
    """The CPU seconds that a formula is to take."""

    least: float
    most: float

    def at(self, place: float) -> float:
        """Return the seconds at a place from 0, the least, to 1, the most, on a scale of logarithms."""
        least = max(self.least, min(TICK, self.most))
        return float(least * (self.most / least) ** place)


@dataclass(frozen=True, slots=True)
class Size:
    """A size that was tried, its CPU seconds and the answer, ? where it was stopped after so many."""

    hardness: float
    parameters: Mapping[str, Any]
    seconds: float
    answer: str


def fitting(
    sizes: Callable[[float], Mapping[str, Any]],
    ask: Callable[[Mapping[str, Any], float], tuple[float, str]],
    window: Window,
    wanted: float,
) -> Size | None:
    """Return the first size tried within NEAR of the seconds wanted, else the nearest in the window, or None.

    `sizes` gives the parameters at a hardness from 0 to 1; `ask` tries them for at most some CPU seconds, and
    returns how many it took, and the answer or ?.
    """
    limit = min(window.most, NEAR * wanted)  # beyond it a size is too hard, however much
    tried: list[Size] = []
    easy: list[Size] = []
    hard: Size | None = None
    hardness, step = 0.0, FIRST
    while len(tried) < ATTEMPTS:
        parameters = sizes(hardness)
        same = next((each for each in tried if each.parameters == parameters), None)
        if same is None:
            size = Size(hardness, parameters, *ask(parameters, limit))
            tried.append(size)
        else:  # kinds that grow in large steps have one size at many hardnesses
            size = replace(same, hardness=hardness)
        if size.answer == "?":
            hard = size
        elif window.least <= size.seconds and wanted <= NEAR * size.seconds:
            return size
        else:
            easy.append(size)
        if not easy or (hard.hardness - easy[-1].hardness < CLOSE if hard else hardness == 1):
            break  # too hard at its easiest, too easy at its hardest, or nothing lies between
        hardness = between(easy[-1], hard, wanted, limit) if hard else upwards(easy, wanted, step)
        step *= 2
    if fits := [size for size in tried if size.answer != "?" and window.least <= size.seconds <= window.most]:
        return min(fits, key=lambda size: abs(math.log(max(size.seconds, TICK) / wanted)))
    if hard and limit < window.most:  # nothing lies between: is what was stopped early in the window?
        size = Size(hard.hardness, hard.parameters, *ask(hard.parameters, window.most))
        return None if size.answer == "?" else size
    return None


def upwards(easy: list[Size], wanted: float, step: float) -> float:
    """Return a higher hardness: by the step, or less where the logarithms of the last two times say so."""
    last = easy[-1]
    if len(easy) > 1 and TICK < easy[-2].seconds < last.seconds:
        slope = math.log(last.seconds / easy[-2].seconds) / (last.hardness - easy[-2].hardness)
        step = min(step, max(FIRST / 2, math.log(wanted / last.seconds) / slope))
    return min(1.0, last.hardness + step)


def between(easy: Size, hard: Size, wanted: float, limit: float) -> float:
    """Return a hardness between two: where the logarithm of the time would be right, within CENTRE."""
    below = math.log(max(easy.seconds, TICK))
    share = (math.log(wanted) - below) / max(math.log(NEAR * limit) - below, 1e-9)
    return easy.hardness + (hard.hardness - easy.hardness) * min(max(share, CENTRE[0]), CENTRE[1])
