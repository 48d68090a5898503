"""The CDCL engines and the lanes that run them."""

if __name__ != "turbosat.cdcl":  # pragma: no cover
    raise ImportError("import turbosat.cdcl, not cdcl")
