"""Elimination over GF(2)."""
