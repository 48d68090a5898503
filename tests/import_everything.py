"""Import every module of the installed package: a part missing from the wheel is silent otherwise.

The link farm of a checkout is not in a wheel, so the modules are listed from the repository.
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = {"turbosat": "turbosat"} | {
    part: f"turbosat.{part}" for part in ("gpu", "cdcl", "encodings", "benchmarks")
}


def modules() -> list[str]:
    """Return the dotted names of all modules, by the repository's files."""
    names = []
    for folder, package in PARTS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            if parts[0] in PARTS or parts[-1] == "__main__":  # through a link; runs on import
                continue
            names.append(".".join([package, *(part for part in parts if part != "__init__")]))
    return names


if __name__ == "__main__":
    sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() not in (ROOT, ROOT / "tests")]
    skipped = 0
    for name in modules():
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in ("triton", "benchexec"):  # wanted for CUDA, and by BenchExec alone
                raise
            skipped += 1
            continue
        place = Path(module.__file__ or "")
        if ROOT in place.parents:
            sys.exit(f"{name} comes from the checkout: {place}")
    print(f"imported {len(modules()) - skipped} modules, {skipped} need triton or BenchExec")
