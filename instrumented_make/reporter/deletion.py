"""Has what was sent deleted at a collector, which the opt-out promised; until then a file here keeps the id.

A deletion that is not confirmed yet is tried again by every opt-out, and by every reporter if somebody agrees anew. The
request is all that opting out ever sends.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from instrumented_make.reporter.config_dir import ConfigDir

# For a network that is slow, or comes back soon; this happens in the background.
PAUSES_S = (0, 10, 60, 300)
# What a request may hang on, of the environment that make was given.
_KEPT = ("HOME", "PATH", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is to be deleted: everything under ``user_id`` at ``host``. ``since``: when that was asked for."""

    host: str
    write_key: str
    user_id: str
    since: str


def keep(config_dir: ConfigDir, deletion: Deletion) -> None:
    """Keep it until it is confirmed. Raise UserError if that fails."""
    name = f"{config_dir.deletion.name}{secrets.token_hex(8)}"
    config_dir.write(config_dir.deletion.with_name(name), json.dumps(asdict(deletion)) + "\n")


def unconfirmed(config_dir: ConfigDir) -> list[tuple[Path, Deletion]]:
    """Each deletion that is kept here, with its file. What cannot be read is none."""
    found = []
    for path in sorted(config_dir.deletions()):
        with contextlib.suppress(ValueError, TypeError):
            found.append((path, Deletion(**json.loads(config_dir.read(path)))))
    return found


def begin(config_dir: ConfigDir, environment: Mapping[str, str]) -> bool:
    """Begin to carry out what is kept, in the background; return whether there is anything.

    ``environment``: what the person's make was given. A makefile may have changed this process's own, and could lead
    the request elsewhere.
    """
    if not unconfirmed(config_dir):
        return False
    with contextlib.suppress(OSError):  # then the next opt-out tries again
        subprocess.Popen(
            [sys.executable, "-I", "-m", "instrumented_make.reporter", "forget", str(config_dir.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={name: environment[name] for name in _KEPT if name in environment},
        )
    return True


def carry_out(config_dir: ConfigDir, pauses_s: tuple[int, ...] = PAUSES_S) -> None:
    """Ask for each deletion that is kept, until all are confirmed or as often as there are pauses."""
    from instrumented_make.reporter import segment  # noqa: PLC0415  (it takes a while, and hardly any reporter needs it)

    for pause_s in pauses_s:
        time.sleep(pause_s)
        for path, deletion in unconfirmed(config_dir):
            if segment.delete(deletion.host, deletion.write_key, deletion.user_id):
                with contextlib.suppress(OSError):
                    os.unlink(path)
        if not unconfirmed(config_dir):
            return
