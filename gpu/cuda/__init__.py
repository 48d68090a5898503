"""Lanes on a CUDA device."""
