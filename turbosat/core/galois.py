"""Declarations: galois."""
