"""A program: many sequences of calls of Solver's, each from its number.

    python -m tests.fuzz.solver_calls --first 0 --runs 100000

Fails with the number of the sequence; `play(number)` makes it again, and the tests shrink what they find.
"""

import argparse
import sys
import time

from tests.fuzz.solver_pair import play


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz Solver.")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--runs", type=int, default=1000)
    options = parser.parse_args()
    began = time.monotonic()
    for number in range(options.first, options.first + options.runs):
        try:
            play(number)
        except BaseException:
            print(f"sequence {number}:", flush=True)
            raise
    print(f"{options.runs} sequences, no difference, {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
