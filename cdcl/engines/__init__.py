"""CDCL engines, each behind the same interface: Kissat, CaDiCaL."""
