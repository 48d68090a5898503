"""Declarations: and-inverter graphs and what is done with them."""
