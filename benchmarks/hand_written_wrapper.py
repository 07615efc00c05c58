"""A wrapper in the style that this project replaces: Python first, then a second make, then a synchronous request."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
import uuid
from datetime import datetime, timezone


def main() -> int:
    """Run ``make <target>`` and post one event to ``url`` before returning its status."""
    url, target = sys.argv[1:3]
    start = datetime.now(timezone.utc)
    began = time.monotonic()
    status = subprocess.run(["make", "-f", "Makefile", target], check=False).returncode
    commit = subprocess.run(["git", "log", "-1", "--format=%cI"], capture_output=True, text=True, check=False).stdout
    properties = {
        "command": target,
        "duration_ms": round((time.monotonic() - began) * 1000),
        "exit_status": status,
        "git_commit_time": commit.strip(),
        "start_time": start.isoformat(),
    }
    event = {"type": "track", "event": "run", "userId": str(uuid.uuid4()), "properties": properties}
    body = json.dumps({"batch": [{**event, "messageId": str(uuid.uuid4())}]}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/batch", body), timeout=8):  # noqa: S310
            pass
    except OSError:
        pass
    return status


if __name__ == "__main__":
    raise SystemExit(main())
