"""Solvers of every kind of misbehaviour, as small programs; FILE is their last argument."""

import os
import shlex
import stat
import sys
from pathlib import Path

DAEMON = """
def daemon(work):
    between = os.fork()
    if between == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        work()
        os._exit(0)
    os.waitpid(between, 0)

"""

UNSAT = 'print("s UNSATISFIABLE", flush=True); os._exit(20)'
FOREVER = "while True: time.sleep(100)"
# Each satisfies the formula (1 or 2) and -1.
SAT = 'print("s SATISFIABLE\\nv -1 2 0", flush=True); os._exit(10)'

PROGRAMS = {
    "unsat": UNSAT,
    "sat": SAT,
    "partial": 'print("c hello\\ns SATISFIABLE\\nv -1\\nv 2 0\\nc bye", flush=True); os._exit(10)',
    "gives-up": 'print("s UNKNOWN", flush=True)',
    "silent": "pass",
    "slow": f"time.sleep(0.6); {UNSAT}",
    "slower": f"time.sleep(3); {UNSAT}",
    "forks": f"{DAEMON}daemon(lambda: time.sleep(100)); daemon(lambda: time.sleep(100)); {UNSAT}",
    "forks-on": f"{DAEMON}\ndef again():\n    time.sleep(0.01)\n    daemon(again)\n"
    f"for _ in range(5): daemon(again)\n{FOREVER}",
    "deaf": f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{FOREVER}",
    "polite": 'signal.signal(signal.SIGTERM, lambda *_: (print("s UNKNOWN", flush=True), os._exit(0)))\n'
    + FOREVER,
    "late": f"signal.signal(signal.SIGTERM, lambda *_: os._exit(0 * len(print({'s UNSATISFIABLE'!r}, "
    f"flush=True) or '') + 20))\n{FOREVER}",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "hungry": f"keep = []\nwhile True: keep.append(bytearray(b'x' * (1 << 20)))\n{FOREVER}",
    "hungry-children": "for _ in range(4):\n    if os.fork() == 0:\n        keep = b'x' * (40 << 20)\n"
    f"        time.sleep(100)\n{FOREVER}",
    "shares": "keep = b'x' * (60 << 20)\nfor _ in range(4):\n    if os.fork() == 0:\n        time.sleep(1)"
    f"\n        os._exit(0)\ntime.sleep(1)\n{UNSAT}",
    "floods": "while True: os.write(1, b'c flood flood flood\\n' * 5000); os.write(2, b'error!\\n' * 5000)",
    "floods-a-line": "while True: os.write(1, b'c' + b'flood ' * 10000)",
    "floods-values": "print('s SATISFIABLE')\nwhile True: print('v', '1 ' * 1000)",
    "floods-first": f"for _ in range(3000): os.write(1, b'c flood flood flood\\n' * 1000)\n{UNSAT}",
    "wrong-model": 'print("s SATISFIABLE\\nv 1 2 0", flush=True); os._exit(10)',
    "beyond": 'print("s SATISFIABLE\\nv -1 2 3 0", flush=True); os._exit(10)',
    "garbled": 'print("s SATISFIABLE\\nv -1 x2 0", flush=True); os._exit(10)',
    "no-model": 'print("s SATISFIABLE", flush=True); os._exit(10)',
    "half-model": 'print("s SATISFIABLE\\nv -1 2", flush=True); os._exit(10)',
    "two-models": 'print("s SATISFIABLE\\nv -1 2 0\\nv 1 2 0", flush=True); os._exit(10)',
    "two-answers": 'print("s SATISFIABLE\\nv -1 2 0\\ns UNSATISFIABLE", flush=True); os._exit(10)',
    "twice": 'print("s UNSATISFIABLE\\ns UNSATISFIABLE", flush=True); os._exit(20)',
    "mumbles": 'print("s MAYBE", flush=True); os._exit(10)',
    "code-0": 'print("s UNSATISFIABLE", flush=True)',
    "code-10": 'print("s UNSATISFIABLE", flush=True); os._exit(10)',
    "code-only": "os._exit(20)",
    "code-3": "os._exit(3)",
    "dies": 'print("s SATISFIABLE\\nv -1", flush=True); os.kill(os.getpid(), signal.SIGSEGV)',
    "dies-late": 'print("s UNSATISFIABLE", flush=True); os.kill(os.getpid(), signal.SIGABRT)',
    "burns": "os.fork()\nwhile True: pass",
    "burns-unreaped": "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nif os.fork() == 0:\n"
    "    while time.process_time() < 0.6: pass\n    os._exit(0)\n"
    f"try: os.wait()\nexcept ChildProcessError: pass\ntime.sleep(0.5); {UNSAT}",
    "kills-runner": f"{DAEMON}daemon(lambda: time.sleep(100)); os.kill(os.getppid(), signal.SIGKILL)\n"
    + FOREVER,
    "kills-runner-once": "mark = os.path.realpath(sys.argv[1]) + '.mark'\n"
    "if not os.path.exists(mark):\n    open(mark, 'w')\n"
    f"    os.kill(os.getppid(), signal.SIGKILL)\n    {FOREVER}\n{UNSAT}",
    "proves": f"open(sys.argv[2], 'w').write('0\\n')\n{UNSAT}",
    "proves-nothing": f"open(sys.argv[2], 'w').write('2 0\\n')\n{UNSAT}",
    "proves-garbage": f"open(sys.argv[2], 'w').write('hello\\n')\n{UNSAT}",
    "writes": f"with open(sys.argv[2], 'wb') as file:\n    while True: file.write(b'x' * (1 << 20))\n{UNSAT}",
}


def command(name: str) -> list[str]:
    """Return the command of a solver, without the file."""
    program = f"import os, signal, sys, time\n{PROGRAMS[name]}"
    return [sys.executable, "-S", "-E", "-c", program]


def program(folder: Path, name: str) -> str:
    """Write a solver as a program of its own and return how it is called on a command line."""
    path = folder / f"{name}.py"
    path.write_text(f"import os, signal, sys, time\n{PROGRAMS[name]}\n")
    return f"{name}={shlex.quote(sys.executable)} -S -E {shlex.quote(str(path))}"


def executable(path: Path, text: str) -> Path:
    """Write a shell script."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    os.chmod(path, path.stat().st_mode | stat.S_IXUSR)
    return path
