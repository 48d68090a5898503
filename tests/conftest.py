"""What several test modules share: hard files, the corpus, a watch on the process table."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.families import dimacs, endless
from tests.processes import ROOT, descendants, gone, swept
from tests.proof.outputs import UNSAT

# A busy machine is no reason to fail, neither while an example runs nor while one is made.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

CORPUS = Path(os.environ.get("TURBOSAT_CORPUS", ROOT.parent / "shared" / "corpus"))


@pytest.fixture(scope="session", autouse=True)
def own_place() -> Iterator[None]:
    """Give all that is started a place for temporary files where no other test run's are.

    Its name is short, for Ray's sockets. What tests make themselves stays where pytest keeps it.
    """
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="ts-", dir="/tmp") as place,
    ):
        if "PYTEST_DEBUG_TEMPROOT" not in os.environ:
            patch.setenv("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
        patch.setenv("TMPDIR", place)
        patch.setattr(tempfile, "tempdir", place)
        yield
        assert swept(set())


@pytest.fixture(scope="session", autouse=True)
def hears_interrupts() -> None:
    """Let Ctrl-C and a hangup mean what they do in a terminal: background jobs and nohup are deaf to them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of real files, or skip."""
    if not (CORPUS / "manifest.csv").exists():
        pytest.skip("the corpus is not here")
    return CORPUS


@pytest.fixture(scope="session")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file no lane settles within a test."""
    path = tmp_path_factory.mktemp("hard") / "endless.cnf"
    path.write_text(dimacs(*endless()))
    return path


@pytest.fixture
def no_children_left() -> Iterator[None]:
    """Fail a test that leaves a child process of this one behind."""
    before = descendants(os.getpid())
    yield
    assert gone(descendants(os.getpid()) - before)


@pytest.fixture
def formula(tmp_path: Path) -> Path:
    """Return a file whose refutation Kissat has to look for, in a folder of its own."""
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "f.cnf"
    path.write_text(UNSAT)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return an empty folder, in which the programs run."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder
