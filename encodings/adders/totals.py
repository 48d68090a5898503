"""Sums of literals by their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from turbosat.encodings.adders.rebuilt import Step


class Total(NamedTuple):
    """2^c for each input (c, literal code), and `constant`, sum to 2^c for each output, modulo 2^width.

    No column has two outputs. Of some variables all clauses are the adders' own: the sum does without these,
    and `steps` compute them from the others, one after the other.
    """

    inputs: list[tuple[int, int]]
    outputs: dict[int, int]  # by column
    constant: int
    width: int
    steps: list[Step]
    adders: int  # full and half ones


def digits(factors: dict[int, int], constant: int, width: int) -> tuple[list[tuple[int, int]], int]:
    """Write factors of variables as few powers of two, of literals, and the constant that is left then."""
    inputs = []
    modulus = 1 << width
    for variable, factor in factors.items():
        left = (factor + modulus // 2) % modulus - modulus // 2
        while left:
            column = (left & -left).bit_length() - 1
            last = column == width - 1  # where 1 and -1 are the same
            negative = not last and left >> column & 2 != 0
            inputs.append((column, 2 * variable + negative))
            constant -= negative << column  # -v is (not v) - 1
            left = 0 if last else left + ((2 * negative - 1) << column)
    return sorted(inputs), constant % modulus
