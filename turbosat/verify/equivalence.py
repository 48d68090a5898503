"""Combinational equivalence: two circuits compute the same from the same inputs and latches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Unpack

import numpy as np
from numpy.typing import NDArray

from turbosat.deadline import Deadline, Expired
from turbosat.encodings.circuit.aig import FALSE, TRUE, Aig
from turbosat.encodings.circuit.simulation import simulate, values
from turbosat.encodings.circuit.tseitin import encode
from turbosat.errors import SoundnessError
from turbosat.events import Event, Sink, ignore
from turbosat.formula.formula import Formula
from turbosat.options import Options, resolve
from turbosat.result import Reason, Status
from turbosat.verify.limits import bounded
from turbosat.verify.matching import Difference, How, differences, match, miter
from turbosat.verify.sweeping import sweeping
from turbosat.verify.verdict import Answer, Verdict, Witness

WORDS: Final = 16  # of 64 random patterns that are tried first, a multiple of 4
ROOM: Final = 1 << 25  # words for these at most, of all variables: fewer are tried on large circuits

# Values of the inputs for which an output is true, None where there are none; and who says so.
Refutation = tuple[NDArray[np.bool_] | None, str]
# What an engine comes to: an answer, why there is none, or a circuit that the next one may ask about instead.
Outcome = Refutation | Reason | Aig
Engine = Callable[[Aig, Deadline, Sink, Options], Outcome]


@dataclass(frozen=True, slots=True)
class Comparison(Verdict):
    """A verdict about two circuits: HOLDS where they are equal.

    `witness`: inputs and latches of A for which they differ, one frame. `differences`: all that differs for
    these, simulated. `matched`: sentences that say how the circuits were matched.
    """

    differences: tuple[Difference, ...] = ()
    matched: tuple[str, ...] = ()


def equivalent(
    a: Aig,
    b: Aig,
    *,
    match_by: How = "auto",
    deadline: Deadline | None = None,
    on_event: Sink = ignore,
    **options: Unpack[Options],
) -> Comparison:
    """Tell whether two circuits compute the same outputs, next states, bad states and constraints.

    Inputs and latches are matched by name or by order (see `turbosat.verify.matching.match`). Options,
    deadline and events are those of `turbosat.solve`.

    UsageError for circuits that cannot be matched, SoundnessError for an answer that fails its check.
    """
    with bounded(deadline, options) as limits:
        matching = match(a, b, match_by)
        told = tuple(matching.told())
        method, reason, found = "structure", None, None
        try:
            graph = miter(a, b, matching, limits.check)
            on_event(
                Event("miter", limits.elapsed(), "", {"outputs": _open(graph).size, "gates": len(graph.ands)})
            )
            answer = settle(graph, limits, on_event, resolve(options))
            if isinstance(answer, Reason):
                reason = answer
            else:
                found, method = answer
        except Expired as expired:
            reason = expired.reason
        except MemoryError:
            reason = Reason.MEMORY
        seconds = round(limits.elapsed(), 3)
        if reason is not None:
            return Comparison(Answer.UNKNOWN, reason=reason, seconds=seconds, matched=told)
        if found is None:
            return Comparison(Answer.HOLDS, method=method, seconds=seconds, matched=told)
        seen = differences(a, b, matching, found)
        if not seen:
            raise SoundnessError(f"{method} claims that the circuits differ, and for its inputs they do not")
        return Comparison(
            Answer.FAILS,
            property=seen[0].position if seen[0].kind == "output" else 0,
            witness=Witness(found[a.inputs :], found[None, : a.inputs]),
            method=method,
            seconds=seconds,
            differences=seen,
            matched=told,
        )


def settle(
    graph: Aig, deadline: Deadline, sink: Sink, options: Options, engines: Sequence[Engine] | None = None
) -> Refutation | Reason:
    """Tell whether an output of a circuit without latches can be true: values of its inputs, or None.

    By structure, by random patterns, then by the engines in turn, until one answers. Raises Expired.
    """
    if not _open(graph).size:
        return None, "structure"
    if (_open(graph) == TRUE).any():
        return np.zeros(graph.inputs, np.bool_), "structure"
    found = _by_chance(graph, options["seed"], deadline.check)
    if found is not None:
        return found, "simulation"
    for engine in ENGINES if engines is None else engines:
        outcome = engine(graph, deadline, sink, options)
        if isinstance(outcome, Aig):
            graph = outcome
        elif outcome is not Reason.GAVE_UP:
            return outcome
    return Reason.GAVE_UP


def hybrid(graph: Aig, deadline: Deadline, sink: Sink, options: Options) -> Refutation | Reason:
    """Let the solver decide whether an output can be true, all cores, on clauses."""
    from turbosat.run.pipeline import Run  # for structure and chance it is not needed

    left = _open(graph)
    encoding = encode(graph, left, polarity=False, check=deadline.check)
    literals = np.append(encoding.literals, encoding.of(left))
    offsets = np.append(encoding.offsets, literals.size)
    formula = Formula(literals, offsets, encoding.variables)
    result = Run(formula, options, deadline, sink).run()
    if result.status is Status.UNKNOWN:
        return result.reason or Reason.GAVE_UP
    winner = "hybrid" if result.winner is None else result.winner.lane
    if result.model is None:
        return None, winner
    names = encoding.names[1 : 1 + graph.inputs]
    found = np.zeros(graph.inputs, np.bool_)
    found[names > 0] = result.model[names[names > 0] - 1] > 0
    return found, winner


def _open(graph: Aig) -> NDArray[np.int32]:
    """Return the outputs that may be true, each once."""
    return np.unique(graph.outputs[graph.outputs != FALSE])


def _by_chance(graph: Aig, seed: int, check: Callable[[], None]) -> NDArray[np.bool_] | None:
    """Try random patterns, half of them with few or many ones; return inputs that make an output true."""
    quarter = min(WORDS, ROOM // (1 + graph.variables)) // 4
    if not quarter:
        return None
    random = np.random.default_rng(seed)
    words = random.integers(0, 1 << 64, (graph.inputs, 4 * quarter), np.uint64)
    check()
    sparse = random.integers(0, 1 << 64, (3, graph.inputs, 2 * quarter), np.uint64)
    rare = sparse[0] & sparse[1] & sparse[2]
    words[:, :quarter] = rare[:, :quarter]
    words[:, quarter : 2 * quarter] = ~rare[:, quarter:]
    hit = values(simulate(graph, words, check), _open(graph))  # (outputs, words)
    places = np.argwhere(hit)
    if not len(places):
        return None
    output, word = places[0].tolist()
    bit = (int(hit[output, word]) & -int(hit[output, word])).bit_length() - 1
    return (words[:, word] >> np.uint64(bit) & np.uint64(1)).astype(np.bool_)


ENGINES: Final[tuple[Engine, ...]] = (sweeping, hybrid)
