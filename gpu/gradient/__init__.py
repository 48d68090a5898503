"""Descent on clauses: lanes on CPU cores, and the paper's optimiser."""
