"""Instances from the Global Benchmark Database: by hash, track or query; resumed, checked, several at a time.

The database serves lists of addresses (getinstances?query=…&context=cnf) and files (file/HASH?context=cnf), a
file under the MD5 of its normalised formula: Iser, Jabs, Global Benchmark Database, SAT 2024.
"""

from __future__ import annotations

import http.client
import os
import queue
import re
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO

from turbosat.benchmarks.gbd_hash import gbd_hash
from turbosat.errors import InputError, TurbosatError, UsageError

URL = "https://benchmark-database.de"
VARIABLE = "TURBOSAT_BENCHMARKS_URL"  # names another server
CHUNK = 1 << 18  # bytes
TIMEOUT = 60.0  # seconds without a byte
LONGEST_LIST = 1 << 26  # bytes
GLANCE = 0.1  # seconds between two looks for Ctrl-C, which does not end a wait that it comes just before

_HASH = re.compile(r"[0-9a-f]{32}")
_LISTED = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_NAME = re.compile(r"[^\w.+-]")
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504))
_CONNECTION = (urllib.error.URLError, ConnectionError, TimeoutError, ssl.SSLError, http.client.HTTPException)


class FetchError(TurbosatError):
    """A file or a list that could not be fetched, and why."""


@dataclass(slots=True)
class Progress:
    """How far a fetch is; threads add to it under the lock."""

    files: int = 0
    done: int = 0
    bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, done: int = 0, bytes: int = 0) -> None:
        """Count finished files and bytes received."""
        with self.lock:
            self.done += done
            self.bytes += bytes


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of a fetch, in the order asked for, and the errors by hash."""

    files: list[Path]
    errors: dict[str, str]


def server(url: str | None = None) -> str:
    """Return the address of the database: `url`, else $TURBOSAT_BENCHMARKS_URL, else the public one."""
    chosen = (url or os.environ.get(VARIABLE) or URL).rstrip("/")
    if not chosen.startswith(("http://", "https://")):
        raise UsageError(f"expected an address http://… or https://…, found {chosen!r:.80}")
    return chosen


def hashes(wanted: Iterable[str], base: str) -> list[str]:
    """Return the hashes that are meant: by themselves, in list files, or by tracks and queries at the server.

    A query has a sign of comparison, as "family = hardware-bmc"; a bare word is a track. UsageError for what
    is none of these, FetchError where the server does not answer.
    """
    found: dict[str, None] = {}
    for word in wanted:
        if _HASH.fullmatch(word.lower()):
            found[word.lower()] = None
        elif Path(word).is_file():
            listed = _LISTED.findall(Path(word).read_text(encoding="utf-8", errors="replace").lower())
            if not listed:
                raise InputError(word, None, "expected a list with hashes of 32 hexadecimal digits")
            found |= dict.fromkeys(listed)
        elif re.search(r"[=<>]| like ", word) or re.fullmatch(r"\w+", word):
            query = word if re.search(r"[=<>]| like ", word) else f"track={word}"
            listed = _LISTED.findall(_listing(f"{base}/getinstances?{_query(query=query)}").lower())
            if not listed:
                raise FetchError(f"the database has no instances with {query}")
            found |= dict.fromkeys(listed)
        else:
            raise UsageError(f"expected a hash, a file with hashes, a track or a query, found {word!r:.80}")
    return list(found)


def fetch(
    wanted: Sequence[str],
    folder: Path,
    *,
    base: str | None = None,
    jobs: int = 4,
    attempts: int = 5,
    pause: float = 1.0,
    progress: Progress | None = None,
) -> Fetched:
    """Fetch instances into a folder as HASH-NAME; what is there stays, what was begun is continued.

    A file gets its name only when its content has the hash asked for; until then it is HASH.part. After an
    error that may pass, `attempts` times in all, it goes on after `pause` seconds, twice as many each time.
    """
    address = server(base)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = hashes(wanted, address)
    state = progress or Progress()
    state.files = len(chosen)
    present = {
        path.name[:32]: path
        for path in sorted(folder.iterdir())
        if _HASH.fullmatch(path.name[:32]) and path.suffix != ".part"
    }
    stop = threading.Event()
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for key in chosen:
        waiting.put(key)
    files: dict[str, Path] = {}
    errors: dict[str, str] = {}

    def work() -> None:
        while not stop.is_set():
            try:
                key = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                download = _Download(address, key, folder, state, stop)
                files[key] = present[key] if key in present else download.run(attempts, pause)
            except (FetchError, InputError, OSError) as error:
                errors[key] = str(error)
            state.add(done=1)

    # Daemons: an interruption does not wait for a server that has fallen silent.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(jobs, len(chosen)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(GLANCE)
    finally:
        stop.set()
    return Fetched([files[key] for key in chosen if key in files], errors)


class _Stopped(Exception):
    """The fetch was interrupted: the part stays."""


class _Passing(Exception):
    """An error that may pass."""


@dataclass(frozen=True, slots=True)
class _Download:
    base: str
    hash: str
    folder: Path
    progress: Progress
    stop: threading.Event

    @property
    def part(self) -> Path:
        return self.folder / f"{self.hash}.part"

    def run(self, attempts: int, pause: float) -> Path:
        """Return the file, complete and checked."""
        for attempt in range(1, attempts + 1):
            try:
                name = self._receive()
                return self._checked(name)
            except _Passing as error:
                if attempt == attempts:
                    raise FetchError(f"{self.hash}: {error}, {attempts} times") from None
                if self.stop.wait(pause * 2 ** (attempt - 1)):
                    raise FetchError(f"{self.hash}: interrupted") from None
            except _Stopped:
                raise FetchError(f"{self.hash}: interrupted") from None
        raise FetchError(f"{self.hash}: no attempt was made")

    def _receive(self) -> str:
        """Receive what is missing of the part, and return the file's name as the server tells it."""
        begun = self.part.stat().st_size if self.part.exists() else 0
        request = _request(f"{self.base}/file/{self.hash}?{_query()}")
        if begun:
            request.add_header("Range", f"bytes={begun}-")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                name = answer.headers.get_filename() or f"{self.hash}.cnf"
                if begun and (answer.status != 206 or not _starts_at(answer.headers, begun)):
                    begun = 0  # the server sends all of it
                length = answer.headers.get("Content-Length")
                with open(self.part, "ab" if begun else "wb") as target:
                    received = self._copy(answer, target)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416:  # nothing is missing, or the part is longer than the file
                    if _total(error.headers) == begun:
                        return error.headers.get_filename() or f"{self.hash}.cnf"
                    self.part.unlink()
                    raise _Passing("the part did not fit") from None
                if error.code in _TRANSIENT:
                    raise _Passing(f"the server answered {error.code} {error.reason}") from None
                raise FetchError(f"{self.hash}: the server answered {error.code} {error.reason}") from None
        except _CONNECTION as error:
            raise _Passing(f"the connection failed: {_reason(error)}") from None
        if length is not None and received < int(length):
            raise _Passing(f"the connection ended after {received} of {length} bytes")
        return name

    def _copy(self, answer: http.client.HTTPResponse, target: IO[bytes]) -> int:
        received = 0
        while block := answer.read1(CHUNK):
            target.write(block)
            received += len(block)
            self.progress.add(bytes=len(block))
            if self.stop.is_set():
                raise _Stopped
        return received

    def _checked(self, name: str) -> Path:
        """Give the part its name if its content has the hash, else throw it away."""
        try:
            found = gbd_hash(self.part)
        except InputError as error:
            found = error.message
        if found != self.hash:
            self.part.unlink()
            raise _Passing(f"the file is another one or broken: {found}")
        plain = _NAME.sub("_", Path(name).name).removeprefix(f"{self.hash}-")
        target = self.folder / f"{self.hash}-{plain}"
        if plain.startswith(self.hash):
            target = self.folder / plain
        os.replace(self.part, target)
        return target


