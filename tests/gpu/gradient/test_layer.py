import numpy as np
import pytest
import torch

from tests.gpu.matrices import random_matrix
from turbosat.gpu.gradient.layer import (
    Binarise,
    CountTrue,
    FalseClauses,
    SatLayer,
    clause_matrix,
    exact_gradient,
    false_weight,
    literal_values,
    soft_minimum,
)

SHAPES = [(5, 123, (2, 3, 4, 5)), (67, 40, (9, 2, 60, 1, 5)), (17, 1, (6,))]


@pytest.mark.parametrize(("variables", "clauses", "lengths"), SHAPES)
def test_counts_are_the_matrix_product(variables: int, clauses: int, lengths: tuple[int, ...]) -> None:
    matrix = random_matrix(1, variables, clauses, lengths)
    layer = SatLayer(matrix, 7)
    with torch.no_grad():
        layer.real.copy_(torch.randn_like(layer.real, generator=None))
    counts = layer.counts()
    dense = clause_matrix(matrix, torch.device("cpu")).to_dense()  # (C, 2V)
    assert torch.equal(counts, dense @ literal_values(layer.values().float()))
    for i in range(7):
        assert np.array_equal(counts[:, i].detach().numpy(), matrix.counts(layer.values()[:, i].numpy()))


@pytest.mark.parametrize(("variables", "clauses", "lengths"), SHAPES)
def test_gradient_at_a_vertex_is_make_minus_break(
    variables: int, clauses: int, lengths: tuple[int, ...]
) -> None:
    matrix = random_matrix(2, variables, clauses, lengths)
    random = np.random.default_rng(3)
    values = random.random((matrix.variables, 9)) < 0.5
    weights = random.integers(1, 2**20, (matrix.clauses, 9)).astype(np.int32)
    gradient = exact_gradient(matrix, values, weights)
    for i in range(9):
        expected = matrix.margins(values[:, i].copy(), weights[:, i].copy())
        assert np.array_equal(gradient[:, i], expected)


def test_false_weight_at_a_vertex_counts_false_clauses() -> None:
    matrix = random_matrix(4, 11, 60, (2, 3, 7))
    values = np.random.default_rng(5).random((matrix.variables, 4)) < 0.5
    ones = torch.ones(matrix.clauses, 4, dtype=torch.float64)
    weight = false_weight(matrix, torch.from_numpy(values).double(), ones)
    assert weight.tolist() == [(matrix.counts(values[:, i]) == 0).sum() for i in range(4)]


@pytest.mark.parametrize("corner", [False, True])
def test_gradients_against_finite_differences(corner: bool) -> None:
    matrix = random_matrix(6, 6, 12, (2, 3, 5))
    entries = torch.from_numpy(matrix.literals.astype(np.int64))
    rows = torch.from_numpy(np.repeat(np.arange(matrix.clauses), np.diff(matrix.offsets)))
    literals = torch.rand(2 * matrix.variables, 3, dtype=torch.float64)
    if corner:  # the extension is linear along each literal, also at a vertex
        literals = literals.round()
    literals.requires_grad_()

    def false(a: torch.Tensor) -> torch.Tensor:
        size = matrix.clauses
        result: torch.Tensor = FalseClauses.apply(a, entries, rows, size)  # type: ignore[no-untyped-call]
        return result

    assert torch.autograd.gradcheck(false, (literals,))
    clauses = clause_matrix(matrix, torch.device("cpu"), torch.float64)

    def count(a: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = CountTrue.apply(a, clauses)  # type: ignore[no-untyped-call]
        return result

    assert torch.autograd.gradcheck(count, (literals,))


def test_soft_minimum_approaches_the_minimum() -> None:
    counts = torch.tensor([[0.0, 2.0], [3.0, 1.0], [1.0, 4.0]])
    assert soft_minimum(counts, 0.01).tolist() == pytest.approx([0, 1])
    assert (soft_minimum(counts, 1.0) < torch.tensor([0.0, 1.0])).all()


def test_straight_through() -> None:
    real = torch.tensor([-2.0, -0.1, 0.3], requires_grad=True)
    binary = Binarise.apply(real)  # type: ignore[no-untyped-call]
    assert binary.tolist() == [0, 0, 1]
    (binary * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert real.grad is not None
    assert real.grad.tolist() == [1, 2, 3]


def test_loss_pulls_towards_satisfying_a_false_clause() -> None:
    matrix = random_matrix(7, 3, 1, (3,))
    layer = SatLayer(matrix, 1)
    signs = 1 - 2 * (matrix.literals & 1).astype(np.float32)
    with torch.no_grad():
        layer.real[torch.from_numpy(matrix.literals >> 1).long(), 0] = -torch.from_numpy(signs)
    layer(layer.counts()).backward()
    assert layer.real.grad is not None
    downhill = -layer.real.grad[torch.from_numpy(matrix.literals >> 1).long(), 0]
    assert (downhill * torch.from_numpy(signs) > 0).all()
