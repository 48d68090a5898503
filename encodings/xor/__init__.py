"""XORs found in clauses."""
