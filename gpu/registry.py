"""The devices a gradient search can run on, and the choice among them."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from turbosat.encodings.matrix import Matrix
from turbosat.errors import DeviceError, UnsupportedError, UsageError
from turbosat.gpu.backend import Population
from turbosat.gpu.bandit import Optimizer
from turbosat.gpu.rules import Rule


@dataclass(frozen=True, slots=True)
class Backend:
    """One kind of population.

    Its module, imported only when asked for, has `missing(matrix) -> str | None`, which says in a few words
    why it cannot run here, and a Population class of the name `population`.
    """

    name: str
    module_path: str
    population: str
    chosen: bool = True  # whether "auto" may choose it; else it runs where it is asked for

    def missing(self, matrix: Matrix) -> str | None:
        """Return why this backend cannot run here, None if it can."""
        reason: str | None = importlib.import_module(self.module_path).missing(matrix)
        return reason

    def create(self, matrix: Matrix, lanes: int, seed: int, workers: int = 1) -> Population:
        """Build a population; `missing` must have returned None. UnsupportedError if the device fails."""
        kind: type[Population] = getattr(importlib.import_module(self.module_path), self.population)
        with self._usable():
            return kind(matrix, lanes, seed, workers)

    def lanes(self, matrix: Matrix, rules: Sequence[Rule], workers: int) -> int:
        """Return how many lanes suit the device, the matrix and the rules."""
        kind: type[Population] = getattr(importlib.import_module(self.module_path), self.population)
        with self._usable():
            return kind.suitable_lanes(matrix, rules, workers)

    @property
    def follows(self) -> tuple[type[Rule], ...]:
        """The kinds of rules that its populations follow."""
        kind: type[Population] = getattr(importlib.import_module(self.module_path), self.population)
        return kind.follows

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """Turn what a device refuses into the reason why it cannot be used."""
        try:
            yield
        except DeviceError as error:
            raise UnsupportedError(f"device {self.name} cannot be used: {error}") from None


# In the order of automatic choice: those that follow rules, the paper's optimiser, those that read XORs.
_BACKENDS = (
    Backend("cuda", "turbosat.gpu.cuda.population", "CudaPopulation"),
    Backend("cpu", "turbosat.gpu.gradient.cpu", "CpuPopulation"),
    Backend("teams", "turbosat.gpu.gradient.team_population", "TeamPopulation", chosen=False),
)
_STE_BACKENDS = (
    Backend("cuda", "turbosat.gpu.gradient.ste_cuda", "CudaStePopulation"),
    Backend("cpu", "turbosat.gpu.gradient.ste", "StePopulation"),
)
_GALOIS_BACKENDS = (
    Backend("cuda", "turbosat.gpu.cuda.population", "CudaGaloisPopulation"),
    Backend("cpu", "turbosat.gpu.galois.cpu", "GaloisPopulation"),
)
_FAMILIES = {"ste": _STE_BACKENDS, "galois": _GALOIS_BACKENDS}


def backends(optimizer: Optimizer = "auto") -> tuple[Backend, ...]:
    """Return the backends that can run an optimizer, in the order of automatic choice."""
    return _FAMILIES.get(optimizer, _BACKENDS)


def choose(device: str, matrix: Matrix, optimizer: Optimizer = "auto") -> tuple[Backend, str | None]:
    """Return the backend for a device and, where "auto" passed over a better one, a comment that says why.

    An explicit device that cannot be used raises UnsupportedError, an unknown one UsageError.
    """
    candidates = backends(optimizer)
    known = ", ".join(backend.name for backend in candidates)
    if device == "auto":
        comment = None
        for backend in candidates:
            if not backend.chosen:
                continue
            reason = backend.missing(matrix)
            if reason is None:
                return backend, comment
            comment = comment or f"no {backend.name}: {reason}"
        raise UnsupportedError(f"no device can run this formula ({comment}); known: {known}")
    for backend in candidates:
        if backend.name == device:
            reason = backend.missing(matrix)
            if reason is not None:
                raise UnsupportedError(f"device {device} cannot be used: {reason}; known: {known}")
            return backend, None
    raise UsageError(f"this search runs on no device {device!r}; known: auto, {known}")
