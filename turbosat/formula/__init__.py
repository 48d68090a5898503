"""Formulas in flat arrays: clauses, XORs, and what is made of them."""
