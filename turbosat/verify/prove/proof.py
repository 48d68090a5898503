"""`prove`: whether properties hold in all reachable states, each answer checked before it is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Unpack

from turbosat.deadline import Deadline, Expired
from turbosat.errors import Cause, EngineError, UsageError
from turbosat.events import Event, Sink, ignore
from turbosat.result import Reason
from turbosat.verify.limits import bounded
from turbosat.verify.prove.certify import certified
from turbosat.verify.prove.race import ENGINES, Race
from turbosat.verify.prove.reduction import Reduced, reduced
from turbosat.verify.verdict import Answer, Verdict, Witness
from turbosat.verify.witness import checked, chosen, properties

if TYPE_CHECKING:
    from turbosat.encodings.circuit.aig import Aig
    from turbosat.options import Options
    from turbosat.verify.prove.answer import Found


def prove(
    aig: Aig,
    *,
    wanted: Iterable[int] | None = None,
    engines: Sequence[str] = ENGINES,
    deadline: Deadline | None = None,
    on_event: Sink = ignore,
    **options: Unpack[Options],
) -> list[Verdict]:
    """Decide whether properties hold in all reachable states; return a verdict for each wanted one.

    `wanted`: positions of properties, all by default; they are looked at one after the other, each with its
    share of the time that is left. `engines`, side by side, each in a process of its own: "ic3" finds
    inductive invariants and long runs, "induction" short runs and proofs by k-induction. A property HOLDS
    with an invariant that was checked, and FAILS with a run that was simulated; else it is UNKNOWN, and
    `Verdict.bound` is the last frame in which no run fails. Constraints hold in every frame, that of the
    failure included. `on_event` is called with a "frame" event for each frame of an engine and a "verdict"
    for each property. `deadline` as in `turbosat.solve`.

    UsageError for a call that makes no sense, EngineError where all engines broke, SoundnessError for an
    answer that fails its check.
    """
    unknown = [engine for engine in engines if engine not in ENGINES]
    if unknown or not engines:
        raise UsageError(
            f"engines are some of {', '.join(ENGINES)}, not {', '.join(map(str, unknown)) or 'none'}"
        )
    with bounded(deadline, options) as limits:
        left = chosen(aig, wanted)
        verdicts: list[Verdict] = []
        while left:
            verdict = _decided(
                aig, left[0], list(dict.fromkeys(engines)), limits, len(left), on_event, options
            )
            on_event(Event("verdict", limits.elapsed(), verdict.method, _told(verdict)))
            verdicts.append(verdict)
            left = left[1:]
        return verdicts


def _told(verdict: Verdict) -> dict[str, object]:
    return {"property": verdict.property, "answer": str(verdict.answer), "bound": verdict.bound}


def _decided(
    aig: Aig,
    property: int,
    engines: Sequence[str],
    whole: Deadline,
    shares: int,
    sink: Sink,
    options: Options,
) -> Verdict:
    """Return the verdict on a property, within its share of the time."""
    bad = int(properties(aig)[property])
    reason, bound = Reason.GAVE_UP, -1
    remaining = whole.remaining()
    share = None if remaining is None else whole.elapsed() + remaining / shares
    race = None
    try:
        whole.check()
        small = reduced(aig, bad, whole.check)
        with Race(small, engines, whole, sink, share) as race:
            answer = race.run()
            if answer is not None:
                found, engine = answer
                return _checked(aig, property, bad, small, found, engine, whole, race)
    except Expired as expired:
        reason = expired.reason
    except MemoryError:
        reason = Reason.MEMORY
    except EngineError as error:
        if error.cause is not Cause.MEMORY:
            raise
        reason = Reason.MEMORY
    if race is not None:
        bound = race.bound
    return Verdict(
        Answer.UNKNOWN,
        property,
        reason,
        bound=None if bound < 0 else bound,
        seconds=round(whole.elapsed(), 3),
        statistics={"frames": race.frames if race is not None else {}},
    )


def _checked(
    aig: Aig,
    property: int,
    bad: int,
    small: Reduced,
    found: Found,
    engine: str,
    deadline: Deadline,
    race: Race,
) -> Verdict:
    """Return the verdict on what an engine found, checked on the circuit as it was given."""
    bound = race.bound
    statistics = {"frames": race.frames, "latches": small.aig.latches, "gates": len(small.aig.ands)}
    if found.clauses is None:
        latches, inputs = small.run(found)
        witness = checked(aig, Witness(latches, inputs), property, engine)
        return Verdict(
            Answer.FAILS,
            property,
            bound=bound if 0 <= bound < len(inputs) - 1 else None,
            witness=witness,
            method=engine,
            seconds=round(deadline.elapsed(), 3),
            statistics=statistics,
        )
    invariant = certified(aig, bad, small.invariant(found), engine, deadline)
    return Verdict(
        Answer.HOLDS,
        property,
        invariant=invariant,
        method=engine,
        seconds=round(deadline.elapsed(), 3),
        statistics={**statistics, "clauses": len(invariant.clauses)},
    )
