"""Makes ``python -m reporter`` the command that the rendered include calls."""

from reporter.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
