"""Circuits: read and written as AIGER, compared, checked up to a bound, proven.

>>> from turbosat.circuit import AigBuilder, Answer, bmc
>>> graph = AigBuilder()
>>> go = graph.add_input()
>>> seen = graph.add_latch()
>>> graph.set_next(seen, graph.or_(seen, go))
>>> (verdict,) = bmc(graph.build(bad=[seen]), bound=5)
>>> verdict.answer is Answer.FAILS, verdict.witness.frames
(True, 2)
"""

from turbosat.encodings.circuit.aig import Aig as Aig
from turbosat.encodings.circuit.aiger import parse as parse
from turbosat.encodings.circuit.aiger import read as read
from turbosat.encodings.circuit.aiger import write as write
from turbosat.encodings.circuit.builder import AigBuilder as AigBuilder
from turbosat.encodings.circuit.simulation import run as run
from turbosat.encodings.circuit.simulation import simulate as simulate
from turbosat.system import require_system
from turbosat.verify.bmc import bmc as bmc
from turbosat.verify.equivalence import Comparison as Comparison
from turbosat.verify.equivalence import equivalent as equivalent
from turbosat.verify.matching import Difference as Difference
from turbosat.verify.prove.proof import prove as prove
from turbosat.verify.verdict import Answer as Answer
from turbosat.verify.verdict import Invariant as Invariant
from turbosat.verify.verdict import Verdict as Verdict
from turbosat.verify.verdict import Witness as Witness
from turbosat.verify.witness import fails as fails

__all__ = [
    "Aig",
    "AigBuilder",
    "Answer",
    "Comparison",
    "Difference",
    "Invariant",
    "Verdict",
    "Witness",
    "bmc",
    "equivalent",
    "fails",
    "parse",
    "prove",
    "read",
    "run",
    "simulate",
    "write",
]

require_system()
