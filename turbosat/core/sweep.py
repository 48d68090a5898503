"""Declarations: sweep."""
