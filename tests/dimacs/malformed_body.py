"""Files that are malformed after their header."""

from tests.dimacs.malformed_header import HEAD, RELAXED, STRICT, Malformed

GOOD = HEAD + b"1 -2 0\n2 3 0\n"

IN_BODY = (
    Malformed("two_headers", GOOD + b"p cnf 3 2\n", "{file}:4: expected a literal, found a second header"),
    Malformed("word", HEAD + b"1 -2 0\n2 three 0\n", "{file}:3: expected a literal, found 'three'"),
    Malformed(
        "long_word",
        HEAD + b"1 -2 0\n2 " + b"abcdefghij" * 20 + b" 0\n",
        "{file}:3: expected a literal, found 'abcdefghijabcdefghijabcd'...",
    ),
    Malformed("plus", HEAD + b"1 -2 0\n+2 3 0\n", "{file}:3: expected a literal, found '+2'"),
    Malformed(
        "minus_zero", HEAD + b"1 -2 -0\n2 3 0\n", "{file}:2: expected a nonzero digit after '-', found '0'"
    ),
    Malformed(
        "minus_leading_zero",
        HEAD + b"1 -02 0\n2 3 0\n",
        "{file}:2: expected a nonzero digit after '-', found '02'",
    ),
    Malformed(
        "minus_alone", HEAD + b"1 - 2 0\n2 3 0\n", "{file}:2: expected a digit after '-', found a space"
    ),
    Malformed(
        "minus_newline",
        HEAD + b"1 -\n2 0\n",
        "{file}:2: expected a digit after '-', found the end of the line",
    ),
    Malformed(
        "minus_at_end",
        HEAD + b"1 -2 0\n2 3 -",
        "{file}:3: expected a digit after '-', found the end of the file",
    ),
    Malformed("minus_minus", HEAD + b"1 --2 0\n2 3 0\n", "{file}:2: expected a digit after '-', found '-2'"),
    Malformed(
        "minus_between",
        HEAD + b"1-2 0\n2 3 0\n",
        "{file}:2: expected white space after the literal 1, found '-2'",
    ),
    Malformed(
        "comma", HEAD + b"1, -2, 0\n2 3 0\n", "{file}:2: expected white space after the literal 1, found ','"
    ),
    Malformed(
        "fraction",
        HEAD + b"1 -2.0 0\n2 3 0\n",
        "{file}:2: expected white space after the literal -2, found '.0'",
    ),
    Malformed(
        "letter_after_literal",
        HEAD + b"1 -2x 0\n2 3 0\n",
        "{file}:2: expected white space after the literal -2, found 'x'",
    ),
    Malformed(
        "above_header",
        HEAD + b"1 -2 0\n2 4 0\n",
        "{file}:3: expected variables up to 3 as in the header (or --relaxed), found 4",
    ),
    Malformed(
        "above_header_negative",
        HEAD + b"1 -2 0\n2 -4 0\n",
        "{file}:3: expected variables up to 3 as in the header (or --relaxed), found 4",
        STRICT,
    ),
    Malformed(
        "above_limit_relaxed",
        HEAD + b"1 -2 0\n2 536870912 0\n",
        "{file}:3: expected variables up to 536870911, found 536870912",
        RELAXED,
    ),
    Malformed(
        "above_32_bits",
        HEAD + b"1 -2 0\n2 4294967297 0\n",
        "{file}:3: expected variables up to 536870911, found 4294967297",
    ),
    Malformed(
        "above_32_bits_negative",
        HEAD + b"1 -2 0\n2 -2147483648 0\n",
        "{file}:3: expected variables up to 536870911, found 2147483648",
        RELAXED,
    ),
    Malformed(
        "above_64_bits",
        HEAD + b"1 -2 0\n18446744073709551617 0\n",
        "{file}:3: expected variables up to 536870911, found 18446744073709551617",
    ),
    Malformed(
        "endless_digits",
        HEAD + b"1 -2 0\n1" + b"0" * 5000 + b" 0\n",
        "{file}:3: expected variables up to 536870911, found 100000000000000000000000...",
        RELAXED,
    ),
    Malformed(
        "no_last_zero",
        HEAD + b"1 -2 0\n2 3\n",
        "{file}:3: expected 0 at the end of the last clause, found the end of the file",
    ),
    Malformed(
        "no_last_zero_no_newline",
        HEAD + b"1 -2 0\n2 3",
        "{file}:3: expected 0 at the end of the last clause, found the end of the file",
        RELAXED,
    ),
    Malformed(
        "one_clause_missing",
        b"p cnf 3 3\n1 -2 0\n2 3 0\n",
        "{file}:3: expected 3 clauses as in the header (or --relaxed), found 2 clauses",
    ),
    Malformed(
        "clauses_missing_strict",
        b"p cnf 3 1000\n1 -2 0\n2 3 0\nc text\n",
        "{file}:4: expected 1000 clauses as in the header (or --relaxed), found 2 clauses",
        STRICT,
    ),
    Malformed(
        "clauses_all_missing",
        b"p cnf 3 1\n",
        "{file}:1: expected 1 clause as in the header (or --relaxed), found 0 clauses",
    ),
    Malformed(
        "one_clause_more",
        HEAD + b"1 -2 0\n2 3 0\n\nc text\n-1 0\n",
        "{file}:6: expected 2 clauses as in the header (or --relaxed), found one more",
    ),
    Malformed(
        "clauses_more_one_line",
        b"p cnf 3 1\n1 0 2 0 3 0\n",
        "{file}:2: expected 1 clause as in the header (or --relaxed), found one more",
    ),
    Malformed(
        "clauses_more_none",
        b"p cnf 1 0\n\n0\n",
        "{file}:3: expected 0 clauses as in the header (or --relaxed), found one more",
        STRICT,
    ),
    Malformed(
        "carriage_return",
        HEAD + b"1 -2 0\r2 3 0\n",
        "{file}:2: expected a newline after a carriage return, found '2'",
    ),
    Malformed(
        "carriage_return_at_end",
        HEAD + b"1 -2 0\n2 3 0\r",
        "{file}:3: expected a newline after a carriage return, found the end of the file",
    ),
    Malformed(
        "old_mac",
        (HEAD + b"1 -2 0\n2 3 0\n").replace(b"\n", b"\r"),
        "{file}:1: expected the end of the line after the number of clauses in the header, "
        "found a carriage return",
    ),
    Malformed(
        "percent_and_more",
        GOOD + b"%\n0\n\n1 2 0\n",
        "{file}:7: expected only 0 after the line with '%' (or --relaxed), found '1'",
    ),
    Malformed(
        "percent_and_junk",
        GOOD + b"%\r\n0 \xff" + 200 * b"x",
        "{file}:5: expected only 0 after the line with '%' (or --relaxed), "
        r"found bytes that are not ASCII b'\xffxxxxxxx'...",
    ),
    Malformed(
        "percent_and_text",
        GOOD + b"%%\n",
        "{file}:4: expected only 0 after the line with '%' (or --relaxed), found '%'",
    ),
    Malformed(
        "percent_before_the_last_clause",
        HEAD + b"1 -2 0\n%\n0\n",
        "{file}:3: expected 2 clauses as in the header (or --relaxed), found 1 clause",
    ),
    Malformed(
        "percent_in_clause",
        HEAD + b"1 -2 0\n2 3\n%\n0\n",
        "{file}:4: expected 0 at the end of the last clause, found a line with '%'",
    ),
    Malformed(
        "percent_strict",
        GOOD + b"%\n0\n\n",
        "{file}:4: expected a literal, found '%' (reading stops there without --strict)",
        STRICT,
    ),
    Malformed(
        "percent_in_clause_relaxed",
        HEAD + b"1 -2 0\n2 3\n%\n0\n",
        "{file}:4: expected 0 at the end of the last clause, found a line with '%'",
        RELAXED,
    ),
    Malformed(
        "percent_midline_relaxed",
        HEAD + b"1 -2 0\n2 3 % 0\n",
        "{file}:3: expected a literal, found '%'",
        RELAXED,
    ),
    Malformed(
        "newline_missing_strict",
        HEAD + b"1 -2 0\n2 3 0",
        "{file}:3: expected a newline before the end of the file (--strict), found none",
        STRICT,
    ),
    Malformed(
        "comment_newline_missing_strict",
        GOOD + b"c text",
        "{file}:4: expected a newline before the end of the file (--strict), found none",
        STRICT,
    ),
    Malformed(
        "xor_no_zero",
        b"p cnf 3 2\n1 2 0\nx1 2 3\n",
        "{file}:3: expected 0 at the end of the x line, found the end of the line",
    ),
    Malformed(
        "xor_no_zero_next_line",
        b"p cnf 3 2\n1 2 0\nx1 2\n3 0\n",
        "{file}:3: expected 0 at the end of the x line, found the end of the line",
    ),
    Malformed(
        "xor_no_zero_at_end",
        b"p cnf 3 2\n1 2 0\nx1 2 3",
        "{file}:3: expected 0 at the end of the x line, found the end of the file",
    ),
    Malformed(
        "xor_after_zero",
        b"p cnf 3 2\n1 2 0\nx1 2 0 3 0\n",
        "{file}:3: expected the end of the line after the 0 of an x line, found '3'",
    ),
    Malformed(
        "xor_alone",
        b"p cnf 3 2\n1 2 0\nx\n",
        "{file}:3: expected 0 at the end of the x line, found the end of the line",
    ),
    Malformed(
        "xor_in_clause",
        b"p cnf 3 2\n1 2\nx1 2 0\n",
        "{file}:3: expected 0 at the end of the clause before an x line, found 'x'",
    ),
    Malformed(
        "xor_not_first",
        b"p cnf 3 2\n1 2 0 x1 2 0\n",
        "{file}:2: expected a literal, found 'x' that does not begin its line",
    ),
    Malformed(
        "xor_twice",
        b"p cnf 3 2\n1 2 0\nxx1 2 0\n",
        "{file}:3: expected a literal, found 'x' that does not begin its line",
    ),
    Malformed("xor_word", b"p cnf 3 2\n1 2 0\nx1 a 0\n", "{file}:3: expected a literal, found 'a'"),
    Malformed(
        "xor_above_header",
        b"p cnf 3 2\n1 2 0\nx1 4 0\n",
        "{file}:3: expected variables up to 3 as in the header (or --relaxed), found 4",
    ),
    Malformed(
        "xor_above_limit_relaxed",
        b"p cnf 3 2\n1 2 0\nx1 -999999999 0\n",
        "{file}:3: expected variables up to 536870911, found 999999999",
        RELAXED,
    ),
    Malformed("xor_capital", b"p cnf 3 2\n1 2 0\nX1 2 0\n", "{file}:3: expected a literal, found 'X1'"),
    Malformed(
        "xor_count",
        b"p cnf 3 4\n1 2 0\n2 3 0\nx1 2 0\n",
        "{file}:4: expected 4 clauses as in the header (or --relaxed), found 2 clauses and 1 XOR",
    ),
    Malformed(
        "xor_minus", b"p cnf 3 2\n1 2 0\n-x1 2 0\n", "{file}:3: expected a digit after '-', found 'x1'"
    ),
)
