"""Shows progress on stderr once the work takes longer than two seconds."""

from __future__ import annotations

import threading
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

PATIENCE_S = 2.0


class Steps:
    """Work in several steps, used as a context manager; :meth:`begin` names the next step.

    A terminal shows a bar that disappears at the end; any other output gets one line per step.
    """

    def __init__(self, console: Console, patience_s: float = PATIENCE_S) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)
        self._name = ""
        self._shown = self._over = False
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
            if self._shown and self._console.is_terminal:
                self._bar.stop()
            self._over = True

    def begin(self, name: str) -> None:
        """End the current step, and begin this one."""
        with self._lock:
            self._name = name
            self._bar.update(self._task, description=name)
            if self._shown:
                self._tell()

    def _show(self) -> None:
        with self._lock:
            # The timer may fire just as the work ends.
            if self._over:
                return
            self._shown = True
            if self._console.is_terminal:
                self._bar.start()
            self._tell()

    def _tell(self) -> None:
        if not self._console.is_terminal:
            self._console.print(f"{self._name} ...", markup=False, highlight=False)
