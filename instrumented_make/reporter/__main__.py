"""Makes ``python -m instrumented_make.reporter`` the command that the recorder and the include start."""

from instrumented_make.output import run_guarded


def _main() -> int:
    from instrumented_make.reporter.cli import main  # noqa: PLC0415  (so that Ctrl-C is heard while it loads)

    return main()


if __name__ == "__main__":
    raise SystemExit(run_guarded(_main))
