"""Scores, statistics, reports and comparisons."""
