"""Shows progress on stderr once the work takes longer than two seconds."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

PATIENCE_S = 2.0


class Steps:
    """Work in several steps, used as a context manager; :meth:`begin` names the next step.

    A terminal shows a bar that disappears at the end; any other output gets one line per step.
    """

    def __init__(self, console: Console | None = None, patience_s: float = PATIENCE_S) -> None:
        """``console``: where to show the steps; standard error if None."""
        self._console = console
        self._bar: Progress | None = None
        self._begun_s = time.monotonic()
        self._name = ""
        self._is_visible = self._over = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(patience_s, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Steps:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
            self._over = True

    def begin(self, name: str) -> None:
        """End the current step, and begin this one."""
        with self._lock:
            self._name = name
            if self._is_visible:
                self._tell()

    def _show(self) -> None:
        with self._lock:
            # The timer may fire just as the work ends.
            if self._over:
                return
            self._is_visible = True
            # Most reports end before this, and do not wait for the import.
            from rich.console import Console  # noqa: PLC0415

            self._console = self._console or Console(stderr=True)
            if self._console.is_terminal:
                self._bar = _bar(self._console, self._begun_s)
            self._tell()

    def _tell(self) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=self._name)
        elif self._console is not None:
            self._console.print(f"{self._name} ...", markup=False, highlight=False)


def _bar(console: Console, begun_s: float) -> Progress:
    """A bar that runs since ``begun_s``."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    bar.add_task("", total=None)
    bar.tasks[0].start_time = begun_s
    bar.start()
    return bar
