from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from collecting import Collecting, write_catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog with a plain target, a pattern and its stems."""
    return write_catalog(tmp_path / "targets.yaml")


@pytest.fixture
def collecting(catalog: Path, tmp_path: Path) -> Iterator[Collecting]:
    """A collector that runs, in a process of its own, with a new folder."""
    with Collecting(catalog, str(tmp_path / "metrics")) as running:
        yield running
