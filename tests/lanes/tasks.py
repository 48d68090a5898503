"""What engines answer that are asked once."""

from turbosat import Formula
from turbosat.cdcl.engines.engine import Answer, Budget, Engine


def answered(engine: Engine, formula: Formula) -> Answer:
    """Return what the engine answers at last; it is stopped then."""
    try:
        engine.start(formula)
        engine.advance(Budget())
        answer = engine.poll(None)
    finally:
        engine.stop()
    assert answer is not None
    return answer
