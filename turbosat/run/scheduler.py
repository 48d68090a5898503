"""Who gets which core, and when: rules over what the components report, without side effects.

Lane 0, Kissat on the file itself, has a core of its own from the first moment on and is never touched. All
else is tried early and kept as far as it helps: what a second of descent settles is settled in a second, and
what it does not settle gets little more of a core.
"""

from __future__ import annotations

import math
from typing import Literal

from turbosat.records import record, replace

HEAD_START = 0.05  # seconds; what lane 0 settles before costs no second process
ONLY_CORE = 0.5  # seconds of that where a second process takes lane 0's own core
# Seconds from the start of those beside lane 0 in which cores are for what may be over at once: for algebra
# and sweeping, and after these for the descent, too; where groups are likely to move, it waits for nobody.
FIRST, SECOND = 0.6, 0.9
NEAR, NEAREST = 2.0, 6.0  # CPU seconds to an end that others wait for, and seconds in which they do
EARLY = 4  # lanes at most that are started before the pool is up, and the fewest where none is to come
# Seconds after which a first and a second lane may be more than there are cores. Late, for the second lane is
# seldom much faster than lane 0, on a core of its own: with half a core it would come too late for most.
BESIDE = 30.0, 90.0
# Seconds of the run for each byte that a lane takes, before which nobody reads the formula once more on few
# cores, a descent first, then a late lane, then another: twice the CPU seconds until one has read it. Where
# all wait for memory, those that search lose as much.
READING = 2e-9
FACTS = 0.7  # seconds until which Kissat waits for what algebra finds: nearly always that is there by then
POOL_AFTER = 2.0  # seconds after which a pool is worth its start, on more than EARLY cores
TRIAL = 0.5, 1.5  # seconds of search that a descent is given in full, on a small formula and on a large one
CLOSE, CLOSE_TRIAL = 5, 2.0  # false clauses up to which it is given more, and how much: most end in that
YIELDED = 0.5  # part of the trial for one that gives way to what is likelier to settle the formula
FIRST_LOOK = 0.5  # part of the trial after which one that is still far is not waited for
LATEST = 4.0  # seconds after which nobody waits for its end
SMALL, LARGE = 80_000, 250_000  # literals of these
HOPEFUL = 20, 3e-4  # false clauses from which on a descent counts as far, at least, and by literals
LEAST = 0.02  # share of a core that a descent keeps
FAR = 0.25  # of the share of others that one has that is far and does not come nearer
# Times the seconds of the run, beyond which nobody waits for what a descent comes to if it goes on as now.
HOPELESS = 3e4
# Seconds of search from which on its trend is told: before, it falls freely; and how many times as long it
# must have searched for that.
EARLIEST, KNOWN = 0.1, 2.5
LATE = 0.5  # seconds of search, as a part of all, within which half of the false clauses must have gone

POOL_MEMORY = 1 << 30  # bytes that Ray's processes take
# Bytes of a lane, and more for each literal, measured after 20 s of search: CaDiCaL took 47 to 150 a literal
# on formulas of a million and more, Kissat half of that; a descent as much.
LANE, LITERAL = 48 << 20, 100
MANY = 1 << 20  # lanes: more than there ever are
EXPANDED = 48  # literals of clauses that a literal of an XOR becomes

PoolState = Literal["none", "coming", "ready", "broken"]


@record(frozen=True)
class Descent:
    """The gradient lane: seconds of search, and of that since its fewest false clauses became half; these.

    `expected` are the seconds of search that a solution should take, as told from how often it is near one;
    `trend` those that it takes if false clauses go on becoming fewer as they do, 0.0 where that is not known.
    `yields` tells that it gives way to algebra and sweeping, which are likelier to settle the formula.
    """

    seconds: float
    stale: float
    best: int
    literals: int = 0  # of the formula as it sees it
    accelerated: bool = False  # on a device of its own
    expected: float = math.inf
    yields: bool = False
    trend: float = 0.0


@record(frozen=True)
class View:
    """What the scheduler looks at. `seconds` count from the start of lane 0."""

    seconds: float
    cores: int
    descent: Descent | None = None
    pool: PoolState = "none"
    places: int = 0  # of the pool, once it is ready
    shared: int = 0  # lanes here on cores that count as places, too: this machine is a node of the cluster
    memory: int | None = None  # bytes that there were for lanes, None if nobody knows
    need: int = LANE  # bytes that one takes
    distant: bool = False  # whether the pool's places have other memory
    beside: float = 0.0  # seconds since lanes were first started beside lane 0
    first: int = 0  # lanes of algebra and sweeping
    second: int = 0  # these and descents
    left: float = math.inf  # CPU seconds in which one of the first should be over
    deserted: bool = False  # no lane searches any more
    grouped: bool = False  # groups are likely to move: a descent is as likely to be over at once as others


