"""The commands of turbosat-bench."""
