"""Parity with noise: XORs whose other ends the rest of the formula wants to be mostly one way.

Variables that are in XORs alone link the others: these, the *terminals*, are all that the rest of the formula
sees of a linear code. Where it bounds how many of them may be other than some preferred value, its models are
light words of the code, and information-set decoding finds them, however the bound is encoded: what the
terminals prefer is what most models of the rest agree on, and how many may differ is tried. Nothing rests on
that being right, as whatever is found is completed and checked on the formula itself. (Parity with noise as a
formula: J. Crawford, M. Kearns and R. Schapire, "The minimal disagreement parity problem as a hard
satisfiability problem", 1994.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.gf2.consequences import Facts
from turbosat.encodings.gf2.decoding import Decoder, Projection, project
from turbosat.formula.formula import Formula
from turbosat.formula.rows import row_of
from turbosat.lanes.solution_space import completion

if TYPE_CHECKING:
    from turbosat.encodings.gf2.elimination import Elimination
    from turbosat.gpu.sweep.candidates import Complete

RATE = 2 / 3  # dimensions of a code for each terminal: three inputs of an XOR and its output have more
FEWEST = 12  # terminals: fewer are swept in a moment
LARGEST = 100_000  # literals of the rest: beyond, asking it takes long
MODELS = 8, 40  # of the rest, that tell what is preferred: at a glance, and in the end
MINORITY = 1 / 3  # of these, that may disagree on what a terminal prefers
MOST_CONFLICTS = 100_000  # of all questions to the rest: those after them are answered no
CONFLICTS = 2000  # that a question to the rest, or the completion of a word, may take
SUBSETS = 3  # of terminals of one size that are tried
PACE = 2e8  # words of a decoder read in a second, about
CERTAIN = 10  # times the iterations expected, after which there is no such word, most likely
SLICE = 1 << 22  # words read between two looks at the limits, some 20 ms
REFUSED = 32  # words of one weight that cannot be completed, after which lighter ones are looked for


@dataclass(frozen=True, slots=True)
class Noise:
    """Terminals as variables that see a projection, and the values (seeing,) that they prefer.

    At most `weight` of them may be otherwise. What is `linking` (variables,) is in XORs alone, or a terminal.
    """

    projection: Projection
    preferred: NDArray[np.bool_]
    weight: int
    linking: NDArray[np.int32]

    def decoder(self, weight: int, seed: int) -> Decoder:
        """Return the search for words of that weight."""
        offset = self.projection.constants ^ self.preferred
        return Decoder(self.projection.rows, offset, self.projection.information, weight, seed)

    def assumptions(self, word: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return what a word (seeing,) says of all that it is linked by, signed literals."""
        solution = self.projection.solution(word ^ self.preferred)
        return solution[np.isin(np.abs(solution), self.linking)]


def find_noise(
    formula: Formula, facts: Facts, seed: int = 0, check: Callable[[], None] = lambda: None
) -> Noise | None:
    """Find what is preferred, None where there is no such thing; `check` is called now and then."""
    elimination = facts.elimination
    if not elimination.complete or not elimination.free.size:
        return None
    linking, terminals, inside = _split(formula, facts)
    if terminals.size < FEWEST or np.diff(formula.offsets)[inside].sum() > LARGEST:
        return None
    clear = np.ones(terminals.size, np.bool_)
    code = _code(elimination, terminals, clear, check)
    if code is None:
        return None
    question = _Rest(formula, inside, terminals, seed, check)
    preferred = clear
    for models in MODELS:
        share = question.share(models)
        if share is None:
            return None
        preferred, clear = share > 0.5, np.minimum(share, 1 - share) <= MINORITY
        code = _code(elimination, terminals, clear, check)
        if code is None:
            return None
    weight = question.weigh(clear, preferred)
    if weight is None:
        return None
    return Noise(code, preferred[clear], weight, np.append(linking, terminals))


def _code(
    elimination: Elimination,
    terminals: NDArray[np.int32],
    clear: NDArray[np.bool_],
    check: Callable[[], None],
) -> Projection | None:
    """Return what the clear terminals see, if that is redundant and the others follow: not so in circuits."""
    code = project(elimination, terminals[clear], terminals[~clear], check)
    if code is None or not 0 < code.information.size <= RATE * code.constants.size:
        return None
    return code if code.determined.all() else None


def decode(
    noise: Noise, formula: Formula, longest: float, seed: int, look: Callable[[dict[str, Any]], None]
) -> NDArray[np.bool_] | None:
    """Return a model (variables,), None where none is found within the iterations that should do.

    Nothing is tried that is expected to take more than `longest` seconds. `look` is told the `weight` and how
    many sets were tried, every 20 ms or so, and may raise to end it.
    """
    complete: Complete | None = None  # made when there is something to complete
    weight = noise.weight
    tried: set[bytes] = set()
    while weight >= 0:
        decoder, refused = noise.decoder(weight, seed), 0
        chance = decoder.chance
        if chance * longest * PACE < decoder.cost:
            return None
        while refused < REFUSED and decoder.iterations * chance < CERTAIN:
            words = decoder.search(SLICE)
            look({"weight": weight, "sets": decoder.iterations})
            for word in words:
                if word.tobytes() in tried:
                    continue
                tried.add(word.tobytes())
                complete = complete or completion(formula, CONFLICTS)
                found = complete(noise.assumptions(word))
                if found.values is not None and formula.satisfied(found.values):
                    return found.values
                refused += 1
        if refused < REFUSED:
            return None
        weight -= 1
    return None


