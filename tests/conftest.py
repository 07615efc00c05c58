from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture import Capture
from hypothesis import HealthCheck, settings
from workbench import MAKES, NOT_INSTALLED, Workbench, make_name

ROOT = Path(__file__).resolve().parents[1]

# Tests already run in parallel. NumPy reads this at import.
os.environ["OPENBLAS_NUM_THREADS"] = "1"


def pytest_configure() -> None:
    """Restore the default signal handlers: what a background shell or nohup ignores, every child would ignore too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    # Examples that are the same each time, however busy the machine is; each has a folder for all of its examples.
    settings.register_profile(
        "here", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    settings.load_profile("here")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--all``, which ``make test.all`` uses."""
    parser.addoption("--all", action="store_true", help="run every case: those that are thorough or sampled as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without ``--all``, leave out what is ``thorough``, and of what is ``sampled`` all but some cases, evenly spread.

    What is neither runs with the first make only. A test that is named on the command line runs in full.
    """
    if config.getoption("--all") or any("::" in argument for argument in config.args):
        return
    cases: dict[tuple[Path, str], list[pytest.Item]] = {}
    out: set[pytest.Item] = set()
    for item in items:
        if item.get_closest_marker("sampled"):
            cases.setdefault((item.path, getattr(item, "originalname", item.name)), []).append(item)
        elif item.get_closest_marker("thorough") or _params(item).get("make") in MAKES[1:]:
            out.add(item)
    for same in cases.values():
        mark = same[0].get_closest_marker("sampled")
        assert mark is not None
        number = min(mark.args[0], len(same))
        out |= set(same) - {same[place * len(same) // number] for place in range(number)}
    config.hook.pytest_deselected(items=[item for item in items if item in out])
    items[:] = [item for item in items if item not in out]


def _params(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line with what was missing for the skipped tests, and how to install it."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()) if report.longrepr]
    wanting = [reason.removeprefix("Skipped: ") for reason in reasons if reason.endswith(NOT_INSTALLED)]
    if wanting:
        tools = ", ".join(sorted({reason.removesuffix(NOT_INSTALLED) for reason in wanting}))
        terminalreporter.write_line(
            f"{len(wanting)} tests were skipped because {tools} are missing: sudo bash .ci/install"
        )


@pytest.fixture(autouse=True)
def _no_real_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test an empty home directory, so that none can reach the real one."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("nobody")))
    for name in ("XDG_CONFIG_HOME", "MAKEFLAGS", "MAKELEVEL", "CI", "DO_NOT_TRACK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this version: the one that ``make test`` has built, or else a new one."""
    folder = ROOT / "build" / "dist"
    if "INSTALLED" not in os.environ:
        folder = tmp_path_factory.mktemp("wheels")
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture
def server() -> Iterator[Capture]:
    with Capture() as capture:
        yield capture


@pytest.fixture(params=MAKES, ids=lambda path: f"make-{make_name(path)}")
def make(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A workbench with the Debian make."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "home").mkdir()
    workbench = Workbench(tmp_path / "tree", tmp_path / "home")
    yield workbench
    workbench.stop_reporters()


@pytest.fixture
def each_make(bench: Workbench, make: str) -> Workbench:
    """The same, once for each available make."""
    bench.make = make
    return bench
