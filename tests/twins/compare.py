"""Kernels run beside their slow twins: each call is made on copies too, and every array must be the same."""

import contextlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np

from turbosat.core.border import Call, Record


def _copied(arguments: tuple[Any, ...]) -> list[Any]:
    """Copy arrays and records; arrays that are the same stay the same."""
    copies: dict[int, Any] = {}

    def copy(argument: Any) -> Any:
        if isinstance(argument, Record):
            return type(argument)(**{name: copy(array) for name, array in _arrays("", argument)})
        if not isinstance(argument, np.ndarray):
            return argument
        return copies.setdefault(id(argument), argument.copy())

    return [copy(argument) for argument in arguments]


def _arrays(name: str, argument: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(argument, Record):
        for field in argument.declared()[0]:
            yield f"{name}{field}", getattr(argument, field)
    elif isinstance(argument, np.ndarray):
        yield name, argument


def beside(kernel: Call, twin: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls a kernel and its twin, and compares what they return and write."""

    def call(*arguments: Any) -> Any:
        copies = _copied(arguments)
        result = kernel(*arguments)
        assert result == twin(*copies), kernel.__name__
        for name, argument, copy in zip(kernel.signature.parameters, arguments, copies, strict=True):
            for (where, array), (_, expected) in zip(
                _arrays(f"{name}.", argument), _arrays(f"{name}.", copy), strict=True
            ):
                assert np.array_equal(array, expected), f"{kernel.__name__}: {where}"
        return result

    return call


@contextlib.contextmanager
def twinned(
    *pairs: tuple[ModuleType, ...], **constants: tuple[tuple[ModuleType, ...], int]
) -> Iterator[None]:
    """Let all kernels of declaring modules run beside the functions of the same names in modules of
    twins, the first that has one.

    `constants` replace, for the time, numbers of these names in modules: budgets and block sizes.
    """
    with contextlib.ExitStack() as stack:
        for declaring, *twins in pairs:
            for name, kernel in list(vars(declaring).items()):
                if isinstance(kernel, Call):
                    twin = next(getattr(each, name) for each in twins if hasattr(each, name))
                    stack.enter_context(patch.object(declaring, name, beside(kernel, twin)))
        for name, (modules, value) in constants.items():
            for module in modules:
                stack.enter_context(patch.object(module, name, value))
        yield
