"""The command line of ``python -m generator``: parses, calls, prints. Results on stdout, all else on stderr."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import click

from generator import __version__, output
from generator.catalog import load
from generator.problems import GeneratorError
from generator.render import include, name_from

CATALOG = Path("targets.yaml")
INCLUDE = Path("Makefile.instrumented")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="generator")
def cli() -> None:
    """Measure what make commands cost, from a catalog of targets."""


@cli.command()
@click.option("--catalog", type=click.Path(path_type=Path), default=CATALOG, show_default=True, help="What to read.")
@click.option(
    "--output",
    "path",
    type=click.Path(path_type=Path),
    help=f"What to write.  [default: {INCLUDE} beside the catalog]",
)
@click.option("--check", is_flag=True, help="Write nothing: show how the file differs from the catalog, and exit 1.")
def render(catalog: Path, path: Path | None, check: bool) -> int:
    r"""Render the catalog into the include that a Makefile reads.

    \b
    Examples:
      python -m generator render
      python -m generator render --check
      python -m generator render --catalog dev/targets.yaml --output dev/Makefile.instrumented
    """
    path = catalog.parent / INCLUDE if path is None else path
    text = include(load(catalog), source=name_from(path, catalog), output=path.name)
    if not check:
        state = "rendered" if output.write(path, text) else "up to date"
        click.echo(f"{path}: {state}", err=True)
        return 0
    difference = output.difference(path, text)
    if difference:
        click.echo(difference, nl=False)
        raise GeneratorError(
            f"{path}: error: it is not what {catalog} renders to\n  hint: run: python -m generator render"
        )
    click.echo(f"{path}: up to date", err=True)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status: 0 done, 1 expected failure, 2 usage, 3 defect, 130 Ctrl-C."""
    try:
        result = cli.main(arguments, prog_name="python -m generator", standalone_mode=False)
    except GeneratorError as error:
        click.echo(str(error), err=True)
        return 1
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away: nothing is left to be told, not even at exit.
        sys.stdout = None
        return 1
    except Exception:
        click.echo("This is a defect of the generator; please report it with what follows.", err=True)
        click.echo(traceback.format_exc(), err=True)
        return 3
    return result if isinstance(result, int) else 0
