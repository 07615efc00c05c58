"""Makes ``python -m generator`` the command ``instrumented-make``."""

import os.path
import sys

# Python puts the current folder first on the path, so a project's own click.py, platform.py or copy.py would replace
# the real one. Remove that folder, unless this package itself is in it (a checkout of this repository).
_here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:] = [
    folder
    for folder in sys.path
    if os.path.realpath(folder or os.curdir) != os.path.realpath(os.curdir)
    or os.path.realpath(_here) == os.path.realpath(os.curdir)
]

from instrumented_make.output import run_guarded  # noqa: E402  (the path must be fixed first)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status.

    0 success, 1 expected failure, 2 wrong usage, 3 internal error, 130 Ctrl-C, 141 output closed (broken pipe).
    """
    return run_guarded(lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    from generator.cli import run  # noqa: PLC0415  (so that Ctrl-C is heard while it loads)

    return run(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