def _split(formula: Formula, facts: Facts) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Return variables of XORs alone, the terminals, and which clauses are without the former (clauses,)."""
    xors, variables = facts.recovered.xors, formula.variables + 1
    rows, clauses = row_of(xors.offsets), row_of(formula.offsets)
    names = np.abs(formula.literals)
    # A clause over the same variables as an XOR is taken for one that it implies: sums of random words agree.
    words = np.random.default_rng(1).integers(1, 1 << 64, variables, np.uint64)
    own = np.zeros(len(formula), np.uint64)
    np.add.at(own, clauses, words[names])
    keys = np.zeros(len(xors), np.uint64)
    np.add.at(keys, rows, words[xors.variables])
    outside = ~np.isin(own, keys)
    bound = np.zeros(variables, np.bool_)
    bound[names[outside[clauses]]] = True
    linking = np.zeros(variables, np.bool_)
    linking[xors.variables] = True
    linking &= ~bound
    linked = np.bincount(rows[linking[xors.variables]], minlength=len(xors)) > 0
    terminals = np.zeros(variables, np.bool_)
    terminals[xors.variables[linked[rows]]] = True
    terminals &= ~linking
    inside = np.bincount(clauses[linking[names]], minlength=len(formula)) == 0
    return np.flatnonzero(linking).astype(np.int32), np.flatnonzero(terminals).astype(np.int32), inside


class _Rest:
    """What the formula says without its linking XORs, asked by clause learning."""

    def __init__(
        self,
        formula: Formula,
        inside: NDArray[np.bool_],
        terminals: NDArray[np.int32],
        seed: int,
        check: Callable[[], None],
    ) -> None:
        from pysat.solvers import Glucose4

        check()
        clauses = map(formula.clause, np.flatnonzero(inside).tolist())
        self._solver = Glucose4(bootstrap_with=map(list, clauses))
        self._random = np.random.default_rng(seed)
        self._numbers = np.arange(1, formula.variables + 1)
        self._terminals = terminals
        self._check = check
        self._true = np.zeros(terminals.size)  # models in which each is
        self._asked = 0  # models

    def share(self, models: int) -> NDArray[np.float64] | None:
        """Return in which share of so many models each terminal is true; None where one is hard to find."""
        while self._asked < models:
            signs = self._random.choice([-1, 1], self._numbers.size)
            self._solver.set_phases((signs * self._numbers).tolist())
            if not self._holds([]):
                return None
            model = np.array(self._solver.get_model(), np.int64)
            self._true += model[self._terminals - 1] > 0
            self._asked += 1
        return self._true / self._asked

    def weigh(self, clear: NDArray[np.bool_], preferred: NDArray[np.bool_]) -> int | None:
        """Return how many clear terminals may be other than preferred; None where all as preferred is false.

        What the models have told wrongly is set right in `preferred` (terminals,): where as many are changed
        as may be, what cannot be changed back.
        """
        chosen = np.flatnonzero(clear)
        if not self._allows(chosen, preferred[chosen]):
            return None
        values = self._changed(chosen, preferred[chosen])
        for place in np.flatnonzero(values != preferred[chosen]).tolist():
            preferred[chosen[place]] ^= not self._allows(chosen, _flipped(values, place))
        low, high, best = 0, chosen.size, preferred[chosen]
        while low < high:
            middle = (low + high + 1) // 2
            if any(self._allows(chosen, self._with_errors(best, middle)) for _ in range(SUBSETS)):
                low = middle
            else:
                high = middle - 1
        return low

    def _changed(self, chosen: NDArray[np.int64], preferred: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the values with as many changed, one after the other, as is allowed."""
        values = preferred.copy()
        for _ in range(2):  # a change for the better may allow one that was not allowed before
            for place in self._random.permutation(np.flatnonzero(values == preferred)).tolist():
                if self._allows(chosen, _flipped(values, place)):
                    values[place] ^= True
        return values

    def _with_errors(self, preferred: NDArray[np.bool_], number: int) -> NDArray[np.bool_]:
        values = preferred.copy()
        values[self._random.permutation(values.size)[:number]] ^= True
        return values

    def _allows(self, chosen: NDArray[np.int64], values: NDArray[np.bool_]) -> bool:
        terminals = self._terminals[chosen]
        return self._holds(np.where(values, terminals, -terminals).tolist())

    def _holds(self, assumptions: list[int]) -> bool:
        self._check()
        if self._solver.accum_stats()["conflicts"] > MOST_CONFLICTS:
            return False
        self._solver.conf_budget(CONFLICTS)
        return self._solver.solve_limited(assumptions=assumptions) is True


def _flipped(values: NDArray[np.bool_], place: int) -> NDArray[np.bool_]:
    changed = values.copy()
    changed[place] ^= True
    return changed
