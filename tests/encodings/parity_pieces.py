"""Strategies for clauses that hold XORs and gates, and for clauses that nearly do."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.encodings.slow_parity import Clause, xor_clauses
from turbosat.formula.formula import Formula

Xor = tuple[tuple[int, ...], bool]
Draw = st.DrawFn


@dataclass
class Piece:
    """Clauses, and XORs that they hold: by sign patterns, or through gates."""

    clauses: list[Clause] = field(default_factory=list)
    direct: list[Xor] = field(default_factory=list)
    composed: list[Xor] = field(default_factory=list)


def conjunction(output: int, *inputs: int) -> list[Clause]:
    return [(output, *(-x for x in inputs)), *((-output, x) for x in inputs)]


def multiplexer(output: int, c: int, t: int, e: int) -> list[Clause]:
    return [(-output, -c, t), (output, -c, -t), (-output, c, e), (output, c, -e)]


def literals_of(draw: Draw, pool: list[int], count: int) -> list[int]:
    """Take `count` distinct variables with signs from a shuffled pool."""
    chosen = [pool.pop() for _ in range(count)]
    return [v * draw(st.sampled_from([1, -1])) for v in chosen]


def xor_of(*literals: int) -> Xor:
    """Return the XOR that says the literals' sum is 0: variables rising and right side."""
    return tuple(sorted(map(abs, literals))), sum(literal < 0 for literal in literals) % 2 == 1


def by_patterns(draw: Draw, pool: list[int]) -> Piece:
    """An XOR as its clauses; perhaps some are shortened, repeated, or hold literals twice."""
    variables = tuple(sorted(map(abs, literals_of(draw, pool, draw(st.integers(1, min(5, len(pool))))))))
    parity = draw(st.booleans())
    clauses = draw(st.permutations(xor_clauses(variables, parity)))
    cut = draw(st.integers(0, max(0, len(clauses) - 1)))  # one stays whole
    shorter = [
        tuple(x for x in clause if draw(st.integers(0, 3))) or clause[:1] for clause in clauses[:cut]
    ] + clauses[cut:]
    again = draw(st.lists(st.sampled_from(shorter), max_size=2))
    return Piece([*shorter, *((*clause, clause[0]) for clause in again)], direct=[(variables, parity)])


def near_miss(draw: Draw, pool: list[int]) -> Piece:
    """An XOR, direct or of gates, with one clause less, longer, or with a sign changed."""
    every = list(pool)
    clauses = list(draw(st.sampled_from(PIECES if len(pool) > 8 else PIECES[:1]))(draw, pool).clauses)
    place = draw(st.integers(0, len(clauses) - 1))
    spoilt = list(clauses.pop(place))
    kind = draw(st.integers(0, 2))
    if kind == 1:
        spoilt[draw(st.integers(0, len(spoilt) - 1))] *= -1
    elif kind == 2:
        spoilt.append(draw(st.sampled_from(every)))
    return Piece(clauses + ([tuple(spoilt)] if kind else []))


def two_minterms(draw: Draw, pool: list[int]) -> Piece:
    """x = a ^ b as an and-inverter graph has it: x = -n & -m, n = a & b, m = -a & -b, in all signs."""
    x, a, b, n, m = literals_of(draw, pool, 5)
    clauses = conjunction(n, a, b) + conjunction(m, -a, -b) + conjunction(x, -n, -m)
    return Piece(clauses, composed=[xor_of(x, a, b)])


def four_nands(draw: Draw, pool: list[int]) -> Piece:
    """x = a ^ b of four conjunctions: n = a & b, p = a & -n, q = b & -n, -x = -p & -q."""
    x, a, b, n, p, q = literals_of(draw, pool, 6)
    gates = conjunction(n, a, b) + conjunction(p, a, -n) + conjunction(q, b, -n) + conjunction(-x, -p, -q)
    return Piece(gates, composed=[xor_of(x, a, b)])


def shared_nand(draw: Draw, pool: list[int]) -> Piece:
    """x = a ^ b of three conjunctions: n = a & b, o = -a & -b and x = -n & -o, behind inverters of a, b."""
    x, a, b, n, o, c, d = literals_of(draw, pool, 7)
    clauses: list[Clause] = [(a, c), (-a, -c), (b, d), (-b, -d)]  # c = -a, d = -b
    clauses += conjunction(n, -c, b) + conjunction(o, c, d) + conjunction(x, -n, -o)
    return Piece(clauses, composed=[xor_of(x, a, b)])


