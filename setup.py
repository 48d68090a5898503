"""What pyproject.toml cannot say: the core is compiled when turbosat is built, for all Pythons alike."""

import compileall
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from turbosat.core.build import build  # noqa: E402
from turbosat.core.sources import BUILDS  # noqa: E402
from turbosat.core.toolchain import BuildError  # noqa: E402


class BuildWithCore(build_py):
    """The modules, and the libraries beside those that load them."""

    def run(self) -> None:
        """Copy the modules and build the libraries; an editable installation has them in the tree.

        There modules are compiled, too, as pip does for a wheel: a start takes 0.1 s longer where it has to,
        and it has to each time where Python is told to write no bytecode.
        """
        super().run()
        for library, place in BUILDS.items():
            into = place if self.editable_mode else Path(self.build_lib, place.relative_to(ROOT))
            try:
                build(library, into)
            except BuildError as error:
                raise SystemExit(f"turbosat: {error}") from None
        if self.editable_mode:
            for folder in places.values():
                compileall.compile_dir(ROOT / folder, maxlevels=0, quiet=2)


class WheelForAllPythons(bdist_wheel):
    """A wheel with libraries of one platform, which know nothing of Python's version."""

    def finalize_options(self) -> None:
        """Say that it is of one platform."""
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        """Return the tag of every Python 3."""
        return "py3", "none", super().get_tag()[2]


def packages() -> dict[str, str]:
    """Return the folder of every package: those at the root are parts of turbosat, too."""
    found = {}
    for part in ("turbosat", "gpu", "cdcl", "encodings", "benchmarks"):
        for folder in (ROOT / part, *(ROOT / part).rglob("*/")):
            place = folder.relative_to(ROOT)
            linked = any(each.is_symlink() for each in (folder, *folder.parents))
            if not linked and any(folder.glob("*.py")):
                name = ".".join(place.parts)
                found[name if part == "turbosat" else f"turbosat.{name}"] = place.as_posix()
    return found


places = packages()
setup(
    packages=sorted(places),
    package_dir=places,
    cmdclass={"build_py": BuildWithCore, "bdist_wheel": WheelForAllPythons},
)
