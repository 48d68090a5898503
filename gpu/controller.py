"""The controller: which lane runs how long, from which values; the same for every device."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix
from turbosat.gpu.backend import Population, Report
from turbosat.gpu.bandit import RUN, Bandit, Configuration, Outlook, luby
from turbosat.gpu.elites import Elites

ROUND = 1_000_000  # effort of the first round, all lanes together: about 5 ms of one core
GROWTH = 0.1  # a round is so much of the effort before it: a configuration that solves at once is met at once
LONGEST = 100_000_000
LONGEST_SECONDS, ROUND_SECONDS = 0.5, 0.005  # the same where a device's time is measured
PACE = 0.008  # seconds a slice should take: the caller's check comes at least every 50 ms
PATIENCE = 2000  # effort by entry of the matrix after which a configuration is judged by its level
PERTURBED = 0.05  # of the variables, when a run starts from an elite
ENDLESS = int(np.iinfo(np.int64).max)


class Controller:
    """Runs the lanes of a population in rounds.

    A round hands effort to the configurations in the bandit's shares; lanes of one configuration take equal
    parts. It is executed in slices, lane after lane, and resumes where it stopped: how the caller cuts the
    time, and how many lanes run at once, changes nothing, unless he collects in the midst of a round. Shares
    and elites change between rounds only; a lane whose run is over restarts at once.

    Of a population that tells seconds, shares are of these: a step of one rule can take a device many
    times as long as a step of another, and nobody knows before. A configuration is owed its share of each
    round's seconds, and gets as much effort as took so long before; what it took more it is owed less the
    next time (Shreedhar and Varghese, Deficit round robin, 1995). A search by rounds goes by effort all the
    same.
    """

    def __init__(
        self,
        population: Population,
        configurations: tuple[Configuration, ...],
        seed: int,
        start: NDArray[np.bool_] | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`start` bool (k, variables) are values for the first k lanes."""
        lanes = population.lanes
        self.population = population
        self.matrix = population.matrix
        self.configurations = configurations
        self.bandit = Bandit(len(configurations), priors=[each.prior for each in configurations])
        self.elites = Elites(self.matrix.variables)
        self.outlook = Outlook(len(configurations))
        self.check = check
        self.seed = seed
        self.solved = -1  # the lane that satisfies all clauses
        self.pause = ENDLESS  # effort after which it advances no further, between two rounds
        self.effort = np.zeros(len(configurations), np.int64)  # (configurations,), spent
        self.charged = np.zeros(len(configurations))  # (configurations,), seconds of a device
        self._leads = np.array([each.lead * self.matrix.entries for each in configurations])  # effort
        self._owed = np.zeros(len(configurations))  # (configurations,), seconds
        self._cost = np.zeros(len(configurations))  # (configurations,), seconds a unit of effort, 0: unknown
        self._timed = False
        self.restarts = 0
        self.seconds = 0.0
        self.report: Report | None = None
        self._past_flips = 0  # of ended runs
        self._bias = _bias(self.matrix)
        self._configuration = population.allot([each.rule for each in configurations])  # (lanes,)
        self._lengths = [luby() for _ in range(lanes)]
        self._runs = np.zeros(lanes, np.int64)  # (lanes,), restarts of each
        self._until = np.zeros(lanes, np.int64)  # (lanes,), flips at which a run ends
        self._left = np.zeros(lanes, np.int64)  # (lanes,), effort of this round still to spend
        self._fresh = np.ones(lanes, np.bool_)  # (lanes,), whether its run began far from the elites
        self._least = np.full(lanes, -1, np.int64)  # (lanes,), fewest false clauses this round, -1: none
        self._offered = np.full(lanes, self.matrix.constraints + 1, np.int64)  # (lanes,), of the last offer
        self._finished: list[tuple[int, int, NDArray[np.bool_]]] = []  # of ended runs
        self._pace = 200_000  # effort of a slice, of each lane
        for lane in range(lanes):
            self._begin(lane, None if start is None or lane >= len(start) else start[lane])

    @property
    def flips(self) -> int:
        """Flips of all lanes so far."""
        return self._past_flips + (0 if self.report is None else int(self.report.flips.sum()))

    @property
    def shares(self) -> dict[str, float]:
        """The part each configuration got of the effort, or of a device's seconds where these count."""
        spent = self.charged if self._timed else self.effort.astype(np.float64)
        parts = spent / max(spent.sum(), 1e-9)
        names = [configuration.name for configuration in self.configurations]
        return dict(zip(names, parts.tolist(), strict=True))

    @property
    def due(self) -> bool:
        """Whether the pause has come."""
        return int(self.effort.sum()) >= self.pause and not (self._left > 0).any()

    def advance(self, seconds: float) -> None:
        """Search for about so long, one slice at least, or until a lane is solved or the pause comes."""
        begin, self._timed = time.perf_counter(), True
        while self.solved < 0 and not self.due:
            self._slice()
            self.check()
            if time.perf_counter() - begin >= seconds:
                break
        self.seconds += time.perf_counter() - begin

    def advance_rounds(self, rounds: int) -> None:
        """Search to the end of so many rounds, or as `advance` does: where that is, time has no say."""
        begin, self._timed = time.perf_counter(), False
        for _ in range(rounds):
            if self.due:
                break
            self._slice()
            while self.solved < 0 and (self._left > 0).any():
                self.check()
                self._slice()
            if self.solved >= 0:
                break
        self.seconds += time.perf_counter() - begin

    def suggest(self, values: NDArray[np.bool_]) -> bool:
        """Offer values bool (variables,) from elsewhere to the elites; tell whether they took them."""
        return self.elites.offer(values, int(np.count_nonzero(self.matrix.counts(values) == 0)))

    def collect(self) -> None:
        """Offer the best values of all lanes to the elites."""
        for _, false, values in sorted(self._finished, key=lambda run: run[:2]):
            self.elites.offer(values, false)
        self._finished.clear()
        if self.report is None:
            return
        report = self.report  # of lanes that have just begun again, it tells of the run before
        better = np.flatnonzero((report.flips > 0) & (report.best >= 0) & (report.best != self._offered))
        for lane in better[np.argsort(report.best[better], kind="stable")][: self.elites.size].tolist():
            false = int(report.best[lane])
            if self.elites.wants(false):
                self.elites.offer(self.population.best_values(np.array([lane]))[0], false)
            self._offered[lane] = false

    def _slice(self) -> None:
        if not (self._left > 0).any():
            self._plan()
        population = self.population
        active = np.flatnonzero(self._left > 0)[: population.lockstep * population.workers]
        effort = np.zeros(population.lanes, np.int64)
        effort[active] = np.minimum(self._left[active], self._pace)
        begin = time.perf_counter()
        report = self.report = population.advance(effort, self._until)
        took = time.perf_counter() - begin
        if took < PACE / 2 and effort[active].max() == self._pace:
            self._pace += self._pace // 2
        elif took > PACE * 2:
            self._pace = max(self._pace // 2, 1000)
        self._left[active] -= report.effort[active]
        np.add.at(self.effort, self._configuration[active], report.effort[active])
        if report.seconds is None:
            self._timed = False
        elif self._timed:
            self._charge(active, report.effort, report.seconds)
        known = self._least[active] >= 0
        lows = report.least[active]
        self.outlook.learn(self._configuration[active], lows, took)
        self._least[active] = np.where(known, np.minimum(lows, self._least[active]), lows)
        over = (report.flips >= self._until) & (report.best > 0)
        for lane in active[over[active]].tolist():
            self._end(lane)
        solved = np.flatnonzero(report.best == 0)
        if solved.size:  # the first in the order of lanes, however many run at once
            self._left[solved[0] :] = 0
            if not (self._left > 0).any():
                self.solved = int(solved[0])

    def _plan(self) -> None:
        """Begin a round: learn from the last one, hand out effort."""
        for configuration in range(len(self.configurations)):
            # An elite's low is not the merit of the configuration that began there.
            lows = self._least[(self._configuration == configuration) & (self._least >= 0) & self._fresh]
            if lows.size:
                self.bandit.learn(configuration, float(lows.mean()))
        self._least[:] = -1
        self.collect()
        crowd = np.bincount(self._configuration, minlength=len(self.configurations))  # (configurations,)
        if self._timed and (self._cost[crowd > 0] > 0).all():
            self._left[:] = self._by_time(crowd)[self._configuration]
            return
        total = min(max(ROUND, int(self.effort.sum() * GROWTH)), LONGEST)
        if self.population.shifting:  # all lanes run; those that restart change configurations
            self._left[:] = max(1, total // self.population.lanes)
        else:
            share = self._shares() * total / np.maximum(crowd, 1)
            self._left[:] = share[self._configuration].astype(np.int64)

    def _by_time(self, crowd: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a lane's effort in a round for each configuration, (configurations,), by what is owed."""
        seconds = min(max(ROUND_SECONDS, float(self.charged.sum()) * GROWTH), LONGEST_SECONDS)
        shares = np.where(crowd > 0, self._shares(), 0.0)
        self._owed[crowd == 0] = 0.0
        self._owed += shares / shares.sum() * (seconds + max(0.0, -float(self._owed.sum())))
        effort = np.maximum(self._owed, 0.0) / np.maximum(crowd * self._cost, 1e-300)
        return np.ceil(np.minimum(effort, LONGEST)).astype(np.int64)

    def _charge(
        self, active: NDArray[np.int64], effort: NDArray[np.int64], seconds: NDArray[np.float64]
    ) -> None:
        """Note what the lanes of a slice took, and with it what effort costs a lane of each configuration."""
        which, count = self._configuration[active], len(self.configurations)
        took = np.bincount(which, seconds[active], count)  # (configurations,)
        made = np.bincount(which, effort[active], count)
        self.charged += took
        self._owed -= took
        ran = made > 0
        cost = took[ran] / made[ran]
        self._cost[ran] = np.where(self._cost[ran] > 0, (self._cost[ran] + cost) / 2, cost)

    def _shares(self) -> NDArray[np.float64]:
        leading = self.effort < self._leads
        if leading.any():
            return np.asarray(leading / leading.sum())
        needed = PATIENCE * self.matrix.entries * max(1, self.population.lanes // len(self.configurations))
        return self.bandit.shares(min(1.0, float(self.effort.min()) / needed))

    def _end(self, lane: int) -> None:
        """End a lane's run and begin another."""
        assert self.report is not None
        false, which = int(self.report.best[lane]), np.array([lane])
        if self.elites.wants(false):
            self._finished.append((lane, false, self.population.best_values(which)[0]))
        self._past_flips += int(self.report.flips[lane])
        self.report.flips[lane] = 0
        self.restarts += 1
        if self.population.shifting:
            crowd = (
                np.bincount(self._configuration, minlength=len(self.configurations)) / self.population.lanes
            )
            self._configuration[lane] = int((self._shares() - crowd).argmax())
        self._begin(lane, None)

    def _begin(self, lane: int, values: NDArray[np.bool_] | None) -> None:
        random = np.random.default_rng([self.seed, 1, lane, int(self._runs[lane])])
        configuration, which = self.configurations[self._configuration[lane]], np.array([lane])
        if values is None:
            self._fresh[lane] = not len(self.elites) or self._runs[lane] % 2 == 0
            if not self._fresh[lane]:
                values = self.elites.offspring(random, PERTURBED)
            else:
                values = random.random(self.matrix.variables) < self._bias
        self._runs[lane] += 1
        self._offered[lane] = self.matrix.constraints + 1
        self._until[lane] = RUN * next(self._lengths[lane]) * (1 if configuration.restarts else 64)
        if not configuration.restarts and not self.population.shifting:
            self._until[lane] = ENDLESS
        self.population.assign(which, configuration.rule)
        self.population.restart(which, values[None])


def _bias(matrix: Matrix) -> NDArray[np.float64]:
    """Return how probably each variable starts true, float64 (variables,): its share of positive literals.

    An XOR wants neither value: it counts half on each side.
    """
    positive, negative = np.diff(matrix.starts).reshape(-1, 2).T  # (variables,)
    return np.asarray((matrix.degrees + positive - negative) / (2 * matrix.degrees))
