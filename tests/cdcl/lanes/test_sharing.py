"""What lanes that start later get of what others have learned."""

from tests.cdcl.engines.engines import formula
from tests.formula.test_clauses import lists
from turbosat.cdcl.lanes.race import Race
from turbosat.cdcl.lanes.sharing import ClauseSharing
from turbosat.deadline import Deadline
from turbosat.events import ignore
from turbosat.formula.clauses import Clauses


def test_a_lane_that_starts_later_gets_units_and_binary_clauses() -> None:
    source = formula([[1, 2, 3], [-1, 4]], 4)
    with Race(Deadline(), ignore) as race:
        sharing = ClauseSharing(race, sharing=True)
        assert sharing.strengthened(source) is source
        sharing._opened().offer("a", Clauses.of([2, 3, 4]))
        assert sharing.strengthened(source) is source
        sharing._opened().offer("a", Clauses.of([1, 4], [3], [1, -2, 4]))
        strong = sharing.strengthened(source)
        assert lists(Clauses(strong.literals, strong.offsets)) == [[1, 2, 3], [-1, 4], [1, 4], [3]]
        assert sharing.strengthened(source) is strong
        sharing._opened().offer("b", Clauses.of([-2]))
        assert len(sharing.strengthened(source).offsets) == 6
