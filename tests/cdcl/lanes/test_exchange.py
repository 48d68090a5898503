"""The exchange: everything short and new reaches every other lane once, nothing comes back."""

from hypothesis import given
from hypothesis import strategies as st

from tests.formula.test_clauses import lists, rows
from turbosat.cdcl.lanes.exchange import BATCHES, Exchange
from turbosat.formula.clauses import Clauses

LANES = ("a", "b", "c")
offers = st.lists(st.tuples(st.sampled_from(LANES), rows), max_size=12)


@given(offers, st.integers(1, 5), st.sampled_from([7, 100_000]))
def test_lanes_get_what_others_offered_first(
    steps: list[tuple[str, list[list[int]]]], longest: int, most: int
) -> None:
    exchange = Exchange(longest, most)
    first: dict[tuple[int, ...], str] = {}
    sources: dict[tuple[int, ...], set[str]] = {}
    got: dict[str, list[tuple[int, ...]]] = {lane: [] for lane in LANES}
    for lane, part in steps:
        part = [row for row in part if row]
        new = exchange.offer(lane, Clauses.of(*part))
        wanted = []
        for row in part:
            key = tuple(sorted(row))
            if len(row) <= longest:
                sources.setdefault(key, set()).add(lane)
            if len(row) <= longest and key not in first:
                first[key] = lane
                wanted.append(row)
        assert lists(new) == wanted
        reader = LANES[(LANES.index(lane) + 1) % 3]
        taken = exchange.take(reader)
        if taken is not None:
            got[reader] += [tuple(sorted(row)) for row in lists(taken)]
            units = int((taken.sizes == 1).sum())
            assert taken.literals.size <= max(most, units)
    for lane in LANES:
        taken = exchange.take(lane)
        if taken is not None:
            got[lane] += [tuple(sorted(row)) for row in lists(taken)]
        assert exchange.take(lane) is None
        assert len(set(got[lane])) == len(got[lane])
        assert all(first[key] != lane for key in got[lane])
        if most == 100_000:
            missed = {key for key, source in first.items() if source != lane} - set(got[lane])
            assert all(lane in sources[key] for key in missed)  # it had them itself


def test_units_are_never_cut_off() -> None:
    exchange = Exchange(3, 2)
    exchange.offer("a", Clauses.of([1, 2], [3, 4, 5], *([unit] for unit in range(10, 20))))
    taken = exchange.take("b")
    assert taken is not None
    assert lists(taken) == [[unit] for unit in range(10, 20)]


def test_a_budget_of_literals_is_for_the_shortest() -> None:
    exchange = Exchange(5, 7)
    exchange.offer("a", Clauses.of([1, 2, 3, 4, 5], [1, 2], [3, 4, 5], [4, 5]))
    taken = exchange.take("b")
    assert taken is not None
    assert lists(taken) == [[1, 2], [3, 4, 5], [4, 5]]


def test_a_lane_is_not_handed_what_it_had_itself() -> None:
    exchange = Exchange(5, 100)
    exchange.offer("a", Clauses.of([1, 2], [3, 4]))
    assert len(exchange.offer("b", Clauses.of([2, 1]))) == 0
    taken = exchange.take("b")
    assert taken is not None
    assert lists(taken) == [[3, 4]]


def test_facts_for_lanes_that_start_are_units_and_binary_clauses() -> None:
    exchange = Exchange(5, 100)
    exchange.offer("a", Clauses.of([1], [2, 3], [4, 5, 6]))
    exchange.offer("b", Clauses.of([3, 2], [-1, 7]))
    assert exchange.facts == 3
    assert lists(exchange.known()) == lists(exchange.known()) == [[1], [2, 3], [-1, 7]]


def test_a_lane_may_ask_for_shorter_ones() -> None:
    exchange = Exchange(5, 100)
    exchange.offer("a", Clauses.of([1], [2, 3], [4, 5, 6]))
    taken = exchange.take("b", longest=1)
    assert taken is not None
    assert lists(taken) == [[1]]


def test_who_is_far_behind_misses_the_oldest() -> None:
    exchange = Exchange(2, 10**6)
    for unit in range(1, BATCHES + 11):
        exchange.offer("a", Clauses.of([unit]))
    taken = exchange.take("b")
    assert taken is not None
    assert taken.literals.tolist() == list(range(11, BATCHES + 11))
    exchange.offer("a", Clauses.of([-1]))
    taken = exchange.take("b")
    assert taken is not None
    assert taken.literals.tolist() == [-1]


def test_statistics() -> None:
    exchange = Exchange(3, 100)
    exchange.offer("a", Clauses.of([1], [2, 3], [1], [5, 6, 7, 8]))
    assert exchange.take("b") is not None
    assert exchange.statistics() == {
        "a": {"offered": 4, "fresh": 2, "delivered": 0, "sizes": {"1": 1, "2": 1}},
        "b": {"offered": 0, "fresh": 0, "delivered": 2, "sizes": {}},
    }
