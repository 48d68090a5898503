"""All assignments of an independent support, or a search among them."""
