"""The gradient and finite-field engines."""

if __name__ != "turbosat.gpu":  # pragma: no cover
    raise ImportError("import turbosat.gpu, not gpu")
