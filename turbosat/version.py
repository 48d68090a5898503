"""Which turbosat this is, and where it lies."""

from __future__ import annotations

import os
from typing import Final

__version__ = "0.1.0"
# The folder of the package turbosat: what child processes import it from.
ROOT: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
