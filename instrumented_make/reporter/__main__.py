"""Makes ``python -m instrumented_make.reporter`` the command that the rendered hand-over calls."""

from instrumented_make.reporter.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
