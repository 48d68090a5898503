import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.circuit.circuit_cases import assignments, built, evaluated, value
from turbosat.cdcl.sweeping.parities import equal_parities
from turbosat.cdcl.sweeping.sweep import Sweep
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder

relaxed = settings(max_examples=150, deadline=None)  # the first call loads the kernels


def operands(aig: Aig) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Return the operands (1 + variables, 2), −1 for leaves."""
    return np.concatenate([np.full((aig.first_and, 2), -1, np.int32), aig.ands])


def bracketed(builder: AigBuilder, dice: random.Random, literals: list[int]) -> int:
    """Return the parity of literals, in any order and any tree."""
    level = dice.sample(literals, len(literals))
    while len(level) > 1:
        a, b = (level.pop(dice.randrange(len(level))) for _ in range(2))
        level.append(builder.xor(a, b))
    return level[0]


def parities(seed: int, inputs: int, sums: int, *, twice: bool = True) -> tuple[Aig, list[tuple[int, int]]]:
    """Return a graph, and pairs of literals that are sums of the same inputs, with signs and repetitions."""
    dice, builder = random.Random(seed), AigBuilder()
    leaves = [builder.add_input() for _ in range(inputs)]
    pairs = []
    for _ in range(sums):
        chosen = [x ^ dice.randrange(2) for x in dice.sample(leaves, dice.randint(2, inputs))]
        extra = dice.choice(leaves)
        flipped = [chosen[0] ^ 1, chosen[1] ^ 1, *chosen[2:], *([extra, extra] if twice else [])]
        pairs.append((bracketed(builder, dice, chosen), bracketed(builder, dice, flipped)))
    return builder.build(outputs=[literal for pair in pairs for literal in pair]), pairs


@relaxed
@given(st.one_of(built(), st.integers(0, 2**32).map(lambda seed: parities(seed, 5, 3)[0])))
def test_what_is_found_is_equal(aig: Aig) -> None:
    nodes, equal = equal_parities(operands(aig))
    assert (equal >> 1 < nodes).all()
    for leaves in assignments(aig.inputs):
        values = evaluated(aig, leaves)
        assert all(
            values[node] == value(values, literal)
            for node, literal in zip(nodes.tolist(), equal.tolist(), strict=True)
        )


@relaxed
@given(st.integers(0, 2**32), st.integers(3, 12), st.integers(1, 5))
def test_sums_of_the_same_inputs_are_found_however_they_are_bracketed(
    seed: int, inputs: int, sums: int
) -> None:
    aig, pairs = parities(seed, inputs, sums)
    own = 2 * np.arange(1 + aig.variables)
    nodes, equal = equal_parities(operands(aig))
    own[nodes] = equal
    for a, b in pairs:
        assert own[a >> 1] ^ (a & 1) == own[b >> 1] ^ (b & 1)


def test_a_sweep_needs_no_search_for_wide_sums() -> None:
    aig, pairs = parities(7, 60, 1)
    builder = AigBuilder()
    names = builder.copy(aig, builder.add_inputs(60))
    (a, b), *_ = [[int(names[literal >> 1]) ^ (literal & 1) for literal in pair] for pair in pairs]
    differ = builder.xor(a, b)
    whole = builder.build(outputs=[differ])
    sweep = Sweep(whole, [np.array([differ], np.int32)])
    assert sweep.run()
    assert sweep.refuted
    assert sweep.figures["conflicts"] == 0
