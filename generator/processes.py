"""Runs what belongs to a project: without input, and ended with its process group if it may not go on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from instrumented_make import files


def run(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """What ``command`` says in ``folder``, where these are the environment's ``variables``.

    Raise OSError if it cannot be started, and subprocess.TimeoutExpired.
    """
    started: list[subprocess.Popen[str]] = []

    def start() -> None:
        started.append(
            subprocess.Popen(
                command,
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        )

    with files.orderly_end():
        try:
            # A signal interrupts the main thread only: what another one starts is always known.
            with ThreadPoolExecutor(1) as thread:
                thread.submit(start).result()
            out, err = started[0].communicate(timeout=timeout_s)
        except BaseException:  # Ctrl-C and a closed terminal do not reach another session
            for process in started:
                with process, contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, started[0].returncode, out, err)
