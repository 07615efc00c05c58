"""Says what the demonstration shows, then sets up what it needs, in an environment that nothing else uses.

    python3 examples/demo_start.py build/demo-venv

It needs the standard library only, so that it can speak before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What is built and installed depends on these.
SOURCES = ("pyproject.toml", "hatch_build.py", "recorder/recorder.c")
ABOUT = """\
This shows how the make commands of a small project are measured, from the first commit to a team's report.
It runs in temporary home folders, and apart from pip's downloads nothing uses the network. Only the report stays.

  0-3  a collector starts, a catalog is rendered, a developer is asked and agrees, and runs make
  4-6  the events arrive, two more people join, and the first one leaves again
  7    what measuring costs: the same rule without the include, with it, and recorded, 20 times in turns
  8    what half a year of a team's (generated) runs says: at the end, a page for your browser

About step 7: all three times grow when the machine is busy, and it is busy right after step 6. Look at the last
column, how many times as long as bare make. The rule only prints a line: in a real command these milliseconds vanish.
"""


def main() -> int:
    """Print what will be seen; set the environment up unless it is. Return pip's exit status."""
    print(ABOUT, flush=True)
    environment = Path(sys.argv[1])
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in SOURCES)).hexdigest()
    done = environment / "installed"
    if done.exists() and done.read_text() == wanted and (environment / "bin" / "python").exists():
        return 0
    print(f"Setting up {environment}: downloads 180 MB and takes 600 MB; 20 seconds on a fast line.", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=False)
    if made.returncode != 0:
        print("python3 has no venv module; on Debian: apt-get install python3-venv", file=sys.stderr)
        return made.returncode
    # Older versions know neither groups nor this kind of progress.
    status = _pip(environment, "--upgrade", "pip>=25.1") or _pip(
        environment, "--no-compile", "--editable", f"{ROOT}[collector]", "--group", f"{ROOT / 'pyproject.toml'}:demo"
    )
    if status == 0:
        done.write_text(wanted)
    return status


def _pip(environment: Path, *what: str) -> int:
    """Install; show how far it is on one line, and what pip said only if it fails."""
    command = [str(environment / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    options = ["--progress-bar", "raw"] if "--group" in what else ["--quiet"]
    start_s = time.monotonic()
    packages, whole_bytes, bytes_now = 0, 0, 0
    said: deque[str] = deque(maxlen=30)
    with subprocess.Popen(
        [*command, *options, *what],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            if progress := re.match(r"Progress (\d+) of (\d+)", line):
                bytes_now = int(progress[1])
                if bytes_now == int(progress[2]):
                    whole_bytes, bytes_now = whole_bytes + bytes_now, 0
            else:
                said.append(line)
                packages += line.startswith("Collecting ")
            if packages:
                step = "installing" if line.startswith("Installing") else "downloading"
                _show(f"  {step}: {packages} packages, {(whole_bytes + bytes_now) / 1e6:.0f} MB")
    if pip.returncode != 0:
        print("\n", *said, sep="", file=sys.stderr)
    elif packages:
        _show(f"  done: {packages} packages, in {time.monotonic() - start_s:.0f} s")
        print()
    return pip.returncode


def _show(text: str) -> None:
    """Replace the line on a terminal; elsewhere print only what begins another step."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)
    elif (step := text.partition(":")[0]) not in _SHOWN:
        _SHOWN.add(step)
        print(text, flush=True)


_SHOWN: set[str] = set()


if __name__ == "__main__":
    raise SystemExit(main())