@record(frozen=True)
class Plan:
    """What should be so now.

    Lanes here and in the pool, whether there is a pool, how many places one on this machine has, the
    descent's share of its core, and whether that core is free for other work; whether a descent, and CDCL
    lanes, may be started on cores that others may leave in a moment, where four share one and none is over
    soon; and whether the descent is worth that the formula is read once more. `awaited`: lanes here do not
    begin, since the descent may be over in a moment. `hopeless`: it comes nearer too slowly for that.
    """

    here: int
    remote: int
    pool: bool
    places: int
    share: float
    spare: bool
    descend: bool
    search: bool
    awaited: bool
    hopeless: bool


@record(frozen=True)
class Scheduler:
    """The rules. `pool_after` are seconds after which a pool is worth its start, None for never."""

    pool_after: float | None

    def decide(self, view: View) -> Plan:
        """Return what should be so now."""
        wanted = self.pool_after is not None and view.seconds >= self.pool_after
        here, most = self._here(view), self._remote(view)
        if view.pool == "none" and most == 0:
            wanted = False
        return Plan(
            here=here,
            remote=min(max(1, view.places - view.shared), most) if view.pool == "ready" else 0,
            pool=wanted and view.pool != "broken",
            places=min(places(view.cores), max(1, most)),
            share=_descending(view),
            spare=_spare(view),
            descend=(view.grouped or _begins(view, view.first, FIRST)) and _worth_reading(view, 1),
            search=_begins(view, view.second, SECOND),
            awaited=_awaited(view),
            hopeless=view.descent is not None and hopeless(view.descent, view.seconds),
        )

    def _here(self, view: View) -> int:
        """Return how many lanes should run here: one a core at once, one or two more later, in memory's room.

        What is worth the most is first in the mix, so it has its core for itself while it is most likely to
        end: the later a lane ends, the less it matters when it began.
        """
        if view.seconds < head_start(view.cores):
            return 1
        most = view.cores + (view.cores > 1)
        if self.pool_after is None:
            most = max(most, EARLY) if view.cores > 1 else 1
        else:
            most = max(view.cores, EARLY) if view.pool == "broken" else min(most, EARLY)
        begun = view.cores + sum(
            view.deserted or (view.seconds >= beside and _worth_reading(view, turn))
            for turn, beside in enumerate(BESIDE, 2)
        )
        return min(most, begun, max(1, _room(view, 0)))

    def _remote(self, view: View) -> int:
        """Return how many lanes there is memory for in the pool."""
        if view.distant:
            return MANY if view.memory is None or view.memory >= POOL_MEMORY else 0
        return max(0, _room(view, POOL_MEMORY) - self._here(view))


def head_start(cores: int) -> float:
    """Return the seconds that lane 0 has for itself."""
    return HEAD_START if cores > 1 else ONLY_CORE


def pool_start(asked: float | None, cores: int) -> float | None:
    """Return the seconds after which a pool is worth its start, `asked` if the user says so; None for never.

    On few cores all lanes that are worth a part of one run here, and Ray would take theirs to come up.
    """
    if asked is not None:
        return asked
    return POOL_AFTER if cores > EARLY else None


def _room(view: View, taken: int) -> int:
    """Return how many lanes there is memory for, where others take so many bytes."""
    return MANY if view.memory is None else max(0, view.memory - taken) // view.need


def _begins(view: View, before: int, after: float) -> bool:
    """Return whether lanes may begin `after` so many seconds beside those that come `before` them."""
    return before == 0 or before + 1 < view.cores or (view.beside >= after and not _near(view))


def _worth_reading(view: View, turn: int) -> bool:
    """Return whether the one whose turn it is may begin, where it has to read the formula first.

    An XOR counts as the clauses that a CDCL lane reads.
    """
    reading = turn * READING * max(0, view.need - LANE)
    return view.deserted or view.cores > EARLY or reading <= max(view.beside, FIRST)


def _near(view: View) -> bool:
    """Return whether an end is so near that all of a core should go there."""
    return view.left <= NEAR and view.beside < NEAREST


