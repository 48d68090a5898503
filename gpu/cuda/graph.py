"""A round of kernel launches, recorded once and replayed where the device can."""

from collections.abc import Callable

import torch


class Round:
    """Calls `launch`, which must only enqueue work on tensors that stay where they are.

    On a CUDA device the launches are recorded as a graph, so that a round of a hundred costs one. Building a
    Round there runs `launch` once before, which compiles the kernels: build it while that does no harm.
    """

    def __init__(self, launch: Callable[[], None], device: torch.device) -> None:
        self._launch = launch
        self._graph: torch.cuda.CUDAGraph | None = None
        if device.type == "cuda":
            launch()
            torch.cuda.synchronize(device)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                launch()

    def __call__(self) -> None:
        """Run the round."""
        if self._graph is None:
            self._launch()
        else:
            self._graph.replay()
