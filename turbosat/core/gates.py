"""Declarations: gates."""
