"""A program that stands in for turbosat, right but for the one fault that the name of its file says."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PROOF = "1 0\n0\n"  # of the formula in the tests
ERROR = "turbosat: error: something"


def misbehave(fault: str, file: str) -> None:
    """Do what does not end the run, yet must not be."""
    match fault:
        case "traceback":
            raise RuntimeError("planted")
        case "process":
            subprocess.Popen(["sleep", "30"], start_new_session=True, stdin=subprocess.DEVNULL)
        case "file":
            (Path(os.environ["TMPDIR"]) / "left").write_text("")
        case "stray":
            Path("-").write_text("")
        case "input":
            Path(file).write_text("p cnf 0 0\n")
        case "$(touch CANARY)":
            subprocess.run(f"cat ./{file}", shell=True, check=False, capture_output=True)
        case "late":
            time.sleep(3)
        case "sleep":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(60)
        case "two lines":
            print(ERROR, ERROR, sep="\n", file=sys.stderr)
        case "raw":
            print("c \x1b[31mred")


def main() -> int:
    """Answer as the formula of the tests demands, or not."""
    file, *proof = (word for word in sys.argv[1:] if not word.startswith("-") and word not in ("0.5",))
    fault = Path(file).stem
    misbehave(fault, file)
    answer, code = "UNSATISFIABLE", 20
    match fault:
        case "silent":
            return 1
        case "refusal":
            print(ERROR, file=sys.stderr)
            return 1
        case "answer":
            answer, code = "SATISFIABLE", 10
        case "code":
            code = 3
        case "s line":
            print(ERROR, file=sys.stderr)
            code = 1
        case "unknown":
            answer, code = "UNKNOWN", 0
    for path in proof:
        Path(path).write_text("" if fault == "proof" else PROOF)
    for word in sys.argv[1:]:
        if word.startswith("--json="):
            status = "UNKNOWN" if fault == "json" else answer
            Path(word.removeprefix("--json=")).write_text(json.dumps({"status": status}))
    print(f"s {answer}")
    if answer == "SATISFIABLE":
        print("v 1 2 0")
    return code


if __name__ == "__main__":
    sys.exit(main())
