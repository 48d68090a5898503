"""Gates found in clauses."""
