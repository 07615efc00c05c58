"""A project's own modules do not shadow the generator's, whatever they are called."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest
from workbench import CATALOG, HANG_S, SYSTEM_PATH

ROOT = Path(__file__).resolve().parents[2]
# Names that projects really use, equal to modules of this project, of libraries and of the standard library.
NAMES = ["reporter", "figures", "properties", "errors", "files", "text", "click", "jinja2", "platform", "copy", "json"]
COMMANDS = [
    ["render"],
    ["render", "--check"],
    ["list"],
    ["check"],
    ["doc", "--output", "dictionary.md"],
    ["schema"],
    ["add", "more"],
    ["remove", "more"],
    ["init", "other"],
    ["report", "events.jsonl"],
]
EVENT = (
    '{"messageId": "a", "userId": "u", "properties": {"command": "one", "duration_ms": 1, "exit_status": 0,'
    ' "start_time": "2026-01-01T00:00:00+00:00", "is_test": "false"}}\n'
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project full of modules that raise when they are imported."""
    for package in ("analysis", "report", "instrumented_make", "templates"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(f"raise SystemExit('{package} of the project was imported')\n")
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name}.py of the project was imported')\n")
    (tmp_path / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets="  - one\n"))
    (tmp_path / "Makefile").write_text("include Makefile.instrumented\none more: ; @:\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "Makefile").write_text("one: ; @:\n")
    (tmp_path / "events.jsonl").write_text(EVENT * 5)
    return tmp_path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this project's packages, like the site-packages of an environment that has it installed."""
    folder = tmp_path_factory.mktemp("site")
    for package in ("generator", "instrumented_make", "templates"):
        (folder / package).symlink_to(ROOT / package)
    return folder


def test_every_command_runs_beside_modules_of_the_same_names(project: Path, site: Path) -> None:
    """As ``python -m generator``, which puts the current folder first on the path."""
    for command in COMMANDS:
        result = subprocess.run(
            [sys.executable, "-m", "generator", *command],
            cwd=project,
            env={"PATH": SYSTEM_PATH, "PYTHONPATH": str(site), "HOME": str(project)},
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_S,
        )
        assert result.returncode == 0, (command, result.stdout, result.stderr)


def test_rendering_imports_neither_the_report_nor_the_reporter() -> None:
    """A render starts in a fraction of the time that a report takes."""
    program = "import sys; from generator.__main__ import main; main(['render', '--check']); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(result.stdout.splitlines()[-1].split())
    assert not {"pandas", "scipy", "numpy", "ibis", "duckdb"} & loaded
    assert not [name for name in loaded if name.startswith(("instrumented_make.report",))]


def test_the_wheel_contains_everything_it_needs(tmp_path: Path, project: Path, wheel: Path) -> None:
    """Installed into a new environment, it renders beside modules of the same names, and has a recorder that starts."""
    assert not wheel.name.endswith("-any.whl"), "it is for one kind of system"
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    [packages] = (tmp_path / "venv").glob("lib/python*/site-packages")
    python = tmp_path / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*install, str(wheel)], check=True)
    # Its dependencies come from the environment of these tests: nothing is downloaded.
    here = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "dependencies.pth").write_text(here + "\n")
    where = [str(python), "-c", "import generator; print(generator.__file__)"]
    assert subprocess.check_output(where, cwd=tmp_path, text=True).startswith(str(packages))
    (project / "Makefile.instrumented").unlink(missing_ok=True)
    subprocess.run([python, "-m", "generator", "render"], cwd=project, check=True, capture_output=True)
    assert (project / "Makefile.instrumented").exists()
    command = [str(python), "-m", "generator", "run", "--", "echo", "started"]
    assert subprocess.check_output(command, cwd=project, text=True) == "started\n"
