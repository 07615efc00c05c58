from __future__ import annotations

from pathlib import Path

import homes
import pytest

from instrumented_make.reporter.config_dir import ConfigDir


@pytest.fixture
def home(tmp_path: Path) -> ConfigDir:
    """An empty config directory."""
    home = ConfigDir(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def config_dir(tmp_path: Path) -> ConfigDir:
    """A config directory whose owner agreed to keep events on the machine."""
    return homes.that_records(tmp_path / "config")
