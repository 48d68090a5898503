"""DIMACS text: from files to arrays, and back."""
