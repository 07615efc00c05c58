"""What the operator is told while the collector runs: one line each, on standard error."""

from __future__ import annotations

import sys
import time

from instrumented_make.collector.writer import Writer
from instrumented_make.times import minute


def say(line: str) -> None:
    """Tell the operator."""
    print(f"{minute(time.time())} {line}", file=sys.stderr, flush=True)


class Counts:
    """Tells what was kept and what was not since it told last, if anything was."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._kept, self._left = writer.kept, writer.left.copy()

    def tell(self) -> None:
        """Tell it in one line."""
        kept, left = self._writer.kept - self._kept, self._writer.left - self._left
        self._kept, self._left = self._writer.kept, self._writer.left.copy()
        parts = [f"{reason} ({count:,})" for reason, count in sorted(left.items())]
        if kept or parts:
            say(f"kept {kept:,} events" + (f"; not kept: {', '.join(parts)}" if parts else ""))
