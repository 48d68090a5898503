"""`prove`: whether properties hold in all reachable states, each answer checked before it is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Unpack

from turbosat.deadline import Deadline, Expired
from turbosat.errors import Cause, EngineError, SoundnessError, UsageError
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

LEAST: Final = 2.0  # seconds for a property: a share that only starts the engines decides nothing


def prove(
    aig: Aig,
    *,
    wanted: Iterable[int] | None = None,
    engines: Sequence[str] = ENGINES,
    first_only: bool = False,
    deadline: Deadline | None = None,
    on_event: Sink = ignore,
    **options: Unpack[Options],
) -> list[Verdict]:
    """Decide whether properties hold in all reachable states; return a verdict for each wanted one.

    `wanted`: positions of properties, all by default; they are looked at one after the other, each with its
    share of the time that is left, but 2 s at least, and again where there is time left after all. With
    `first_only`, all others are left UNKNOWN as soon as one fails. `engines`, side by side, each in a process
    of its own: "ic3" finds inductive invariants and long runs, "induction" short runs and proofs by
    k-induction. A property HOLDS with an invariant that was checked, and FAILS with a run that was simulated;
    else it is UNKNOWN, and `Verdict.bound` is the last frame in which no run fails. Constraints
    hold in every frame, that of the failure included. `on_event` is called with a "frame" event for each
    frame of an engine and a "verdict" for each property. `deadline` as in `turbosat.solve`.

    Where all engines break, the property is UNKNOWN, and a "failed" event says why. UsageError for a call
    that makes no sense; SoundnessError for an answer that fails its check: what is decided by then is in its
    `decided`.
    """
    unknown = [engine for engine in engines if engine not in ENGINES]
    if unknown or not engines:
        raise UsageError(
            f"engines are some of {', '.join(ENGINES)}, not {', '.join(map(str, unknown)) or 'none'}"
        )
    with bounded(deadline, options) as limits:
        proof = _Proof(aig, list(dict.fromkeys(engines)), limits, on_event)
        order = chosen(aig, wanted)
        try:
            return proof.run(order, first_only=first_only)
        except SoundnessError as error:
            raise SoundnessError(str(error), proof.decided()) from None


class _Proof:
    """Properties on their way to verdicts."""

    def __init__(self, aig: Aig, engines: Sequence[str], deadline: Deadline, sink: Sink) -> None:
        self._aig, self._engines, self._deadline, self._sink = aig, engines, deadline, sink
        self._verdicts: dict[int, Verdict] = {}

    def run(self, wanted: list[int], *, first_only: bool) -> list[Verdict]:
        """Look at all, and again at those whose share was too small; return the verdicts in their order."""
        left, failed = wanted, False
        while left:
            late: dict[int, Verdict] = {}  # what more time may decide
            for place, property in enumerate(left):
                if first_only and failed:
                    verdict = Verdict(Answer.UNKNOWN, property, Reason.GAVE_UP)
                else:
                    verdict = _decided(
                        self._aig, property, self._engines, self._deadline, len(left) - place, self._sink
                    )
                    failed |= verdict.answer is Answer.FAILS
                verdict = self._with_bound(verdict)
                self._verdicts[property] = verdict
                if verdict.reason is Reason.TIME and self._deadline.expired() is None:
                    late[property] = verdict
                else:
                    self._tell(verdict)
            left = [*late]
            if first_only and failed:
                break
        for property in left:
            self._tell(self._verdicts[property])
        return [self._verdicts[property] for property in wanted]

    def decided(self) -> list[Verdict]:
        """Return the verdicts so far that are answers."""
        return [each for each in self._verdicts.values() if each.answer is not Answer.UNKNOWN]

    def _with_bound(self, verdict: Verdict) -> Verdict:
        """Return a verdict with what an earlier one knows of its property."""
        before = self._verdicts.get(verdict.property)
        if verdict.answer is not Answer.UNKNOWN or before is None or before.bound is None:
            return verdict
        return replace(verdict, bound=max(before.bound, -1 if verdict.bound is None else verdict.bound))

    def _tell(self, verdict: Verdict) -> None:
        told = {"property": verdict.property, "answer": str(verdict.answer), "bound": verdict.bound}
        self._sink(Event("verdict", self._deadline.elapsed(), verdict.method, told))


def _decided(
    aig: Aig, property: int, engines: Sequence[str], whole: Deadline, shares: int, sink: Sink
) -> Verdict:
    """Return the verdict on a property, within its share of the time."""
    bad = int(properties(aig)[property])
    reason, bound = Reason.GAVE_UP, -1
    race = None
    try:
        whole.check()
        small = reduced(aig, bad, whole)
        remaining = whole.remaining()
        end = None if remaining is None else whole.elapsed() + max(LEAST, remaining / shares)
        with Race(small, engines, whole, sink, end) as race:
            answer = race.run()
            if answer is not None:
                found, engine = answer
                return _checked(aig, property, bad, small, found, engine, whole, race)
    except Expired as expired:
        reason = expired.reason
    except MemoryError:
        reason = Reason.MEMORY
    except EngineError as error:
        if error.cause is Cause.MEMORY:
            reason = Reason.MEMORY
        what = {"cause": error.cause.value, "why": f"property {property}: {error}"}
        sink(Event("failed", whole.elapsed(), "prove", what))
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
        witness = checked(aig, Witness(latches, inputs), [property], engine, deadline.check)
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
