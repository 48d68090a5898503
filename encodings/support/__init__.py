"""Independent supports: few variables that all others follow from, and programs that say how."""
