"""And-inverter graphs: read and written as AIGER, hashed, simulated, encoded as clauses, found in clauses."""
