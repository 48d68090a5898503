"""The proof of a run, on its way to where the user wants it.

Who proves writes into a pipe of ours and never learns the name: that may hold anything, and Kissat would hand
it to a shell. A thread compresses what comes, if the name asks for it, and passes it on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from turbosat.cdcl.process.child import enlarge
from turbosat.dimacs.compression import by_suffix, compressed
from turbosat.errors import OutputError
from turbosat.proof.delivery import GRACE, Blocks, Delivery, from_memory, from_pipe, late
from turbosat.proof.flag import wait_for
from turbosat.proof.outlet import Outlet, Wait, is_standard_output

if TYPE_CHECKING:
    from turbosat.deadline import Deadline


class ProofFile:
    """Where a proof goes; UsageError where it cannot.

    Among what is printed it is text, as Kissat's is: `binary` holds elsewhere. A proof may be begun anew as
    long as what came before can be taken back.
    """

    def __init__(self, path: str, *, binary: bool = True) -> None:
        self._printed = is_standard_output(path)
        self.binary = binary and not self._printed
        self._kind = by_suffix(path)
        self.outlet = Outlet(path, "the proof")
        self._delivery: Delivery | None = None

    @property
    def replaceable(self) -> bool:
        """Whether another may write the proof once somebody has begun."""
        return self.outlet.replaceable

    def begin(self) -> int:
        """Return the write end of a pipe for a proof that begins; the caller closes it.

        Raises OutputError where a part of another has gone out for good, OSError where there is no pipe.
        """
        self._make_way()
        source, target = os.pipe()
        enlarge(target)
        try:
            self._delivery = Delivery(self.outlet, self._treated(from_pipe(source)))
        except OSError:
            os.close(source)
            os.close(target)
            raise
        return target

    def write(self, proof: bytes | memoryview) -> None:
        """Begin with a proof that is there, instead of what somebody else has begun. Raises OutputError."""
        self._make_way()
        try:
            self._delivery = Delivery(self.outlet, self._treated(from_memory(proof)))
        except OSError as error:
            raise OutputError(self.outlet.failure(error)) from None

    @property
    def came(self) -> bool:
        """Whether all of the proof came, wherever it went."""
        return self._delivery is not None and self._delivery.came

    def check(self) -> None:
        """Raise OutputError once the proof can no longer be written."""
        if self._delivery is not None and self._delivery.error:
            raise OutputError(self._delivery.error)

    def finish(self, deadline: Deadline) -> str:
        """Wait until all of the proof is where it should be; return why it is not, or nothing."""
        assert self._delivery is not None
        error = "" if self._delivery.join(deadline) else late(self.outlet)
        error = error or self._delivery.error
        return self.close() or error

    def release(self, deadline: Deadline) -> None:
        """Give up a proof that is not needed: who wants to read it from a named pipe finds its end."""
        if self.outlet.opened is not None and self._delivery is not None:
            wait_for(self.outlet.opened, deadline, 0.0)
        self.close()

    def close(self) -> str:
        """Stop where it is, and give all descriptors back; return why what was written is lost, if it is."""
        if self._delivery is not None:
            self._delivery.abandon()
            self._delivery = None
            if self._printed:  # the answer comes next, on a line of its own
                self.outlet.end_line(GRACE)
        try:
            self.outlet.close()
        except OSError as error:
            return self.outlet.failure(error)
        return ""

    def _make_way(self) -> None:
        if self._delivery is not None:
            self._delivery.abandon()
            self._delivery = None
        try:
            self.outlet.restart()
        except OSError as error:
            raise OutputError(self.outlet.failure(error)) from None
        if self.outlet.delivered:
            lost = "the lane that wrote it is gone, and what it wrote cannot be taken back"
            raise OutputError(f"{self.outlet.path}: the proof is incomplete: {lost}")

    def _treated(self, blocks: Blocks) -> Blocks:
        if self._printed:
            return _whole_lines(blocks)
        kind = self._kind
        if kind is None:
            return blocks

        def packed(wait: Wait) -> Iterator[bytes]:
            return compressed(blocks(wait), kind)

        return packed


def _whole_lines(blocks: Blocks) -> Blocks:
    """Leave out what follows the last end of a line: an answer may be printed next."""

    def whole(wait: Wait) -> Iterator[bytes]:
        source = blocks(wait)
        rest = b""
        try:
            for block in source:
                text = rest + bytes(block)
                end = text.rfind(b"\n") + 1
                rest = text[end:]
                if end:
                    yield text[:end]
        finally:
            source.close()  # type: ignore[attr-defined] # a generator

    return whole
