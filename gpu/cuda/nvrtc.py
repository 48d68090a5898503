"""NVIDIA's run-time compiler by ctypes: CUDA C++ to code for a device, on any machine that has the library.

It comes with the package nvidia-cuda-nvrtc, which CUDA builds of torch bring along, and with CUDA toolkits.
So kernels are compiled where they run, for the very device and the sizes at hand, and no generated code has
to be kept up to date. What the functions do is in NVIDIA's NVRTC documentation.
"""

import ctypes
import ctypes.util
import functools
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from turbosat.errors import DeviceError

TOOLKITS: Final = ("/usr/local/cuda/lib64", "/opt/cuda/lib64")
_OUT, _SIZE, _TEXT = ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t), ctypes.c_char_p
_TEXTS = ctypes.POINTER(ctypes.c_char_p)
_FUNCTIONS: Final = {
    "nvrtcVersion": (ctypes.POINTER(ctypes.c_int),) * 2,
    "nvrtcGetNumSupportedArchs": (ctypes.POINTER(ctypes.c_int),),
    "nvrtcGetSupportedArchs": (ctypes.POINTER(ctypes.c_int),),
    "nvrtcCreateProgram": (_OUT, _TEXT, _TEXT, ctypes.c_int, _TEXTS, _TEXTS),
    "nvrtcCompileProgram": (ctypes.c_void_p, ctypes.c_int, _TEXTS),
    "nvrtcGetProgramLogSize": (ctypes.c_void_p, _SIZE),
    "nvrtcGetProgramLog": (ctypes.c_void_p, _TEXT),
    "nvrtcGetCUBINSize": (ctypes.c_void_p, _SIZE),
    "nvrtcGetCUBIN": (ctypes.c_void_p, _TEXT),
    "nvrtcGetPTXSize": (ctypes.c_void_p, _SIZE),
    "nvrtcGetPTX": (ctypes.c_void_p, _TEXT),
    "nvrtcDestroyProgram": (_OUT,),
}


@dataclass(frozen=True, slots=True)
class Code:
    """What came of a compilation: `image` is a cubin for one architecture, or PTX; `log` what was said."""

    image: bytes
    log: str


class Compiler:
    """The functions of a loaded library."""

    def __init__(self, path: str) -> None:
        try:
            handle = ctypes.CDLL(path)
            self._functions: dict[str, Any] = {}
            for name, types in _FUNCTIONS.items():
                function = handle[name]
                function.restype, function.argtypes = ctypes.c_int, types
                self._functions[name] = function
        except (OSError, AttributeError) as error:
            raise DeviceError(f"NVRTC cannot be used: {error}") from None
        self.path = path

    def _call(self, name: str, *arguments: object) -> None:
        code = self._functions[name](*arguments)
        if code:
            raise DeviceError(f"{name} failed: error {code}", code=code)

    @property
    def version(self) -> tuple[int, int]:
        """The version of CUDA that it belongs to."""
        major, minor = ctypes.c_int(), ctypes.c_int()
        self._call("nvrtcVersion", ctypes.byref(major), ctypes.byref(minor))
        return major.value, minor.value

    @property
    def architectures(self) -> list[int]:
        """The compute capabilities it compiles for, 75 for 7.5, in their order."""
        count = ctypes.c_int()
        self._call("nvrtcGetNumSupportedArchs", ctypes.byref(count))
        found = (ctypes.c_int * count.value)()
        self._call("nvrtcGetSupportedArchs", found)
        return sorted(found)

    def compile(
        self,
        source: str,
        headers: Mapping[str, str],
        capability: tuple[int, int],
        defines: Mapping[str, int],
        options: Sequence[str] = (),
    ) -> Code:
        """Compile for a device of a compute capability, with macros; `headers` by the names they go by.

        A device newer than the library gets PTX, which its driver assembles. DeviceError with the compiler's
        words where the source is wrong, or the device too old.
        """
        wanted, known = capability[0] * 10 + capability[1], self.architectures
        exact = wanted in known
        older = [each for each in known if each <= wanted]
        if not older:
            raise DeviceError(f"NVRTC {self.version[0]} no longer compiles for devices of {capability}")
        target = f"sm_{wanted}" if exact else f"compute_{older[-1]}"
        words = [f"--gpu-architecture={target}", "--std=c++17", *options]
        words += [f"--define-macro={name}={value}" for name, value in defines.items()]
        program = ctypes.c_void_p()
        self._call(
            "nvrtcCreateProgram",
            ctypes.byref(program),
            source.encode(),
            b"kernels.cu",
            len(headers),
            _texts(headers.values()),
            _texts(headers),
        )
        try:
            failed = self._functions["nvrtcCompileProgram"](program, len(words), _texts(words))
            log = self._text(program, "ProgramLog").rstrip(b"\0").decode(errors="replace").strip()
            if failed:
                raise DeviceError(f"NVRTC does not compile the kernels: {log}", code=failed)
            return Code(self._text(program, "CUBIN" if exact else "PTX"), log)
        finally:
            self._functions["nvrtcDestroyProgram"](ctypes.byref(program))

    def _text(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._call(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        text = ctypes.create_string_buffer(max(1, size.value))
        self._call(f"nvrtcGet{what}", program, text)
        return text.raw


def _texts(words: Any) -> Any:
    texts = [word.encode() for word in words]
    return (ctypes.c_char_p * max(1, len(texts)))(*texts)


@functools.cache
def find(newest: int | None = None) -> Compiler | None:
    """Return the newest compiler there is, of CUDA `newest` at most: drivers load no code of a later one."""
    for path in _paths():
        try:
            found = Compiler(path)
        except DeviceError:
            continue
        if newest is None or found.version[0] <= newest:
            return found
    return None


def missing(newest: int | None = None) -> str | None:
    """Return why nothing can be compiled for a driver of CUDA `newest`, None if it can."""
    if find(newest):
        return None
    which = "" if newest is None else f" for CUDA {newest}"
    return f"there is no NVRTC{which}: pip install nvidia-cuda-nvrtc"


def _paths() -> Iterator[str]:
    """Yield where the library may be: packages first, as they belong to this Python, newest first."""
    try:
        package = importlib.util.find_spec("nvidia")
    except (ImportError, ValueError):
        package = None
    folders = package.submodule_search_locations if package and package.submodule_search_locations else []
    found = [path for folder in folders for path in Path(folder).glob("*/lib/libnvrtc.so.[0-9]*")]
    yield from map(
        str, sorted((path for path in found if ".alt" not in path.name), key=_number, reverse=True)
    )
    system = ctypes.util.find_library("nvrtc")
    if system:
        yield system
    for folder in TOOLKITS:
        if Path(folder, "libnvrtc.so").exists():
            yield str(Path(folder, "libnvrtc.so"))


def _number(path: Path) -> list[int]:
    return [int(word) for word in path.name.partition(".so.")[2].split(".") if word.isdigit()]
