"""SAT sweeping of and-inverter graphs."""
