"""Measuring: solvers on files under limits, here or in a cluster."""
