"""Declarations: support."""
