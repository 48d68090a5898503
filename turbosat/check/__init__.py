"""The independent checker of models and proofs."""
