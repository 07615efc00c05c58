"""Makes ``python -m generator`` the command ``instrumented-make``."""

import os.path
import sys

# Python puts the current folder first on the path: a project's click.py, platform.py or copy.py would be imported in
# place of the real one. It stays only where this package itself lies in it (a checkout of this repository).
_here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:] = [
    folder
    for folder in sys.path
    if os.path.realpath(folder or os.curdir) != os.path.realpath(os.curdir)
    or os.path.realpath(_here) == os.path.realpath(os.curdir)
]

from instrumented_make.output import guarded  # noqa: E402  (only now is the path the right one)


def _main() -> int:
    from generator.cli import main  # noqa: PLC0415  (so that Ctrl-C is heard while it loads)

    return main()


if __name__ == "__main__":
    raise SystemExit(guarded(_main))
