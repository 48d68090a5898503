"""Declarations: xor."""
