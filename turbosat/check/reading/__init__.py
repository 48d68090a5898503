"""Reading formulas, proofs and solutions."""
