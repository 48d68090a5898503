"""The kernels of encodings beside their slow twins, call by call, with budgets of all sizes."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.encodings import parity_pieces as pieces
from tests.encodings.gf2.test_decoding import Words, codes
from tests.encodings.gf2.test_gf2 import PATHS, Rows, systems, xors_of
from tests.encodings.parity_pieces import Piece, planted
from tests.encodings.support.support_cases import random_formula
from tests.encodings.symmetries.test_folding import discrepancy
from tests.encodings.symmetries.test_symmetry import symmetric
from tests.turbosat.strategies import formulas
from tests.twins import clauses as slow_clauses
from tests.twins import colouring as slow_colouring
from tests.twins import folding as slow_folding
from tests.twins import gates as slow_gates
from tests.twins import gf2 as slow_gf2
from tests.twins import gf2_bits as slow_gf2_bits
from tests.twins import gf2_words as slow_gf2_words
from tests.twins import support as slow_support
from tests.twins import symmetry as slow_symmetry
from tests.twins import xor as slow_xor
from tests.twins.compare import twinned
from turbosat.core import clauses, gates, gf2, support, xor
from turbosat.encodings import clause_sets, propagation
from turbosat.encodings.gates import parity as gate_parity
from turbosat.encodings.gates import recovery as gate_recovery
from turbosat.encodings.gf2 import dense as gf2_dense
from turbosat.encodings.gf2 import facts as gf2_facts
from turbosat.encodings.gf2 import reduction as gf2_reduction
from turbosat.encodings.gf2 import sparse as gf2_sparse
from turbosat.encodings.gf2.decoding import Decoder
from turbosat.encodings.gf2.elimination import eliminate
from turbosat.encodings.matrix import encode
from turbosat.encodings.parity_matrix import encode_parities
from turbosat.encodings.support import state as closure_state
from turbosat.encodings.support.compilation import compile_program, compile_recovered
from turbosat.encodings.symmetries import automorphisms as symmetries
from turbosat.encodings.symmetries import folding as partial_symmetries
from turbosat.encodings.xor.recovery import recover
from turbosat.formula.formula import Formula

relaxed = settings(max_examples=25, deadline=None)
efforts = st.sampled_from([10**6, 200, 30, 5, 1])

PAIRS = (
    (clauses, slow_clauses, slow_colouring, slow_symmetry, slow_folding),
    (xor, slow_xor),
    (gates, slow_gates),
    (gf2, slow_gf2, slow_gf2_bits, slow_gf2_words),
    (support, slow_support),
)


@contextlib.contextmanager
def compared(effort: int) -> Iterator[None]:
    """Compare all kernels with their twins while they run on budgets of `effort`."""
    wheres = (propagation, clause_sets, symmetries, gate_recovery, gate_parity, closure_state)
    blocks = (gate_recovery, gate_parity)
    slices = (gf2_sparse, gf2_dense, gf2_reduction, gf2_facts)
    with twinned(
        *PAIRS,
        EFFORT=(wheres, effort),
        BLOCK=(blocks, max(4, effort)),
        SLICE=(slices, effort),
        WIDE=((gf2_dense,), effort),
    ):
        yield


@st.composite
def clauses_of(draw: st.DrawFn) -> Formula:
    """Clauses with repeated literals and tautologies, few or many for their variables, and XORs."""
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    variables = draw(st.integers(1, 20))

    def rows(number: int, longest: int) -> list[list[int]]:
        sizes = dice.integers(draw(st.sampled_from([0, 1, 1, 2, 2])), longest + 1, number)
        return [
            (dice.integers(1, variables + 1, size) * dice.choice([1, -1], size)).tolist() for size in sizes
        ]

    number = draw(st.integers(0, 4 * variables))
    return Formula.from_clauses(rows(number, draw(st.integers(2, 5))), variables, rows(variables // 4, 5))


@settings(relaxed, max_examples=40)
@given(st.one_of(formulas(), clauses_of()), efforts, st.data())
def test_clauses(formula: Formula, effort: int, data: st.DataObject) -> None:
    literal = st.integers(1, max(1, formula.variables)).flatmap(lambda v: st.sampled_from([v, -v]))
    assumed = data.draw(st.lists(literal, max_size=3)) if formula.variables else []
    with compared(effort):
        for pure in (False, True):
            encode(formula, np.array(assumed, np.int32), pure=pure)
        encode_parities(formula, None, np.array(assumed, np.int32))


@relaxed
@given(formulas(), efforts, st.integers(2, 12))
def test_recovery_of_random_formulas(formula: Formula, effort: int, longest: int) -> None:
    with compared(effort):
        recover(formula, longest=longest)


MAKERS = (*pieces.PIECES, pieces.near_miss, pieces.cycle, pieces.unit, pieces.idle_input)


@relaxed
@given(planted(makers=MAKERS), efforts)
def test_recovery(case: tuple[Formula, Piece], effort: int) -> None:
    with compared(effort):
        recover(case[0])


@relaxed
@given(st.integers(0, 2**32), efforts)
def test_derivations(seed: int, effort: int) -> None:
    formula = random_formula(np.random.default_rng(seed))
    with compared(effort):
        recovered = recover(formula)
        found = eliminate(recovered.xors, formula.variables)
        compile_program(formula)
        compile_recovered(formula, recovered, found)


@pytest.mark.parametrize("path", PATHS)
@settings(relaxed, max_examples=40)
@given(systems(), efforts, st.booleans())
def test_elimination(path: str, case: tuple[int, Rows], effort: int, near: bool) -> None:
    variables, rows = case
    with pytest.MonkeyPatch.context() as patch, compared(effort):
        if near:
            patch.setattr(gf2_facts, "ALL_TRIPLES", 0)
        eliminate(xors_of(rows), variables, limits=PATHS[path])


@relaxed
@given(codes(), st.integers(0, 9), st.sampled_from([1, 100, 1000]))
def test_light_words(code: Words, seed: int, effort: int) -> None:
    with compared(effort):
        decoder = Decoder(*code, seed)
        for _ in range(3):
            decoder.search(effort)


@relaxed
@given(
    st.one_of(symmetric(), formulas(xors=False), clauses_of(), st.integers(3, 9).map(discrepancy)),
    st.integers(0, 100),
    st.sampled_from([10**6, 100, 10]),
)
def test_partial_symmetries(formula: Formula, seed: int, read: int) -> None:
    found = symmetries.Symmetry(formula)
    assume(found.variables)
    patch = pytest.MonkeyPatch()
    with compared(10**6), patch.context():
        patch.setattr(partial_symmetries, "NEAR", read)
        patch.setattr(partial_symmetries, "TIMES", min(20, read // 20))
        patch.setattr(partial_symmetries, "LEAST", 0.0)
        search = partial_symmetries.PartialSymmetries(found, seed)
        search.search(20 * partial_symmetries.CALL)
        dice = np.random.default_rng(seed)
        for source, image in dice.integers(0, 2 * found.variables, (10, 2)).tolist():
            grown = search.grow(source, image, read)
            partial_symmetries.fold(grown.sources, grown.images, found.variables)


@settings(relaxed, max_examples=100)
@given(
    st.one_of(symmetric(), formulas(xors=False), clauses_of()),
    efforts,
    st.sampled_from([10**6, 300, 50]),
    st.integers(0, 3),
    st.sampled_from([(1 << 14, 1 << 10), (2, 1 << 10), (1 << 14, 5)]),
    st.data(),
)
def test_symmetries(
    formula: Formula,
    effort: int,
    search: int,
    tries: int,
    rooms: tuple[int, int],
    data: st.DataObject,
) -> None:
    most, room = rooms
    with compared(effort), pytest.MonkeyPatch.context() as patch:
        patch.setattr(symmetries, "MOST", most)
        patch.setattr(symmetries, "ROOM", room)
        found = symmetries.Symmetry(formula)
        found.coloured()
        if not found.variables:
            return
        generators, _ = found.generators(search, tries)
        assert len(generators) <= most
        codes = st.integers(-1, 2 * found.variables)
        for _ in range(3):
            sources = data.draw(st.lists(codes, max_size=4))
            images = data.draw(
                st.permutations(sources) | st.lists(codes, min_size=len(sources), max_size=len(sources))
            )
            found.keeps(symmetries.Permutation(np.array(sources, np.int32), np.array(images, np.int32)))
        for each in generators:
            assert found.keeps(each)
