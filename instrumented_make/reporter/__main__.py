"""Makes ``python -m instrumented_make.reporter`` the command that the recorder and the include start."""

from instrumented_make.output import run_guarded


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 expected failure, 2 usage, 130 Ctrl-C, 141 nobody reads it."""
    return run_guarded(lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    from instrumented_make.reporter.cli import run  # noqa: PLC0415  (so that Ctrl-C is heard while it loads)

    return run(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
