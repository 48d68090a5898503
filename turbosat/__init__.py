"""Hybrid GPU-CPU SAT solver."""
