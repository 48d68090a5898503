"""Compressed files as plain text in memory, for programs that read plain text only."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import FileIO

from turbosat.dimacs.blocks import DIMACS, opened_blocks
from turbosat.dimacs.compression import HEAD, sniff
from turbosat.dimacs.waiting import Wait

LARGEST = 1 << 26  # bytes of text: unpacking these takes less than a second


def unpacked(path: str, check: Callable[[], None], wait: Wait) -> FileIO | None:
    """Return the text of a file in a file without a name, named as the compressed one in messages.

    None where the system has no such files, for a text that is large, whose readers need not wait for its
    end, and for one that looks compressed itself, which nobody unpacks twice. `check` is called between
    pieces and may raise to stop, as may `wait`. Raises InputError.
    """
    try:
        file = FileIO(os.memfd_create("turbosat-text"), "r+")
    except (AttributeError, OSError):
        return None
    with opened_blocks(path, DIMACS, wait) as (name, blocks):
        try:
            for block in blocks:
                check()
                if file.write(block) != len(block) or file.tell() > LARGEST:
                    file.close()
                    return None
            if sniff(os.pread(file.fileno(), HEAD, 0)) is not None:
                file.close()
                return None
        except BaseException:
            file.close()
            raise
    file.seek(0)
    file.name = name
    return file


def name_of(file: FileIO) -> str:
    """Return under which name this process can open a file without one again, from its start."""
    return f"/proc/self/fd/{file.fileno()}"
