"""Proof of properties in all reachable states: IC3 and k-induction side by side, their answers checked."""
