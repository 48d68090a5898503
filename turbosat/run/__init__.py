"""A run: which lanes search when, what they tell each other, and the check of what they answer."""