def four_minterms(draw: Draw, pool: list[int]) -> Piece:
    """x = a ^ b ^ c as the disjunction of four products of three."""
    x, a, b, c, *products = literals_of(draw, pool, 8)
    signs = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
    clauses = conjunction(-x, *(-product for product in products))
    for product, (i, j, k) in zip(products, signs, strict=True):
        clauses += conjunction(product, i * a, j * b, k * c)
    return Piece(clauses, composed=[xor_of(x, a, b, c)])


def idle_input(draw: Draw, pool: list[int]) -> Piece:
    """x = a ^ b as the disjunction of products of a, b and a c that does not matter."""
    x, a, b, c, *products = literals_of(draw, pool, 8)
    signs = [(1, -1, 1), (1, -1, -1), (-1, 1, 1), (-1, 1, -1)]
    clauses = conjunction(-x, *(-product for product in products))
    for product, (i, j, k) in zip(products, signs, strict=True):
        clauses += conjunction(product, i * a, j * b, k * c)
    return Piece(clauses)


def adder_sum(draw: Draw, pool: list[int]) -> Piece:
    """x = a ^ b ^ c from the carry: carry = (a ? (b | c) : (b & c)), x = (carry ? a & b & c : a | b | c)."""
    x, a, b, c, carry, both, some, every, none = literals_of(draw, pool, 9)
    clauses = conjunction(both, b, c) + conjunction(-some, -b, -c) + conjunction(every, a, b, c)
    clauses += conjunction(-none, -a, -b, -c)
    clauses += multiplexer(carry, a, some, both) + multiplexer(x, carry, every, none)
    return Piece(clauses, composed=[xor_of(x, a, b, c)])


def multiplexed(draw: Draw, pool: list[int]) -> Piece:
    """x = a ^ b as (a ? d : b), d = -b."""
    x, a, b, d = literals_of(draw, pool, 4)
    clauses = [*multiplexer(x, a, d, b), (b, d), (-b, -d)]
    if draw(st.booleans()):
        clauses += [(-x, d, b), (x, -d, -b)]
    return Piece(clauses, composed=[xor_of(x, a, b)])


def unit(draw: Draw, pool: list[int]) -> Piece:
    """A variable with a fixed value."""
    (literal,) = literals_of(draw, pool, 1)
    return Piece([(literal,)])


def cycle(draw: Draw, pool: list[int]) -> Piece:
    """Gates that define each other."""
    size = draw(st.integers(1, 3))
    nodes, others = literals_of(draw, pool, size), literals_of(draw, pool, 3)
    clauses: list[Clause] = []
    for i, node in enumerate(nodes):
        after = nodes[(i + 1) % size] * draw(st.sampled_from([1, -1]))
        if draw(st.booleans()) or size == 1:
            clauses += conjunction(node, after, draw(st.sampled_from(others)))
        else:
            c, e, _ = draw(st.permutations(others))
            clauses += multiplexer(node, *draw(st.permutations([c, after, e])))
    return Piece(clauses)


Maker = Callable[[Draw, list[int]], Piece]
GATED: list[Maker] = [
    two_minterms, four_nands, shared_nand, four_minterms, adder_sum, multiplexed,
]  # fmt: skip
PIECES: list[Maker] = [by_patterns, *GATED]


@st.composite
def alone(draw: Draw, maker: Maker, variables: int = 9) -> tuple[Formula, Piece]:
    """One piece, clauses shuffled."""
    piece = maker(draw, list(draw(st.permutations(range(1, variables + 1)))))
    return Formula.from_clauses(draw(st.permutations(piece.clauses)), variables), piece


@st.composite
def planted(
    draw: Draw, variables: int = 10, makers: tuple[Maker, ...] = tuple(PIECES)
) -> tuple[Formula, Piece]:
    """A few pieces over shared variables, clauses shuffled: the formula, and what it holds."""
    whole = Piece()
    for maker in draw(st.lists(st.sampled_from(makers), min_size=1, max_size=3)):
        piece = maker(draw, list(draw(st.permutations(range(1, variables + 1)))))
        whole.clauses += piece.clauses
        whole.direct += piece.direct
        whole.composed += piece.composed
    clauses = [draw(st.permutations(clause)) for clause in draw(st.permutations(whole.clauses))]
    return Formula.from_clauses(clauses, variables), whole
