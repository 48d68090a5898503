"""Questions that take many: models one after the other, smaller cores, the literals that all models share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from turbosat.result import Status
from turbosat.solver.query import Answer

if TYPE_CHECKING:
    from turbosat.solver.base import Base

Ask = Callable[[list[int]], Answer]


def models(solver: Base, ask: Ask, assumptions: list[int], projection: list[int] | None) -> Iterator[Answer]:
    """Yield answers with a model each, none of them twice, and the one that there is no more.

    Models differ in the projection's variables, or in some of the user's; numbers inside. What rules out the
    ones before holds only under a variable of its own, and no more when this ends: then that there is no more
    is no answer, but if there is none at all.
    """
    switch = solver.fresh()
    found = False
    try:
        while True:
            answer = ask([*assumptions, switch])
            if answer.values is None:
                if switch in answer.failed:
                    answer = Answer() if found else replace(answer, failed=assumptions)
                yield answer
                return
            found = True
            names = solver.inside() if projection is None else projection
            ruled = [-name if answer.values[name - 1] else name for name in names]
            solver.add_inside([*ruled, -switch])
            yield answer
    finally:
        solver.retire(switch)


def minimised(ask: Ask, core: Iterable[int]) -> tuple[list[int], Answer | None]:
    """Return assumptions of a core, none of which can be left out; and a question that stayed open, if any.

    Its literal is kept then: what is returned fails in any case.
    """
    left, kept, open_question = list(core), list[int](), None
    while left:
        literal = left.pop()
        answer = ask([*kept, *left])
        if answer.status is Status.UNSATISFIABLE:
            failed = set(answer.failed)
            left = [each for each in left if each in failed]
            kept = [each for each in kept if each in failed]
            continue
        if answer.status is Status.UNKNOWN:
            open_question = answer
        kept.append(literal)
    return kept, open_question


def backbone(
    solver: Base, ask: Ask, assumptions: list[int], variables: Iterable[int]
) -> tuple[list[int] | None, Answer]:
    """Return the literals of some variables that every model has, and the last answer without a condition.

    None where a question stays open, an empty list where there is no model. The candidates are one model's
    literals; a question is whether any of them can be false.
    """
    sound = answer = ask(assumptions)
    if answer.values is None:
        return (None if answer.status is Status.UNKNOWN else []), answer
    values, assumed = answer.values, set(assumptions)
    left = [variable if values[variable - 1] else -variable for variable in variables]
    sure = [literal for literal in left if literal in assumed]
    left = [literal for literal in left if literal not in assumed]
    while left:
        switch = solver.fresh()
        solver.add_inside([*(-literal for literal in left), -switch])
        answer = ask([*assumptions, switch])
        solver.retire(switch)
        if answer.status is Status.UNKNOWN:
            return None, answer
        if answer.values is None:
            return [*sure, *left], sound
        sound, values = answer, answer.values
        left = [literal for literal in left if values[abs(literal) - 1] == (literal > 0)]
    return sure, sound
