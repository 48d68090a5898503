"""The benchmark harness."""

if __name__ != "turbosat.benchmarks":  # pragma: no cover
    raise ImportError("import turbosat.benchmarks, not benchmarks")
