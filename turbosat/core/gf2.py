"""Declarations: gf2."""
