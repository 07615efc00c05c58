"""Shows what was measured, and keeps it as data: one file for each release and benchmark, in ``benchmarks/results``."""

from __future__ import annotations

import json
import os
import platform
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.table import Table

from instrumented_make import __version__

FOLDER = Path(__file__).resolve().parent / "results"


class Results:
    """What one benchmark has shown."""

    def __init__(self, name: str, width: int) -> None:
        self._name = name
        self._console = Console(width=width)
        self._tables: list[dict[str, object]] = []
        self._sentences: list[str] = []

    def show(self, found: Table | str) -> None:
        """Print a table or a sentence, and remember it."""
        self._console.print(found)
        if isinstance(found, str):
            self._sentences.append(found.strip())
            return
        columns = [list(column.cells) for column in found.columns]
        names = [str(column.header) for column in found.columns]
        rows = [[str(cell) for cell in row] for row in zip(*columns, strict=True)]
        self._tables.append({"title": str(found.title or ""), "columns": names, "rows": rows})

    def keep(self) -> Path:
        """Write what was shown to the file of this release, with what the machine is."""
        document = {
            "benchmark": self._name,
            "version": __version__,
            "date": datetime.now(timezone.utc).date().isoformat(),
            "machine": {"cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
            "tables": self._tables,
            "sentences": self._sentences,
        }
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"{__version__}-{self._name}.json"
        path.write_text(json.dumps(document, indent=2) + "\n")
        return path
