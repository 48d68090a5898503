"""Adders found in clauses, what they sum up to, and clauses that say so in another way."""
