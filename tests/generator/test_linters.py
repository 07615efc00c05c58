"""What init and render write is green under the linters that teams run on everything, with their defaults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.catalog import load
from instrumented_make import __version__

WORDS = "words of a help text: they go on for longer than a line should be # and are quoted 'here'"
MAKEFILES = {
    "short": "up: ; @echo up\n",
    "long": f".PHONY: up\nup: ## {WORDS} {WORDS}\n\t@echo up\nsh: ; docker exec -it x sh\n",
    "stems": "dev.up.%: ## Start\n\t@echo $*\n",
    "a name like a value": "yes on 1.0: ; @echo $@\nno: ## yes\n\t@:\n",
}


@pytest.fixture(params=MAKEFILES)
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("Makefile").write_text(MAKEFILES[request.param])
    stems = " ".join(f"make dev.up.a-long-stem-{number}" for number in range(9))
    Path("README.md").write_text(f"```\n{stems}\n```\n")
    wheels = Path("wheels")
    wheels.mkdir()
    for system in ("musllinux_1_2_aarch64", "macosx_11_0_arm64"):
        (wheels / f"instrumented_make-{__version__}-py3-none-{system}.whl").write_text(system)
    assert main(["init"]) == 0
    assert main(["render", "--wheels", "wheels"]) == 0
    return folder


def test_yamllint_is_content(project: Path) -> None:
    """Without a warning; what is said is what was there."""
    done = subprocess.run(
        [sys.executable, "-m", "yamllint", "--strict", "targets.yaml"], check=False, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("", 0)
    assert all(target.help is None or "\n" not in target.help for target in load(project / "targets.yaml").targets)


def test_a_formatter_of_makefiles_changes_nothing(project: Path) -> None:
    """But the end of the last line, which mbake by default removes from every makefile."""
    include = project / "Makefile.instrumented"
    before = include.read_text()
    mbake = [sys.executable, "-m", "mbake", "format", "Makefile.instrumented"]
    subprocess.run(mbake, capture_output=True, check=True)
    assert include.read_text().rstrip("\n") == before.rstrip("\n")


def test_editorconfig_is_content(project: Path) -> None:
    """LF, UTF-8, a final newline, no blanks at the end of a line, no tabs but in recipes."""
    for name in ("targets.yaml", "Makefile.instrumented"):
        text = (project / name).read_bytes().decode("utf-8")
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert not [line for line in text.split("\n") if line != line.rstrip()]
        assert "\t" not in text
