"""What the lanes will need, loaded while lane 0 has its head start: copies of this process have it, then.

Module by module, so that an answer need not wait long.
"""

from __future__ import annotations

from collections import deque
from importlib import import_module

from turbosat.cdcl.process.fork import possible
from turbosat.options import Options

# In the order of the lanes that need them; what takes more than some milliseconds is in pieces.
DESCENT = (
    "turbosat.cdcl.process.python_child",
    "numpy.random",
    "turbosat.gpu.search",
    "turbosat.lanes.gradient_worker",
    "turbosat.gpu.gradient.cpu",
)
ALGEBRA = "turbosat.cdcl.process.python_child", "numpy.random", "turbosat.lanes.algebra_worker"
SWEEPING = "turbosat.cdcl.process.python_child", "numpy.random", "turbosat.lanes.sweeping_worker"


class Preloading:
    """Modules that are still to be loaded, none where lanes load them for themselves."""

    def __init__(self, options: Options) -> None:
        wanted: list[str] = []
        if options["engine"] == "auto" and possible():
            wanted += DESCENT if options["gradient"] else ()
            wanted += ALGEBRA if options["algebra"] else ()
            wanted += SWEEPING if options["sweeping"] else ()
        self._left = deque(wanted)

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return not self._left

    def step(self) -> None:
        """Load the next module."""
        if self._left:
            import_module(self._left.popleft())
