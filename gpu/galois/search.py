"""The finite-field search on a formula: lanes that read clauses and XORs as one constraint each."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.parity_matrix import ParityMatrix, encode_parities
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.gpu.search import GradientSearch


class GaloisSearch(GradientSearch):
    """Bit-packed descent on clauses and native XORs, in slices; otherwise what GradientSearch is.

    `recovered` XORs must follow from the formula's clauses; clauses that only spell one out are not read.
    """

    matrix: ParityMatrix

    def __init__(
        self,
        formula: Formula,
        recovered: Xors | None = None,
        *,
        lanes: int | None = None,
        seed: int = 0,
        workers: int = 1,
        device: str = "auto",
        start: NDArray[np.bool_] | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`start` bool (variables,) or (k, variables) are assignments to begin with.

        Raises UsageError for an unknown device, UnsupportedError for one that cannot be had.
        """
        self.recovered = Xors.empty() if recovered is None else recovered
        super().__init__(
            formula,
            lanes=lanes,
            seed=seed,
            workers=workers,
            device=device,
            optimizer="galois",
            start=start,
            check=check,
        )

    def statistics(self) -> dict[str, Any]:
        """Return all figures, for people and for JSON."""
        return {**super().statistics(), "mode": "clauses", "xors": self.matrix.xors}

    def _encode(self) -> ParityMatrix:
        return encode_parities(self.formula, self.recovered, self.frozen)
