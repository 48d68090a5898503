"""What keeps the clauses as they are: colours, permutations of literals, clauses that break them."""