def draw(progress: Progress, began: float, columns: int) -> str:
    """Return one line: a bar of the files that are done, their number, megabytes and megabytes a second."""
    rate = progress.bytes / 1e6 / max(time.monotonic() - began, 1e-9)
    figures = f" {progress.done}/{progress.files} files, {progress.bytes / 1e6:.1f} MB, {rate:.1f} MB/s"
    width = max(0, columns - len(figures) - 3)
    full = width * progress.done // max(1, progress.files)
    return f"[{'#' * full}{'.' * (width - full)}]{figures}"[: max(0, columns - 1)]


def watched(progress: Progress, stream: IO[str], columns: Callable[[], int]) -> Callable[[], None]:
    """Show the progress on a terminal, ten times a second, until the function returned is called."""
    began, over = time.monotonic(), threading.Event()

    def show() -> None:
        while not over.wait(0.1):
            stream.write("\r" + draw(progress, began, columns()))
            stream.flush()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()

    def end() -> None:
        over.set()
        thread.join()
        stream.write("\r" + draw(progress, began, columns()) + "\n")
        stream.flush()

    return end


def _query(**values: str) -> str:
    return urllib.parse.urlencode({**values, "context": "cnf"})


def _request(url: str) -> urllib.request.Request:
    return urllib.request.Request(
        url, headers={"User-Agent": "turbosat-bench", "Accept-Encoding": "identity"}
    )


def _listing(url: str) -> str:
    try:
        with urllib.request.urlopen(_request(url), timeout=TIMEOUT) as answer:
            data: bytes = answer.read(LONGEST_LIST)
            return data.decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            raise FetchError(f"{url}: the server answered {error.code} {error.reason}") from None
    except _CONNECTION as error:
        raise FetchError(f"{url}: the connection failed: {_reason(error)}") from None


def _starts_at(headers: Message, place: int) -> bool:
    match = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
    return match is not None and int(match[1]) == place


def _total(headers: Message) -> int:
    match = re.search(r"/(\d+)$", headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", error)) or type(error).__name__
