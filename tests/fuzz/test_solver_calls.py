"""Sequences of calls of Solver's against the truth: random ones, and ones that shrink."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.fuzz.solver_pair import VARIABLES, Pair, play

LITERAL = st.integers(1, VARIABLES).flatmap(lambda name: st.sampled_from([name, -name]))
LITERALS = st.lists(LITERAL, max_size=4)
CLAUSES = st.lists(LITERALS, max_size=4)
SMALL = st.integers(-1, 3)


class Calls(RuleBasedStateMachine):
    """What is called, and with what."""

    pair: Pair | None = None

    @initialize(sliced=st.booleans(), threads=st.booleans())
    def begin(self, sliced: bool, threads: bool) -> None:
        self.pair = Pair(sliced=sliced, threads=threads)

    def teardown(self) -> None:
        if self.pair is not None:
            self.pair.close()

    def _pair(self) -> Pair:
        assert self.pair is not None
        return self.pair

    @rule(clause=LITERALS)
    def add_clause(self, clause: list[int]) -> None:
        self._pair().add_clause(clause)

    @rule(clauses=CLAUSES, shape=st.integers(0, 4))
    def append_formula(self, clauses: list[list[int]], shape: int) -> None:
        self._pair().append_formula(clauses, shape)

    @rule(
        literals=st.lists(LITERAL, max_size=6), bound=st.integers(-1, 6), weights=st.lists(SMALL, max_size=6)
    )
    def add_atmost(self, literals: list[int], bound: int, weights: list[int]) -> None:
        self._pair().add_atmost(literals, bound, weights)

    @rule(literals=st.lists(LITERAL, max_size=8), value=st.booleans())
    def add_xor(self, literals: list[int], value: bool) -> None:
        self._pair().add_xor(literals, value)

    @rule(assumed=LITERALS, limited=st.booleans())
    def solve(self, assumed: list[int], limited: bool) -> None:
        self._pair().solve(assumed, limited=limited)

    @rule(assumed=LITERALS)
    def solve_async(self, assumed: list[int]) -> None:
        self._pair().solve_async(assumed)

    @rule(assumed=LITERALS)
    def propagate(self, assumed: list[int]) -> None:
        self._pair().propagate(assumed)

    @rule(
        assumed=LITERALS,
        projection=st.lists(st.integers(1, VARIABLES), max_size=3, unique=True),
        most=st.integers(0, 70),
    )
    def enumerate(self, assumed: list[int], projection: list[int], most: int) -> None:
        self._pair().enumerate(assumed, projection, most)

    @rule()
    def minimise(self) -> None:
        self._pair().minimise()

    @rule(assumed=LITERALS)
    def backbone(self, assumed: list[int]) -> None:
        self._pair().backbone(assumed)

    @rule(literals=LITERALS)
    def set_phases(self, literals: list[int]) -> None:
        self._pair().set_phases(literals)

    @rule(conflicts=SMALL, decisions=SMALL)
    def budget(self, conflicts: int, decisions: int) -> None:
        self._pair().budget(conflicts, decisions)

    @rule(on=st.booleans())
    def interrupt(self, on: bool) -> None:
        self._pair().interrupt(on)

    @rule()
    def go_on_with_a_copy(self) -> None:
        self._pair().go_on_with_a_copy()

    @rule(which=st.integers(0, 100))
    def be_wrong(self, which: int) -> None:
        self._pair().be_wrong(which)


TestCalls = Calls.TestCase
TestCalls.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_random_sequences() -> None:
    for number in range(1000, 1100):
        play(number)
