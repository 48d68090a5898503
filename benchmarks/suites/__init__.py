"""Which files are measured, where they come from, and what is known of them."""
