"""The build backend: setuptools, and a compiler from the package index where the machine has none."""

import sys
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from turbosat.core.build import FLAGS
from turbosat.core.sources import levels
from turbosat.core.toolchain import BuildError, compiler

COMPILER = "ziglang>=0.13"


def _compiler() -> list[str]:
    try:
        compiler(FLAGS, [*levels().values()][-1])
    except BuildError:
        return [COMPILER]
    return []


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """Return what a wheel needs to be built."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *_compiler()]


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """Return what an editable installation needs to be built."""
    return [*build_meta.get_requires_for_build_editable(config_settings), *_compiler()]
