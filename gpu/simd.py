"""Blocks of lanes as machine vectors inside numba kernels: one instruction for WIDTH words of 32 lanes.

A block is a vector of WIDTH uint32. `&`, `|`, `^`, `~`, `+` and `*` work on it word by word; arithmetic
wraps. Arrays hold one block a row, uint32 (rows, WIDTH), contiguous. Numba has no such type of its own, and
does not turn loops over eight or sixteen words into vector instructions.
"""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Numba reads these functions itself.

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

WIDTH = 16  # words of a block: a register of AVX-512, two of AVX2
LANES = 32 * WIDTH
_WORD = ir.IntType(32)
_VECTOR = ir.VectorType(_WORD, WIDTH)


def _primitive(function: Callable[..., Any]) -> Any:
    """Turn a function that types a call and returns its code into something kernels can call."""
    return intrinsic(function)


class BlockType(types.Type):
    """The numba type of a block."""

    def __init__(self) -> None:
        super().__init__(name=f"block{WIDTH}")


block = BlockType()


@register_model(BlockType)
class _BlockModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, _VECTOR)


def _operator(function, instruction: str) -> None:
    """Let an operator of two blocks be one instruction."""

    @type_callable(function)
    def typing(context):
        def typer(left, right):
            return block if left == right == block else None

        return typer

    @lower_builtin(function, block, block)
    def lower(context, builder, signature, arguments):
        return getattr(builder, instruction)(*arguments)


for _function, _instruction in (
    (operator.and_, "and_"),
    (operator.or_, "or_"),
    (operator.xor, "xor"),
    (operator.add, "add"),
    (operator.mul, "mul"),
):
    _operator(_function, _instruction)


@type_callable(operator.invert)
def _typing(context):
    def typer(value):
        return block if value == block else None

    return typer


@lower_builtin(operator.invert, block)
def _lower(context, builder, signature, arguments):
    return builder.not_(arguments[0])


def _pointer(context, builder, signature, arguments):
    """Return a pointer to a row of an array."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    row = context.cast(builder, arguments[1], signature.args[1], types.int64)
    first = builder.mul(row, ir.Constant(ir.IntType(64), WIDTH))
    return builder.bitcast(builder.gep(array.data, [first]), _VECTOR.as_pointer())


def _spread(context, builder, kind, number):
    """Return a block of equal words."""
    word = context.cast(builder, number, kind, types.uint32)
    start = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), word, ir.Constant(_WORD, 0))
    return builder.shuffle_vector(start, start, ir.Constant(_VECTOR, [0] * WIDTH))


@_primitive
def load(typing, array, row):
    """Return a row of an array."""

    def code(context, builder, signature, arguments):
        return builder.load(_pointer(context, builder, signature, arguments), align=4)

    return block(array, row), code


@_primitive
def store(typing, array, row, value):
    """Write a row of an array."""

    def code(context, builder, signature, arguments):
        builder.store(arguments[2], _pointer(context, builder, signature, arguments), align=4)
        return context.get_dummy_value()

    return types.void(array, row, value), code


@_primitive
def splat(typing, number):
    """Return a block of equal words."""

    def code(context, builder, signature, arguments):
        return _spread(context, builder, signature.args[0], arguments[0])

    return block(number), code


@_primitive
def count_up(typing):
    """Return the words 0, 1, 2, ..."""

    def code(context, builder, signature, arguments):
        return ir.Constant(_VECTOR, list(range(WIDTH)))

    return block(), code


@_primitive
def shift_right(typing, value, bits):
    """Shift each word right by a number of bits, zeros coming in."""

    def code(context, builder, signature, arguments):
        return builder.lshr(arguments[0], _spread(context, builder, signature.args[1], arguments[1]))

    return block(value, bits), code


@_primitive
def some(typing, value):
    """Tell whether any lane is set."""

    def code(context, builder, signature, arguments):
        whole = ir.IntType(LANES)
        return builder.icmp_unsigned("!=", builder.bitcast(arguments[0], whole), ir.Constant(whole, 0))

    return types.boolean(value), code
