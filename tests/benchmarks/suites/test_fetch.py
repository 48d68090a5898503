"""Fetching from a local server that drops connections, lies, fails and comes back."""

import hashlib
import io
import lzma
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.families import dimacs, random_ksat
from tests.processes import LATE, ROOT, eventually
from turbosat.benchmarks.suites import fetch as fetching
from turbosat.benchmarks.suites.fetch import FetchError, Progress, draw, fetch, server
from turbosat.errors import InputError, UsageError


def formula(seed: int, variables: int = 60) -> tuple[str, bytes]:
    """Return the GBD hash of a formula, computed from its words, and its compressed file."""
    text = f"c number {seed}\n" + dimacs(*random_ksat(variables, 4 * variables, seed=seed))
    words = " ".join(word for line in text.splitlines()[2:] for word in line.split())
    return hashlib.md5(words.encode()).hexdigest(), lzma.compress(text.encode())


class Database(ThreadingHTTPServer):
    """Serves files by hash and tracks by name; `trouble` is what to do wrong, answer after answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.tracks: dict[str, list[str]] = {}
        self.trouble: dict[str, list[str]] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.ranges = True
        self.active = self.most = 0
        self.lock = threading.Lock()
        self.slow = 0.0
        self.together = 1  # answers that wait for each other
        self.met = threading.Condition(self.lock)
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, seed: int, variables: int = 60) -> str:
        key, data = formula(seed, variables)
        self.files[key] = data
        return key


class Handler(BaseHTTPRequestHandler):
    server: Database

    def do_GET(self) -> None:
        with self.server.met:
            self.server.active += 1
            self.server.most = max(self.server.most, self.server.active)
            self.server.met.notify_all()
            self.server.met.wait_for(lambda: self.server.most >= self.server.together, LATE)
        try:
            self.answer()
        finally:
            with self.server.lock:
                self.server.active -= 1

    def answer(self) -> None:
        parts = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(parts.query)
        assert query["context"] == ["cnf"]
        if parts.path == "/getinstances":
            self.list(query["query"][0])
            return
        key = parts.path.rpartition("/")[2]
        self.server.asked.append((key, self.headers.get("Range")))
        time.sleep(self.server.slow)
        trouble = self.server.trouble.get(key)
        action = trouble.pop(0) if trouble else "fine"
        if key not in self.server.files or action.isdigit():
            self.send_error(int(action) if action.isdigit() else 404)
            return
        data = self.server.files[key]
        if action == "wrong":
            data = formula(999)[1]
        elif action == "garbage":
            data = b"\xfd7zXZ\0" + b"?" * 100
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        total = len(data)
        if self.server.ranges and start >= total:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{total}")
            self.send_header("Content-Disposition", f"attachment; filename={key}-small.cnf.xz")
            self.end_headers()
            return
        ranged = self.server.ranges and start > 0
        data = data[start:] if ranged else data
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        name = "../../evil name.cnf.xz" if action == "evil" else f"{key}-small.cnf.xz"
        self.send_header("Content-Disposition", f'attachment; filename="{name}"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if action in ("drop", "silent") else data)
        if action == "silent":
            self.wfile.flush()
            self.server.over.wait(10 * LATE)

    def list(self, query: str) -> None:
        track = query.partition("=")[2].strip()
        lines = [
            f"http://elsewhere.example/file/{key}?context=cnf" for key in self.server.tracks.get(track, [])
        ]
        self.send_response(200 if track != "broken" else 500)
        self.end_headers()
        self.wfile.write("\n".join(lines).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def database() -> Iterator[Database]:
    with Database() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.over.set()
        running.shutdown()
        thread.join()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_track_is_fetched_and_kept(database: Database, tmp_path: Path) -> None:
    keys = [database.add(seed) for seed in range(6)]
    database.tracks["main_2024"] = keys
    progress = Progress()
    result = fetch(["main_2024", keys[0].upper()], tmp_path, base=database.url, progress=progress)
    assert result.errors == {}
    assert result.files == [tmp_path / f"{key}-small.cnf.xz" for key in keys]
    assert [path.read_bytes() for path in result.files] == [database.files[key] for key in keys]
    assert (progress.files, progress.done) == (6, 6)
    assert progress.bytes == sum(map(len, database.files.values()))
    database.asked.clear()
    again = fetch(["track = main_2024"], tmp_path, base=database.url)
    assert (again, database.asked) == (result, [])


def test_dropped_connections_are_resumed(database: Database, tmp_path: Path) -> None:
    key = database.add(1, 4000)
    database.trouble[key] = ["drop", "503", "drop"]
    result = fetch([key], tmp_path, base=database.url, pause=0.01)
    assert result.files[0].read_bytes() == database.files[key]
    half = len(database.files[key]) // 2
    quarter = (len(database.files[key]) - half) // 2
    ranges = [None, f"bytes={half}-", f"bytes={half}-", f"bytes={half + quarter}-"]
    assert database.asked == [(key, each) for each in ranges]
    assert names(tmp_path) == [f"{key}-small.cnf.xz"]


def test_parts_of_earlier_runs_are_continued(database: Database, tmp_path: Path) -> None:
    key, other, whole = (database.add(seed, 4000) for seed in (1, 2, 3))
    (tmp_path / f"{key}.part").write_bytes(database.files[key][:1000])
    (tmp_path / f"{other}.part").write_bytes(b"not the beginning")  # the checksum finds out
    (tmp_path / f"{whole}.part").write_bytes(database.files[whole])
    result = fetch([key, other, whole], tmp_path, base=database.url, jobs=1, pause=0.01)
    assert [path.read_bytes() for path in result.files] == [database.files[k] for k in (key, other, whole)]
    asked = [(key, "bytes=1000-"), (other, "bytes=17-"), (other, None)]
    assert database.asked == [*asked, (whole, f"bytes={len(database.files[whole])}-")]


def test_part_longer_than_the_file_is_thrown_away(database: Database, tmp_path: Path) -> None:
    key = database.add(1)
    (tmp_path / f"{key}.part").write_bytes(database.files[key] + b"more")
    assert fetch([key], tmp_path, base=database.url, pause=0.01).errors == {}
    assert names(tmp_path) == [f"{key}-small.cnf.xz"]


def test_servers_without_ranges_send_all_again(database: Database, tmp_path: Path) -> None:
    database.ranges = False
    key = database.add(1, 4000)
    database.trouble[key] = ["drop"]
    assert fetch([key], tmp_path, base=database.url, pause=0.01).errors == {}
    assert [each for _, each in database.asked] == [None, f"bytes={len(database.files[key]) // 2}-"]
    assert names(tmp_path) == [f"{key}-small.cnf.xz"]


@pytest.mark.parametrize("lie", ["wrong", "garbage"])
def test_wrong_content_is_never_kept(lie: str, database: Database, tmp_path: Path) -> None:
    key, good = database.add(1), database.add(2)
    database.trouble[key] = [lie] * 2
    result = fetch([key, good], tmp_path, base=database.url, attempts=2, pause=0.01)
    assert "the file is another one or broken" in result.errors[key]
    assert names(tmp_path) == [f"{good}-small.cnf.xz"]
    assert fetch([key], tmp_path, base=database.url).errors == {}


def test_missing_files_are_not_tried_again(database: Database, tmp_path: Path) -> None:
    good, missing = database.add(1), "0" * 32
    result = fetch([missing, good], tmp_path, base=database.url)
    assert result.errors == {missing: f"{missing}: the server answered 404 Not Found"}
    assert names(tmp_path) == [f"{good}-small.cnf.xz"]
    assert [key for key, _ in database.asked].count(missing) == 1


def test_servers_cannot_choose_the_folder(database: Database, tmp_path: Path) -> None:
    key = database.add(1)
    database.trouble[key] = ["evil"]
    result = fetch([key], tmp_path / "in", base=database.url)
    assert result.files == [tmp_path / "in" / f"{key}-evil_name.cnf.xz"]
    assert names(tmp_path) == ["in"]


def test_several_at_a_time(database: Database, tmp_path: Path) -> None:
    keys = [database.add(seed) for seed in range(8)]
    database.together = 4
    fetch(keys, tmp_path, base=database.url, jobs=4)
    assert database.most == 4


def test_lists_are_read(database: Database, tmp_path: Path) -> None:
    keys = [database.add(seed) for seed in range(3)]
    listing = tmp_path / "some.uri"
    listing.write_text("".join(f"http://x.example/file/{key}?context=cnf\n" for key in keys))
    result = fetch([str(listing)], tmp_path / "files", base=database.url)
    assert len(result.files) == 3


def test_nonsense_is_refused(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.write_text("nothing\n")
    with pytest.raises(InputError, match="expected a list with hashes"):
        fetch([str(empty)], tmp_path, base=database.url)
    with pytest.raises(UsageError, match="expected a hash, a file"):
        fetch(["no/such/file"], tmp_path, base=database.url)
    with pytest.raises(FetchError, match="no instances with track=nothing"):
        fetch(["nothing"], tmp_path, base=database.url)
    with pytest.raises(FetchError, match="the server answered 500"):
        fetch(["broken"], tmp_path, base=database.url)
    with pytest.raises(UsageError, match="expected an address"):
        server("file:///etc/passwd")
    with pytest.raises(FetchError, match="the connection failed"):
        fetch(["main_2024"], tmp_path, base="http://127.0.0.1:9")
    monkeypatch.setenv(fetching.VARIABLE, "http://mirror.example/")
    assert server() == "http://mirror.example"
    monkeypatch.delenv(fetching.VARIABLE)
    assert server() == "https://benchmark-database.de"


def test_full_disk_is_no_connection_error(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = database.add(1)
    (tmp_path / f"{key}.part").mkdir()
    result = fetch([key], tmp_path, base=database.url)
    assert "Is a directory" in result.errors[key]


@pytest.mark.parametrize("columns", [10, 40, 80, 200])
def test_bar_fits_the_terminal(columns: int) -> None:
    for done in (0, 3, 7):
        line = draw(Progress(7, done, 123_456_789), time.monotonic() - 1, columns)
        assert len(line) < columns
        if columns >= 80:
            assert f" {done}/7 files, 123.5 MB, " in line
            assert line.count("#") == (line.count("#") + line.count(".") - 2) * done // 7


def test_bar_ends_with_the_last_state() -> None:
    stream, progress = io.StringIO(), Progress(2)
    end = fetching.watched(progress, stream, lambda: 60)
    time.sleep(0.25)
    progress.add(done=2, bytes=10)
    end()
    lines = stream.getvalue().split("\r")
    assert len(lines) >= 3
    assert lines[-1].endswith("\n")
    assert " 2/2 files" in lines[-1]


def command(database: Database, folder: Path, *words: str) -> list[str]:
    start = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "fetch", *words]
    return [*start, "--url", database.url, "-o", str(folder)]


def test_command(database: Database, tmp_path: Path) -> None:
    key, missing = database.add(1), "f" * 32
    run = [*command(database, tmp_path, key, missing), "--attempts", "1"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == f"{tmp_path}/{key}-small.cnf.xz\n"
    assert done.stderr == (
        f"{missing}: the server answered 404 Not Found\n"
        "turbosat-bench: error: 1 of 2 files could not be fetched\n"
    )


def test_interruption_leaves_a_part_to_continue(database: Database, tmp_path: Path) -> None:
    key = database.add(1, 4000)
    database.trouble[key] = ["silent"]
    with subprocess.Popen(
        command(database, tmp_path, key), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert eventually((tmp_path / f"{key}.part").exists)
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=LATE)
    assert process.returncode in (1, 130)
    assert "Traceback" not in shown
    assert fetch([key], tmp_path, base=database.url).errors == {}
    assert names(tmp_path) == [f"{key}-small.cnf.xz"]


def test_an_interrupt_that_wakes_nobody_is_heard(database: Database, tmp_path: Path) -> None:
    """It comes just before a wait; here another thread has it, and this one is told nothing."""
    key = database.add(1)
    database.trouble[key] = ["silent"]

    def interrupt() -> None:
        eventually((tmp_path / f"{key}.part").exists)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fetch([key], tmp_path, base=database.url)
    assert time.monotonic() - begun < LATE
    thread.join()


def test_command_shows_a_bar_on_a_terminal(database: Database, tmp_path: Path) -> None:
    key = database.add(1)
    database.slow = 0.5
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(database, tmp_path, key), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        assert process.wait(60) == 0
    os.close(theirs)
    shown = b""
    try:
        while block := os.read(ours, 1 << 16):
            shown += block
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert re.search(rb"\r\[\.+\] 0/1 files", shown)
    assert re.search(rb"\r\[#+\] 1/1 files", shown)
