"""Where a proof goes: refused before the search where it cannot be written or would destroy a formula."""

from __future__ import annotations

import os
from pathlib import Path

from turbosat.errors import UsageError
from turbosat.system import require_writable


def guard_proof(proof: str, source: object, *, force: bool) -> None:
    """Raise UsageError for a path that no proof of `source`, a path or a formula, may be written to."""
    path = Path(proof)
    if isinstance(source, str) and _same_file(source, path):
        raise UsageError(f"{proof}: the proof would overwrite the formula")
    if path.is_dir():
        raise UsageError(f"{proof}: the proof must be a file, not a directory")
    if path.is_file() and not force:
        from turbosat.dimacs import looks_like_dimacs

        if looks_like_dimacs(path):
            raise UsageError(f"{proof}: looks like a formula; --force overwrites it with the proof")
    require_writable(proof, "the proof")


def can_be_replaced(proof: str) -> bool:
    """Whether what one lane wrote there can be replaced by the proof of another: not in a pipe."""
    return Path(proof).is_file()


def _same_file(source: str, path: Path) -> bool:
    return source != "-" and path.exists() and os.path.exists(source) and os.path.samefile(path, source)