def _descending(view: View) -> float:
    """Return the descent's share of its core."""
    if view.descent is None:
        return 1.0
    crowded = view.second + 1 > view.cores
    return LEAST if crowded and _near(view) else share(view.descent, view.seconds)


def _spare(view: View) -> bool:
    """Return whether the descent has had its trial, or needs no core."""
    descent = view.descent
    if descent is None or descent.accelerated or view.seconds >= LATEST:
        return True
    return descent.seconds >= _deserved(descent, view.seconds)


def _awaited(view: View) -> bool:
    """Return whether a descent on the core that others would be on may be at a solution in a moment.

    Where it is, it has come near after a part of its trial; who would begin now would have half of the core.
    """
    descent = view.descent
    if descent is None or descent.yields or view.second + 1 < view.cores or _spare(view):
        return False
    early = descent.seconds < FIRST_LOOK * trial(descent)
    return (early and not hopeless(descent, view.seconds)) or not _far(descent)


def lane_memory(literals: int, xor_literals: int = 0) -> int:
    """Return the bytes that a lane takes on a formula, about, when it has learned for a while."""
    return LANE + LITERAL * (literals + EXPANDED * xor_literals)


def places(cores: int) -> int:
    """Return how many places a pool on this machine has: the cores that early lanes leave, at least one."""
    return max(1, cores - EARLY)


def trial(descent: Descent) -> float:
    """Return the seconds of search that a descent is given in any case: more on a large formula.

    One that gives way to others has half of that.
    """
    large = (descent.literals - SMALL) / (LARGE - SMALL)
    usual = TRIAL[0] + (TRIAL[1] - TRIAL[0]) * min(1.0, max(0.0, large))
    return usual * (YIELDED if descent.yields else 1.0)


def trend(earlier: tuple[float, float], now: tuple[float, float]) -> float:
    """Return the seconds of search after which at most one clause is false, if these fall as a power of time.

    Both are seconds of search and the fewest false clauses then. 0.0 where that is too early to tell.
    """
    (before, more), (seconds, fewer) = earlier, now
    if not fewer or not before or seconds < KNOWN * before:
        return 0.0
    if fewer >= more:
        return math.inf
    logarithm = math.log(fewer) * math.log(seconds / before) / math.log(more / fewer)
    return seconds * math.exp(logarithm) if logarithm < 100.0 else math.inf


def hopeless(descent: Descent, passed: float) -> bool:
    """Return whether a descent is far from a solution, and so slow to come nearer that none is in sight.

    Its trial is as that of one that gives way to others, then.
    """
    return _far(descent) and descent.trend > HOPELESS * passed and not descent.accelerated


def _deserved(descent: Descent, passed: float) -> float:
    """Return the seconds of search that a descent is given in full: more where it is near after its trial.

    How often it comes so near says little about when it comes to a solution, but the most come soon.
    """
    if hopeless(descent, passed):
        return trial(replace(descent, yields=True))
    usual = trial(descent)
    near = descent.seconds >= usual and descent.best <= CLOSE and not descent.yields
    return max(usual, CLOSE_TRIAL) if near else usual


def share(descent: Descent, passed: float) -> float:
    """Return the part of a core that a descent should have, after so many seconds of the run.

    After its trial it falls as 1 / seconds of search, so that these grow with the square root of time. It is
    doubled where half of the false clauses have gone lately; where they have not, and are many, or where that
    leads nowhere, it is a quarter. Where a solution is in sight, it may be more.
    """
    deserved = _deserved(descent, passed)
    if descent.accelerated or descent.seconds < deserved:
        return 1.0
    merit = deserved / descent.seconds
    if descent.stale < LATE * descent.seconds and not hopeless(descent, passed):
        merit *= 2
    elif _far(descent):
        merit *= FAR
    return max(LEAST, min(1.0, max(merit, _in_sight(descent, passed))))


def _far(descent: Descent) -> bool:
    return descent.best > max(HOPEFUL[0], HOPEFUL[1] * descent.literals)


def _in_sight(descent: Descent, passed: float) -> float:
    """Return the share that is due to the solution that a descent should come to.

    The others have none after `passed` seconds, so that each second gives them one with a probability of
    about 1 / passed, and the descent one with 1 / expected: the core goes to both in these proportions. What
    was expected and did not come was expected in error, the surer the longer ago.
    """
    expected = max(descent.expected, 1e-6)
    overdue = descent.seconds / expected
    return passed / (passed + expected) / (1.0 + overdue * overdue)
