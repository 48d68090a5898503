"""TurboSAT's layer in torch: CNF as a binarized matrix product with a differentiable score, on any device.

    A_real (V, N) ──binarise──► A (2V, N) ──P·A──► R (C, N) ──soft minimum over clauses──► S (N,)    loss −ΣS

Column i of A is a candidate: A[2v] is the value of variable v, A[2v + 1] that of its negation. R counts the
true literals of each clause, so a clause is satisfied where R ≥ 1 (arXiv 2511.07737, section 3). The paper
leaves temperature, optimiser and initial values open; what is here is a reading of it, for reference.

At a vertex, the exact gradient of the number of false clauses is make − break: `exact_gradient` shows that it
is what the kernels compute in integers.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix


def clause_matrix(matrix: Matrix, device: torch.device, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Return P as a sparse tensor (clauses, 2 · variables)."""
    rows = np.repeat(np.arange(matrix.clauses), np.diff(matrix.offsets))
    at = torch.from_numpy(np.stack([rows, matrix.literals.astype(np.int64)]))
    ones = torch.ones(matrix.entries, dtype=dtype)
    size = (matrix.clauses, 2 * matrix.variables)
    with torch.sparse.check_sparse_tensor_invariants(enable=False):  # type: ignore[no-untyped-call]
        return torch.sparse_coo_tensor(at, ones, size).coalesce().to(device)


def literal_values(values: torch.Tensor) -> torch.Tensor:
    """Return A from the values of variables: (V, N) -> (2V, N), each value followed by its complement."""
    return torch.stack([values, 1 - values], dim=1).flatten(0, 1)


class Binarise(torch.autograd.Function):
    """A_real -> {0, 1} by its sign; the gradient goes straight through (Bengio and others, 2013)."""

    @staticmethod
    def forward(ctx: Any, real: torch.Tensor) -> torch.Tensor:
        """Return 1 where real > 0."""
        return (real > 0).to(real.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        """Pass the gradient on."""
        return gradients[0]


class CountTrue(torch.autograd.Function):
    """R = P·A, with the gradient Pᵀ·(gradient of R)."""

    @staticmethod
    def forward(ctx: Any, literals: torch.Tensor, clauses: torch.Tensor) -> torch.Tensor:
        """Return the true literals of each clause: (C, 2V) · (2V, N) = (C, N)."""
        ctx.save_for_backward(clauses)
        counts: torch.Tensor = torch.sparse.mm(clauses, literals)
        return counts

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Return the gradient along literals: (2V, C) · (C, N) = (2V, N)."""
        (clauses,) = ctx.saved_tensors
        return torch.sparse.mm(clauses.t(), gradients[0]), None


def soft_minimum(counts: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return −τ log Σ_c exp(−R_c / τ) for each candidate: (C, N) -> (N,); τ → 0 gives the minimum."""
    return -temperature * torch.logsumexp(-counts / temperature, dim=0)


class SatLayer(torch.nn.Module):
    """N candidates over one matrix; its only parameter is A_real (variables, N)."""

    def __init__(
        self, matrix: Matrix, candidates: int, *, temperature: float = 1.0, device: torch.device | str = "cpu"
    ) -> None:
        super().__init__()
        where = torch.device(device)
        self.temperature = temperature
        self.real = torch.nn.Parameter(torch.zeros(matrix.variables, candidates, device=where))
        self.register_buffer("clauses", clause_matrix(matrix, where), persistent=False)

    def counts(self) -> torch.Tensor:
        """Return R of the binarised candidates, (C, N)."""
        literals = literal_values(Binarise.apply(self.real))  # type: ignore[no-untyped-call] # torch's apply
        result: torch.Tensor = CountTrue.apply(literals, self.clauses)  # type: ignore[no-untyped-call]
        return result

    def forward(self, counts: torch.Tensor) -> torch.Tensor:
        """Return the loss −ΣS of counts (C, N)."""
        return -soft_minimum(counts, self.temperature).sum()

    def values(self) -> torch.Tensor:
        """Return the candidates, bool (variables, N)."""
        return self.real.detach() > 0


class FalseClauses(torch.autograd.Function):
    """How false each clause is, Π_{l in c} (1 − l), the multilinear extension of [c is false]."""

    @staticmethod
    def forward(
        ctx: Any, literals: torch.Tensor, entries: torch.Tensor, rows: torch.Tensor, size: int
    ) -> torch.Tensor:
        """Return the products: A (2V, N) -> (C, N); entry e is literal entries[e] of clause rows[e]."""
        factors = 1 - literals[entries]  # (entries, N)
        zero = factors == 0
        at = rows[:, None].expand_as(factors)
        shape = size, factors.shape[1]
        # The product over the others: no division where a factor is 0, which at a vertex most are.
        zeros = torch.zeros(shape, dtype=torch.int64, device=factors.device).scatter_add_(0, at, zero.long())
        rest = factors.new_ones(shape).scatter_reduce_(0, at, factors.masked_fill(zero, 1), "prod")
        ctx.save_for_backward(factors, zero, zeros, rest, entries, rows)
        ctx.literals = literals.shape[0]
        return torch.where(zeros == 0, rest, 0)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        """Return −Σ_c g_c Π_{others} (1 − l) along each literal."""
        factors, zero, zeros, rest, entries, rows = ctx.saved_tensors
        others_zero = zeros[rows] - zero.long()
        others = torch.where(zero, rest[rows], rest[rows] / factors.masked_fill(zero, 1))
        others = torch.where(others_zero == 0, others, 0)  # (entries, N)
        result = factors.new_zeros(ctx.literals, factors.shape[1])
        return result.index_add_(0, entries, -gradients[0][rows] * others), None, None, None


def false_weight(matrix: Matrix, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return Σ_c w_c Π_{l in c} (1 − l): values (V, N) in [0, 1], weights (C, N) -> (N,)."""
    entries = torch.from_numpy(matrix.literals.astype(np.int64)).to(values.device)
    rows = torch.from_numpy(np.repeat(np.arange(matrix.clauses), np.diff(matrix.offsets))).to(values.device)
    literals = literal_values(values)
    false = FalseClauses.apply(literals, entries, rows, matrix.clauses)  # type: ignore[no-untyped-call]
    result: torch.Tensor = (false * weights).sum(0)
    return result


def exact_gradient(
    matrix: Matrix, values: NDArray[np.bool_], weights: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return make − break by autograd for values bool (V, N) and weights (C, N): int64 (V, N).

    The derivative of false_weight at a vertex, with the sign of the flip: what Matrix.margins counts.
    Sums of integers in float64 are exact below 2^53.
    """
    at = torch.from_numpy(values).double().requires_grad_()
    false_weight(matrix, at, torch.from_numpy(weights).double()).sum().backward()  # type: ignore[no-untyped-call] # torch's
    assert at.grad is not None
    margins: NDArray[np.int64] = (at.grad * (2 * at.detach() - 1)).long().numpy()
    return margins
