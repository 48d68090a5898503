"""Building the core from a source tree: a tool of its own, for installations, checkouts and CI.

    python turbosat/core/build.py [solver] [check] [--into FOLDER] [--target TRIPLE] [--sanitize]

It needs a C compiler: CC, cc, gcc or clang, else ziglang's (see toolchain.py). Each library is built for
the levels of its processor's instructions; one build is one compiler run over all files. Names carry a digest
of everything that a build depends on in the tree.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this very tree, installed or not

from turbosat.core.declare import header
from turbosat.core.sources import BUILDS, DECLARING, LIBRARIES, declared, digest, levels, present, sources
from turbosat.core.toolchain import BuildError, compiler, end_with, is_zig, machine, run_compiler

# Sums of products are not fused: the same seed gives the same search at every level.
FLAGS = (
    *("-std=gnu17", "-O3", "-fPIC", "-shared", "-fvisibility=hidden"),
    *("-ffp-contract=off", "-fno-strict-aliasing"),
)
# Sizes come with arrays, wanted or not.
WARNINGS = ("-Wall", "-Wextra", "-Wno-sign-compare", "-Wno-psabi", "-Wno-unused-parameter")
LOCK = ".lock"
SCRATCH = ".building-"
SANITIZERS = (
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"),
    *("-fno-omit-frame-pointer", "-g"),
)


def _headers(library: str, folder: Path) -> None:
    """Write the headers of the declaring modules."""
    if library == "check":
        from turbosat.check import border, kernels

        (folder / "kernels.h").write_text(border.header(kernels))
        return
    for name in DECLARING:
        module = importlib.import_module(f"turbosat.core.{name.replace('/', '.')}")
        (folder / f"{Path(name).name}.h").write_text(header(module))


def build(
    library: str,
    folder: Path,
    *,
    target: str | None = None,
    sanitize: bool = False,
    missing: bool = False,
) -> list[Path]:
    """Build a library for all levels into a folder, and remove builds of older sources there.

    One at a time builds into a folder, the others wait; with `missing`, builds that are there are as good as
    new. Raises BuildError.
    """
    machine_name = (target or os.uname().machine).partition("-")[0]
    wanted = levels(machine_name, library)
    if sanitize:
        wanted = {"sanitized": next(iter(wanted.values()))}
    if not any(path.suffix == ".c" for path in sources(library)):
        return []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / LOCK, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            there = present(library, folder, machine_name) if missing else None
            if there is not None:
                return [path for path, _ in there]
            for stale in folder.glob(f"{SCRATCH}*"):  # of builds that were killed: we have the lock
                shutil.rmtree(stale, ignore_errors=True)
            return _build(library, folder, wanted, target, sanitize=sanitize)
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        raise BuildError(f"{where}{error.strerror or error}") from None


def _build(
    library: str, folder: Path, wanted: dict[str, str], target: str | None, *, sanitize: bool
) -> list[Path]:
    """Compile everything once for each level; put the libraries into place when all are there."""
    command = compiler(FLAGS, "" if target else list(wanted.values())[-1])
    files = [str(path) for path in sources(library) if path.suffix == ".c"]
    name = digest(library)
    with tempfile.TemporaryDirectory(dir=folder, prefix=SCRATCH) as scratch:
        _headers(library, Path(scratch))

        def one(level: str) -> Path:
            made = Path(scratch, f"{library}-{name}-{level}.so")
            words = [*command, *FLAGS, *(() if is_zig(command) else WARNINGS), f"-I{scratch}"]
            words += [f'-DCORE_DECLARED="{declared()}"', *machine(command, wanted[level])]
            words += ["-target", target] if target and is_zig(command) else []
            words += SANITIZERS if sanitize else ["-Wl,-s"]
            run = run_compiler([*words, *files, "-o", str(made)], Path(scratch))
            if run.returncode or not made.exists():
                raise BuildError(
                    f"{run.stdout}\n{shlex.join(command)} failed with exit code {run.returncode}"
                )
            sys.stderr.write(run.stdout)
            return made

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = list(pool.map(one, wanted))
        kept = [folder / path.name for path in made]
        for path, place in zip(made, kept, strict=True):
            os.replace(path, place)  # whole, or not at all: somebody may be loading it
        for old in folder.glob(f"{library}-*.so"):  # of other sources; other machines have theirs
            if old not in kept and old.stem.rpartition("-")[2] in wanted:
                old.unlink(missing_ok=True)
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; return its exit code."""
    parser = argparse.ArgumentParser(description="Build the compiled core.")
    parser.add_argument("libraries", nargs="*", default=list(LIBRARIES), metavar="LIBRARY")
    parser.add_argument("--into", type=Path, help="where the builds go; beside the modules that load them")
    parser.add_argument("--target", help="another machine, as zig cc names it: aarch64-linux-gnu")
    parser.add_argument("--sanitize", action="store_true", help="with checks for wrong memory accesses")
    parser.add_argument("--missing", action="store_true", help="only what is not there yet")
    parser.add_argument("--parent", type=int, help="end when this process, our parent, ends")
    options = parser.parse_args(arguments)
    end_with(os.getppid() if options.parent is None else options.parent)
    try:
        for library in options.libraries:
            if library not in LIBRARIES:
                raise BuildError(f"no library {library}: there are {', '.join(LIBRARIES)}")
            into = options.into or BUILDS[library]
            how = {"target": options.target, "sanitize": options.sanitize, "missing": options.missing}
            for path in build(library, into, **how):
                print(path)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
