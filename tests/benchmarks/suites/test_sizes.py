"""The search for a size that takes as long as wanted, on kinds whose times are known by construction."""

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from turbosat.benchmarks.suites.sizes import ATTEMPTS, NEAR, Size, Window, fitting

WINDOW = Window(1.0, 60.0)


class Kind:
    """Sizes from 0 to `steps`, the time of each; it counts what is asked."""

    def __init__(self, times: list[float]) -> None:
        self.times = times
        self.asked: list[tuple[int, float]] = []

    def sizes(self, hardness: float) -> Mapping[str, Any]:
        assert 0 <= hardness <= 1
        return {"size": round(hardness * (len(self.times) - 1))}

    def ask(self, parameters: Mapping[str, Any], seconds: float) -> tuple[float, str]:
        size: int = parameters["size"]
        self.asked.append((size, seconds))
        return (self.times[size], "SAT") if self.times[size] < seconds else (seconds, "?")

    def search(self, wanted: float, window: Window = WINDOW) -> Size | None:
        return fitting(self.sizes, self.ask, window, wanted)


def exponential(steps: int, easiest: float, hardest: float) -> list[float]:
    return [easiest * (hardest / easiest) ** (step / steps) for step in range(steps + 1)]


times = st.lists(st.floats(0.001, 1e4), min_size=1, max_size=60)


@given(times, st.floats(0, 1))
def test_what_is_found_is_in_the_window_and_was_asked_for(times: list[float], place: float) -> None:
    kind = Kind(times)
    found = kind.search(WINDOW.at(place))
    if found is not None:
        assert WINDOW.least <= found.seconds <= WINDOW.most
        assert found.seconds == times[found.parameters["size"]]
        assert found.answer == "SAT"
    assert len(kind.asked) <= ATTEMPTS + 1
    assert len(set(kind.asked)) == len(kind.asked)
    assert all(seconds <= WINDOW.most for _, seconds in kind.asked)


@given(st.integers(100, 3000), st.floats(0.001, 0.5), st.floats(100, 1e6), st.floats(0, 1))
def test_where_times_grow_steadily_it_is_near_and_cheap(
    steps: int, easiest: float, hardest: float, place: float
) -> None:
    kind, wanted = Kind(exponential(steps, easiest, hardest)), WINDOW.at(place)
    found = kind.search(wanted)
    assert found is not None
    assert wanted / NEAR <= found.seconds <= wanted * NEAR
    assert sum(min(seconds, kind.times[size]) for size, seconds in kind.asked) <= 5 * NEAR * wanted + 1


@given(st.integers(2, 12), st.floats(0.001, 0.9), st.floats(0, 1))
def test_of_few_sizes_one_in_the_window_is_found(steps: int, easiest: float, place: float) -> None:
    """Each step takes six times as long: some lie in the window, however few there are."""
    kind = Kind([easiest * 6**step for step in range(steps + 1)])
    found = kind.search(WINDOW.at(place))
    assert (found is not None) == any(WINDOW.least <= seconds < WINDOW.most for seconds in kind.times)


@given(st.floats(0, 1), st.integers(1, 50))
def test_what_is_never_right_is_given_up(place: float, steps: int) -> None:
    wanted = WINDOW.at(place)
    assert Kind([0.01] * steps).search(wanted) is None
    hopeless = Kind([1e9] * steps)
    assert hopeless.search(wanted) is None
    assert len(hopeless.asked) <= 2


@given(st.floats(0.0, 5.0), st.floats(5.1, 100.0))
def test_places_are_on_a_scale_of_logarithms(least: float, most: float) -> None:
    window = Window(least, most)
    low, middle, high = (window.at(place) for place in (0.0, 0.5, 1.0))
    assert least <= low < middle < high
    assert math.isclose(high, most)
    assert math.isclose(middle * middle, low * high)
