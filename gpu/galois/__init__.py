"""Descent on clauses and native XORs, lanes packed into bits."""
