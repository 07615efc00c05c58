"""Runs what belongs to a project: without input, and ended with its process group if it may not go on."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from instrumented_make import files


def run(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """What ``command`` says in ``folder``, where these are the environment's ``variables``.

    Raise OSError if it cannot be started, and subprocess.TimeoutExpired.
    """
    with (
        files.orderly_end(),
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
        ) as process,
    ):
        try:
            out, err = process.communicate(timeout=timeout_s)
        except BaseException:  # Ctrl-C and a closed terminal do not reach another session
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)
