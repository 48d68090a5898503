"""Lanes of turbosat's own, in child processes: descent and algebra."""
