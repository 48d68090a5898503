"""Questions that take many: models one after the other, smaller cores, the literals that all models share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from turbosat.result import Status

if TYPE_CHECKING:
    from turbosat.solver.base import Base
    from turbosat.solver.query import Answer

Ask = Callable[[list[int]], "Answer"]


def models(
    solver: Base, ask: Ask, assumptions: list[int], projection: list[int] | None
) -> Iterator[list[int]]:
    """Yield models, as values of the projection's variables, or of all the user's; none of them twice.

    What rules out the ones before holds only under a variable of its own, and no more when this ends.
    """
    switch = solver.fresh()
    try:
        while True:
            answer = ask([*assumptions, switch])
            if answer.status is not Status.SATISFIABLE:
                return
            model = solver.outward_model(answer)
            if projection is not None:
                model = [model[variable - 1] for variable in projection]
            solver.add_inside([*solver.inward([-literal for literal in model]), -switch])
            yield model
    finally:
        solver.retire(switch)


def minimised(ask: Ask, core: Iterable[int]) -> tuple[list[int], bool]:
    """Return assumptions of a core, none of which can be left out, and whether that was reached.

    Where a question stays open, its literal is kept: what is returned fails in any case.
    """
    left, kept, whole = list(core), list[int](), True
    while left:
        literal = left.pop()
        answer = ask([*kept, *left])
        if answer.status is Status.UNSATISFIABLE:
            failed = set(answer.failed)
            left = [each for each in left if each in failed]
            kept = [each for each in kept if each in failed]
        else:
            whole &= answer.status is Status.SATISFIABLE
            kept.append(literal)
    return kept, whole


def backbone(solver: Base, ask: Ask, assumptions: list[int], variables: Iterable[int]) -> list[int] | None:
    """Return the literals of some variables that every model has; None where a question stays open.

    The candidates are one model's literals; a question is whether any of them can be false. Raises no error
    where there is no model: then the list is empty, as every literal would do.
    """
    answer = ask(assumptions)
    if answer.status is not Status.SATISFIABLE:
        return None if answer.status is Status.UNKNOWN else []
    values = answer.values
    assert values is not None
    left = [variable if values[variable - 1] else -variable for variable in variables]
    sure = [literal for literal in left if literal in set(assumptions)]
    left = [literal for literal in left if literal not in set(sure)]
    while left:
        switch = solver.fresh()
        solver.add_inside([*(-literal for literal in left), -switch])
        answer = ask([*assumptions, switch])
        solver.retire(switch)
        if answer.status is Status.UNKNOWN:
            return None
        if answer.status is Status.UNSATISFIABLE:
            return sorted([*sure, *left], key=abs)
        values = answer.values
        assert values is not None
        left = [literal for literal in left if values[abs(literal) - 1] == (literal > 0)]
    return sorted(sure, key=abs)
