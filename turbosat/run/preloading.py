"""What children will need, loaded before they are started: a copy of this process has it, then.

Module by module, so that an answer need not wait long.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module

from turbosat.cdcl.process.fork import possible

_ALL = "turbosat.cdcl.process.python_child", "numpy.random"
# numpy.unique loads masked arrays.
ALGEBRA = *_ALL, "numpy.ma", "turbosat.lanes.algebra_worker"
SWEEPING = *_ALL, "numpy.ma", "turbosat.lanes.sweeping_worker"
SYMMETRY = *_ALL, "numpy.ma", "turbosat.lanes.symmetry_worker"
DESCENT = *_ALL, "turbosat.gpu.search", "turbosat.lanes.gradient_worker", "turbosat.gpu.gradient.cpu"


def load_next(modules: Iterable[str]) -> bool:
    """Load the first of these that is not there yet; False where that is none, or of no use to children."""
    missing = next((name for name in modules if name not in sys.modules), None)
    if missing is None or not possible():
        return False
    import_module(missing)
    return True
