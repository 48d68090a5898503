"""Print Z3's CNF of a question about 16-bit numbers: whether an average without overflow can be wrong."""

import z3

a, b = z3.BitVecs("a b", 16)
wide = z3.Extract(16, 1, z3.ZeroExt(1, a) + z3.ZeroExt(1, b))
goal = z3.Goal()
goal.add(wide != (a & b) + z3.LShR(a ^ b, 1))
print(z3.Then("simplify", "bit-blast", "tseitin-cnf")(goal)[0].dimacs())
