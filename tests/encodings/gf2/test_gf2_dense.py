"""The bit matrix: reduced form against slow elimination, and the same words on a torch device."""

import numpy as np
import pytest
from numpy.typing import NDArray

from turbosat.core import gf2 as kernels
from turbosat.encodings.gf2 import dense as gf2_dense
from turbosat.encodings.gf2 import device as gf2_torch
from turbosat.encodings.gf2 import reduction as gf2_reduction
from turbosat.encodings.gf2.dense import HostBits, Reduced


def random_matrix(seed: int, rows: int, columns: int, rank: int) -> NDArray[np.bool_]:
    """Rows of `columns` bits and a parity, of at most that rank."""
    dice = np.random.default_rng(seed)
    product = dice.integers(0, 2, (rows, rank)) @ dice.integers(0, 2, (rank, columns + 1)) % 2
    return product.astype(np.bool_)


def packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    padded = np.zeros((bits.shape[0], -(-bits.shape[1] // 64) * 64), np.bool_)
    padded[:, : bits.shape[1]] = bits
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def unpacked(words: NDArray[np.uint64], columns: int) -> NDArray[np.bool_]:
    flat = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(flat, axis=1, bitorder="little")[:, :columns].astype(np.bool_)


def reduced_slowly(bits: NDArray[np.bool_], columns: int) -> tuple[NDArray[np.bool_], list[int]]:
    """Return the reduced rows in order of their pivots, and the pivots."""
    rows = bits.copy()
    pivots: list[int] = []
    for column in range(columns):
        candidates = np.flatnonzero(rows[len(pivots) :, column]) + len(pivots)
        if candidates.size:
            place = len(pivots)
            rows[[place, candidates[0]]] = rows[[candidates[0], place]]
            others = rows[:, column].copy()
            others[place] = False
            rows[others] ^= rows[place]
            pivots.append(column)
    return rows[: len(pivots)], pivots


SHAPES = [(1, 1, 1), (5, 0, 1), (70, 64, 80), (64, 65, 70), (130, 200, 150), (300, 130, 140), (200, 300, 90)]
SHAPES += [(90, 5000, 90), (257, 256, 300), (40, 63, 20), (150, 127, 127)]


@pytest.mark.parametrize(("rows", "columns", "rank"), SHAPES)
def test_reduced_form(rows: int, columns: int, rank: int) -> None:
    bits = random_matrix(rows + columns, rows, columns, rank)
    expected, pivots = reduced_slowly(bits, columns)
    found = gf2_dense.reduce(HostBits(packed(bits)), columns, lambda: None)
    assert found.columns.tolist() == pivots
    certain = columns if found.false.size else columns + 1  # beside 0 = 1 no parity is certain
    assert np.array_equal(unpacked(found.matrix[found.rows], certain), expected[:, :certain])
    rest = unpacked(np.delete(found.matrix, found.rows, axis=0), columns + 1)
    assert not rest[:, :columns].any()
    assert rest[:, columns].sum() == found.false.size
    check_traces(bits, found, columns)


def check_traces(bits: NDArray[np.bool_], found: Reduced, columns: int) -> None:
    """Check of every row which given rows it is the sum of."""
    for row in range(0, bits.shape[0], 7):
        total = np.logical_xor.reduce(bits[found.inputs(row)], axis=0)
        assert np.array_equal(total, unpacked(found.matrix[row : row + 1], columns + 1)[0])


@pytest.mark.parametrize(("rows", "columns", "rank"), SHAPES)
def test_torch_gives_the_same_words(
    rows: int, columns: int, rank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gf2_torch, "CHUNK", 200)  # several chunks of rows
    bits = random_matrix(rows * columns, rows, columns, rank)
    host = gf2_dense.reduce(HostBits(packed(bits)), columns, lambda: None)
    given = packed(bits)
    other = gf2_dense.reduce(gf2_torch.TorchBits(given, "cpu"), columns, lambda: None)
    assert np.array_equal(host.matrix, other.matrix)
    assert np.array_equal(host.columns, other.columns)
    assert np.array_equal(host.rows, other.rows)
    assert np.array_equal(host.false, other.false)
    check_traces(bits, other, columns)


def test_place_prefers_the_processor_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gf2_reduction, "DEVICE_ROWS", 10)
    monkeypatch.setattr(gf2_torch, "suitable", lambda matrix: False)
    assert isinstance(gf2_reduction.put(np.zeros((100, 2), np.uint64)), HostBits)
    monkeypatch.setattr(gf2_torch, "suitable", lambda matrix: True)
    assert isinstance(gf2_reduction.put(np.zeros((9, 2), np.uint64)), HostBits)


def test_choose_stops_at_a_basis() -> None:
    strip = np.full(200, 5, np.uint64)
    strip[100:] = np.arange(100, dtype=np.uint64)
    used = np.zeros(200, np.bool_)
    used[0] = True
    basis = kernels.Basis(
        used=used,
        chosen=np.empty(64, np.int64),
        words=np.empty(64, np.uint64),
        places=np.empty(64, np.int64),
    )
    count = kernels.choose_rows(strip, basis, 64, 0, 150, 0)
    count = kernels.choose_rows(strip, basis, 64, 150, 200, count)
    assert count == 7
    assert basis.chosen[0] == 1
