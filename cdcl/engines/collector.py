"""Clauses as CaDiCaL learns them, through its Learner and its FixedAssignmentListener, kept in a ring by C.

No Python runs for a clause, none waits for the other side, and nothing is written to a file. The tables of
methods are made here; what they hold lies in the compiled core (collector.c). The Learner is told clauses of
conflicts, and units of the backbone; the listener every literal that is fixed.

All of it follows from the clauses CaDiCaL was given. What its inprocessing takes away (eliminated variables,
blocked and covered clauses) leaves clauses that follow from those before; what it adds are resolvents,
equivalences and units; and learned clauses are implied by what was there, assumptions being decisions that
appear in them. Were a clause imported over what was eliminated, CaDiCaL would first take back what it took
away (Fazekas, Biere, Scholl, SAT 2019), original clauses all of it. Only `factor`, which is off
(cadical_options), adds definitions of new variables.
"""

from __future__ import annotations

import ctypes
from array import array
from itertools import pairwise

from turbosat.cdcl.engines import cadical_methods
from turbosat.errors import EngineError

CAPACITY = 1 << 17  # entries of the ring, a power of two: more than a second of what is short
LEARN = "15connect_learnerEPNS_7LearnerE"
LISTEN = "22connect_fixed_listenerEPNS_23FixedAssignmentListenerE"
PIGEONS = 5  # of the formula that is tried, and one hole less


class _Record(ctypes.Structure):
    """`struct collector` of collector.c."""

    _fields_ = (
        ("learner", ctypes.c_void_p),
        ("listener", ctypes.c_void_p),
        *(
            (name, ctypes.c_int64)
            for name in ("longest", "mask", "listening", "learned", "lost", "left", "next", "written", "read")
        ),
        ("ring", ctypes.c_void_p),
    )


class Collector:
    """What one solver, given as its capsule, learns. `library` is the path of the compiled core.

    Raises EngineError where methods of CaDiCaL's or parts of the core are missing.
    """

    def __init__(self, library: str, capsule: object, longest: int, capacity: int = CAPACITY) -> None:
        try:
            core = ctypes.CDLL(library)
            gone, learning, learn, fixed = (
                cadical_methods.location(core[f"collector_{name}"])
                for name in ("gone", "learning", "learn", "fixed")
            )
            self._take = core["collector_take"]
            connect = [
                cadical_methods.method(name, None, ctypes.c_void_p) for name in (LEARN, LISTEN)
            ]  # both or none
        except (AttributeError, OSError) as error:
            raise EngineError(f"CaDiCaL cannot be listened to: {error}") from None
        self._take.restype = ctypes.c_int64
        self._take.argtypes = ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p
        self._ring = (ctypes.c_int32 * capacity)()
        # Offset to top and type information come before the methods: both unused, and 0.
        self._tables = (
            (ctypes.c_void_p * 6)(0, 0, gone, gone, learning, learn),
            ((ctypes.c_void_p * 5)(0, 0, gone, gone, fixed)),
        )
        step = 2 * ctypes.sizeof(ctypes.c_void_p)
        self._record = _Record(
            learner=ctypes.addressof(self._tables[0]) + step,
            listener=ctypes.addressof(self._tables[1]) + step,
            longest=longest,
            mask=capacity - 1,
            ring=ctypes.addressof(self._ring),
        )
        address = cadical_methods.solver_address(capsule)
        for each, field in zip(connect, (_Record.learner, _Record.listener), strict=True):
            each(address, ctypes.addressof(self._record) + field.offset)

    @property
    def learned(self) -> int:
        """The clauses that CaDiCaL learned, short or not."""
        return int(self._record.learned)

    def listen(self) -> None:
        """Keep fixed literals from now on: first ones follow by propagation, and everybody knows them."""
        self._record.listening = 1

    def take(self, most: int) -> tuple[array[int], array[int]]:
        """Return the shortest clauses since the last call, `most` literals at most: literals and offsets."""
        literals, offsets = array("i", bytes(4 * most)), array("q", bytes(8 * (most + 1)))
        found = self._take(
            ctypes.addressof(self._record), most, literals.buffer_info()[0], offsets.buffer_info()[0]
        )
        return literals[: offsets[found]], offsets[: found + 1]


def collector(library: str, capsule: object, longest: int) -> Collector | None:
    """Return a collector of clauses of up to `longest` literals; None where there can be none, or it fails.

    It is tried on another solver first.
    """
    try:
        return Collector(library, capsule, longest) if _works(library) else None
    except EngineError:
        return None


def _works(library: str) -> bool:
    """Whether what is collected of a small formula is what CaDiCaL counts, and follows from the formula."""
    module = cadical_methods.pysolvers()
    holes = PIGEONS - 1
    rows = [[holes * pigeon + hole + 1 for hole in range(holes)] for pigeon in range(PIGEONS)]
    clauses = [[-one, -other] for column in zip(*rows, strict=True) for one in column for other in column]
    capsule = module.cadical300_new()
    try:
        for name, value in {"factor": 0, "inprobing": 0, "preprocesslight": 0, "lucky": 0}.items():
            module.cadical300_set(capsule, name, value)
        found = Collector(library, capsule, PIGEONS)
        found.listen()
        for clause in (*rows, *(each for each in clauses if each[0] != each[1])):
            module.cadical300_add_cl(capsule, clause)
        refuted = module.cadical300_solve_lim(capsule, [], 0) == -1
        conflicts = module.cadical300_acc_stats(capsule)["conflicts"]
        literals, offsets = found.take(CAPACITY)
    finally:
        module.cadical300_del(capsule, None)
    sizes = [end - begin for begin, end in pairwise(offsets)]
    own = all(1 <= abs(literal) <= holes * PIGEONS for literal in literals)
    fixed = sizes.count(1)
    return (
        refuted
        and own
        and 0 < max(sizes, default=0) <= PIGEONS
        and fixed > 0
        and (0 < len(sizes) - fixed <= found.learned <= conflicts + 1)
    )
