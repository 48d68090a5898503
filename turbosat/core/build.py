"""Building the core from a source tree: a tool of its own, for installations, checkouts and CI.

    python turbosat/core/build.py [solver] [check] [--into FOLDER] [--target TRIPLE] [--sanitize]

It needs a C compiler: CC, cc, gcc or clang, else the package ziglang (`zig cc`). Each library is built for
the levels of its processor's instructions; one build is one compiler run over all files. Names carry a digest
of everything that a build depends on in the tree.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this very tree, installed or not

from turbosat.core.declare import header
from turbosat.core.sources import BUILDS, DECLARING, LIBRARIES, declared, digest, levels, sources

# Sums of products are not fused: the same seed gives the same search at every level.
FLAGS = (
    *("-std=gnu17", "-O3", "-fPIC", "-shared", "-fvisibility=hidden"),
    *("-ffp-contract=off", "-fno-strict-aliasing"),
)
# Sizes come with arrays, wanted or not.
WARNINGS = ("-Wall", "-Wextra", "-Wno-sign-compare", "-Wno-psabi", "-Wno-unused-parameter")
SANITIZERS = (
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"),
    *("-fno-omit-frame-pointer", "-g"),
)


class BuildError(Exception):
    """Why there is no build, in one line."""


def compiler() -> list[str]:
    """Return the command of a C compiler that works. Raises BuildError where there is none."""
    tried = []
    for command in _compilers():
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text("#include <stdint.h>\nint32_t probe(int32_t x) { return x; }\n")
            words = [*command, "-shared", "-fPIC", str(source), "-o", str(Path(folder, "probe.so"))]
            if _run(words, Path(folder)).returncode == 0:
                return command
        tried.append(shlex.join(command))
    known = f" ({', '.join(tried)} does not work)" if tried else ""
    raise BuildError(f"no C compiler is found{known}: install gcc or clang, or the package ziglang")


def _compilers() -> Iterator[list[str]]:
    if os.environ.get("CC"):
        yield shlex.split(os.environ["CC"])
        return
    for name in ("cc", "gcc", "clang"):
        if path := shutil.which(name):
            yield [path]
    if importlib.util.find_spec("ziglang") is not None:
        yield [sys.executable, "-m", "ziglang", "cc"]


def _run(words: list[str], scratch: Path) -> subprocess.CompletedProcess[str]:
    caches = {f"ZIG_{kind}_CACHE_DIR": str(scratch / "zig") for kind in ("GLOBAL", "LOCAL")}
    environment = {**caches, **os.environ}
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    except OSError as error:
        return subprocess.CompletedProcess(words, 127, "", str(error))


def _headers(library: str, folder: Path) -> None:
    """Write the headers of the declaring modules."""
    if library == "check":
        from turbosat.check import border, kernels

        (folder / "kernels.h").write_text(border.header(kernels))
        return
    for name in DECLARING:
        module = importlib.import_module(f"turbosat.core.{name}")
        (folder / f"{name}.h").write_text(header(module))


def build(
    library: str, folder: Path, *, target: str | None = None, sanitize: bool = False, jobs: int | None = None
) -> list[Path]:
    """Build a library for all levels into a folder, and remove builds of older sources there."""
    command = compiler()
    zig = "ziglang" in command
    machine = (target or os.uname().machine).partition("-")[0]
    wanted = levels(machine, library)
    if sanitize:
        wanted = {"sanitized": next(iter(wanted.values()))}
    folder.mkdir(parents=True, exist_ok=True)
    name = digest(library)
    files = [str(path) for path in sources(library) if path.suffix == ".c"]
    if not files:
        return []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
        _headers(library, Path(scratch))

        def one(level: str) -> Path:
            made = Path(scratch, f"{library}-{name}-{level}.so")
            march = wanted[level].replace("-", "_") if zig else wanted[level]
            words = [
                *command,
                *FLAGS,
                *(WARNINGS if not zig else ()),
                f"-I{scratch}",
                f'-DCORE_DECLARED="{declared()}"',
            ]
            words += [f"-march={march}"] if march and not (zig and machine != "x86_64") else []
            words += ["-target", target] if target and zig else []
            words += SANITIZERS if sanitize else ["-Wl,-s"]
            run = _run([*words, *files, "-o", str(made)], Path(scratch))
            if run.returncode:
                raise BuildError(f"{shlex.join(command)} failed:\n{run.stderr}")
            sys.stderr.write(run.stderr)
            return made

        with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
            made = list(pool.map(one, wanted))
        kept = [folder / path.name for path in made]
        for old in folder.glob(f"{library}-*.so"):
            if old not in kept and not sanitize:
                old.unlink(missing_ok=True)
        for path, place in zip(made, kept, strict=True):
            os.replace(path, place)  # whole, or not at all: others may build at the same time
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; return its exit code."""
    parser = argparse.ArgumentParser(description="Build the compiled core.")
    parser.add_argument("libraries", nargs="*", default=list(LIBRARIES), metavar="LIBRARY")
    parser.add_argument("--into", type=Path, help="where the builds go; beside the modules that load them")
    parser.add_argument("--target", help="another machine, as zig cc names it: aarch64-linux-gnu")
    parser.add_argument("--sanitize", action="store_true", help="with checks for wrong memory accesses")
    options = parser.parse_args(arguments)
    try:
        for library in options.libraries:
            if library not in LIBRARIES:
                raise BuildError(f"no library {library}: there are {', '.join(LIBRARIES)}")
            into = options.into or BUILDS[library]
            for path in build(library, into, target=options.target, sanitize=options.sanitize):
                print(path)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
