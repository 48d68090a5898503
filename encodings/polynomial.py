"""Clause polynomials over GF(2), 64 candidates a word: the finite-field view of the gradient, in numpy.

    clause of literals l1 ... lk     falsity p = (1 + l1) ··· (1 + lk)  over GF(2)
    XOR x1 + ... + xk = b            falsity p = b + x1 + ... + xk
    objective                        E = Σ p  over the integers: one false constraint would make a product
                                     vanish, and its gradient with it
    Boolean difference               ∂p/∂v = p(x) + p(x ⊕ e_v): the product over the other literals;
                                     1 for an XOR
    gradient                         margin_v = Σ p(x) - p(x ⊕ e_v) = Σ p·∂p/∂v - Σ (1 + p)·∂p/∂v,
                                     which is make - break

After GaloisSAT (arXiv 2603.28796), which multiplies over clauses. The matrix view (encodings.matrix) has the
same gradient: both must agree bit for bit. Sums stand in bit planes: plane p holds bit p of every number.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix
from turbosat.encodings.parity_matrix import ParityMatrix

Words = NDArray[np.uint64]
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


def pack(values: NDArray[np.bool_]) -> Words:
    """Turn values bool (candidates, variables) into words (variables, words); candidate 64·w + b is bit b."""
    candidates, variables = values.shape
    padded = np.zeros((variables, -(-candidates // 64) * 64), np.uint8)
    padded[:, :candidates] = values.T
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def unpack(words: Words, candidates: int) -> NDArray[np.bool_]:
    """Turn words (rows, words) into bool (candidates, rows): what pack undoes."""
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), axis=1, count=candidates, bitorder="little")
    return np.ascontiguousarray(bits.T).astype(np.bool_)


@dataclass(frozen=True, slots=True)
class Polynomials:
    """The falsities of a matrix's constraints and their Boolean differences at packed candidates.

    A place is a variable in a constraint: the entries of the clauses, then those of the XOR rows.
    """

    falsity: Words  # (constraints, words)
    differences: Words  # (places, words), of the place's constraint with respect to its variable
    variables: NDArray[np.int32]  # (places,)
    constraints: NDArray[np.int64]  # (places,)

    @classmethod
    def at(cls, matrix: Matrix, values: Words) -> "Polynomials":
        """Evaluate at values (variables, words)."""
        lengths = np.diff(matrix.offsets)
        signs = np.where(matrix.literals & 1 == 1, np.uint64(0), _ONES)  # (entries,), 1 + l = value + sign
        factors = values[matrix.literals >> 1] ^ signs[:, None]  # (entries, words)
        falsity, differences = _products(factors, matrix.offsets)
        variables = matrix.literals >> 1
        if isinstance(matrix, ParityMatrix):
            sums = np.where(matrix.parities, _ONES, np.uint64(0))[:, None].repeat(values.shape[1], axis=1)
            if matrix.xors:
                sums ^= np.bitwise_xor.reduceat(values[matrix.xor_variables], matrix.xor_offsets[:-1], axis=0)
            falsity = np.concatenate([falsity, sums])
            ones = np.full((matrix.xor_variables.size, values.shape[1]), _ONES)
            differences = np.concatenate([differences, ones])
            variables = np.concatenate([variables, matrix.xor_variables])
            lengths = np.concatenate([lengths, np.diff(matrix.xor_offsets)])
        return cls(falsity, differences, variables, np.repeat(np.arange(lengths.size), lengths))

    def energy(self) -> Words:
        """Return the number of false constraints of each candidate in bit planes (planes, 1, words)."""
        return sums(self.falsity, np.zeros(len(self.falsity), np.int32), 1)

    def makes(self, variables: int) -> Words:
        """Return in how many false constraints each variable is, in bit planes (planes, variables, words)."""
        return sums(self.falsity[self.constraints] & self.differences, self.variables, variables)

    def breaks(self, variables: int) -> Words:
        """Return how many true constraints a flip makes false, in bit planes (planes, variables, words)."""
        return sums(~self.falsity[self.constraints] & self.differences, self.variables, variables)

    def margins(self, variables: int, candidates: int) -> NDArray[np.int64]:
        """Return make - break, the gradient with the sign of descent, int64 (candidates, variables)."""
        return numbers(self.makes(variables), candidates) - numbers(self.breaks(variables), candidates)


def sums(terms: Words, rows: NDArray[np.int32], count: int) -> Words:
    """Add terms (terms, words) up by row (terms,), in bit planes (planes, count, words).

    Vertical counters: the first terms of all rows are added at once, then the second, and so on; a carry
    moves to the next plane. The planes suffice for the row with the most terms.
    """
    degrees = np.bincount(rows, minlength=count)  # (count,)
    planes = np.zeros((int(degrees.max(initial=0)).bit_length(), count, terms.shape[1]), np.uint64)
    order = np.argsort(rows, kind="stable")
    starts = np.cumsum(degrees) - degrees
    for turn in range(int(degrees.max(initial=0))):
        here = np.flatnonzero(degrees > turn)
        carry = terms[order[starts[here] + turn]]  # (here, words)
        for plane in planes:
            held = plane[here]
            plane[here] = held ^ carry
            carry = held & carry
    return planes


def numbers(planes: Words, candidates: int) -> NDArray[np.int64]:
    """Turn bit planes (planes, rows, words) into int64 (candidates, rows)."""
    result = np.zeros((candidates, planes.shape[1]), np.int64)
    for power, plane in enumerate(planes):
        result += unpack(plane, candidates).astype(np.int64) << power
    return result


def _products(factors: Words, offsets: NDArray[np.int64]) -> tuple[Words, Words]:
    """Return the product of each row of factors, and for each factor the product of the others of its row.

    The others are those before it times those behind it; both are built place by place, all rows at once.
    """
    lengths = np.diff(offsets)
    before = np.full_like(factors, _ONES)
    behind = np.full_like(factors, _ONES)
    for place in range(1, int(lengths.max(initial=0))):
        long = lengths > place
        at = offsets[:-1][long] + place
        before[at] = before[at - 1] & factors[at - 1]
        at = offsets[1:][long] - 1 - place
        behind[at] = behind[at + 1] & factors[at + 1]
    first = offsets[:-1]
    return behind[first] & factors[first], before & behind
