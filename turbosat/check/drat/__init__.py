"""DRAT proofs: the passes of a check, with kernels in C."""
