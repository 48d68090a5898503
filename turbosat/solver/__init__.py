"""Solver: clauses come bit by bit, questions are asked under assumptions, and any of them can be ended."""
