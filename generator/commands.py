"""The generator's commands: each parses, calls, prints. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import difflib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click

from generator import catalog_edit, database, makefile
from generator.catalog import CATALOG, load
from generator.render import command_line, data_dictionary, name_from
from generator.render import include as rendered_include
from generator.target_names import matches
from generator.yaml_source import Source, read
from instrumented_make import RECORDER, files
from instrumented_make.errors import Problem, UserError, failure
from instrumented_make.installing import to_repair

INCLUDE = Path(database.INCLUDE)
DICTIONARY = Path("docs/data-dictionary.md")

commands = click.Group()

_catalog = click.option(
    "--catalog", type=click.Path(path_type=Path), default=Path(CATALOG), show_default=True, help="The catalog to read."
)
_output = click.option(
    "--output", "path", type=click.Path(path_type=Path), help=f"The include.  [default: {INCLUDE} next to the catalog]"
)


@commands.command()
@_catalog
@_output
@click.option("--check", is_flag=True, help="Write nothing; if a file is out of date, show a diff and exit 1.")
@click.option(
    "--wheels",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Write the hashes of this version's wheels in DIR into the catalog: set-up installs nothing else.",
)
def render(catalog: Path, path: Path | None, check: bool, wheels: Path | None) -> None:
    """Render the catalog into the include that a Makefile reads.

    \b
    Examples:
      python -m generator render
      python -m generator render --check
      python -m generator render --catalog dev/targets.yaml --output dev/Makefile.instrumented
      python -m generator render --wheels build/wheels
    """
    typed = command_line("render", catalog, _include(catalog, path))
    if wheels is not None:
        from generator.wheels import hashes  # noqa: PLC0415

        text = catalog_edit.install(read(catalog), hashes(wheels))
        texts = {catalog: text, **_render(catalog, path, text)}
        _write_or_check(texts, check=check, command=f"{typed} --wheels {shlex.quote(str(wheels))}")
        return
    _write_or_check(_render(catalog, path), check=check, command=typed)


@commands.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
@click.argument("names", nargs=-1)
def init(folder: Path, names: tuple[str, ...]) -> None:
    """Propose a catalog for the Makefile in FOLDER, and make the include its first line.

    Targets that the project's own text tells people to type come first. NAMES are always proposed, for a Makefile that
    makes rules from its goals.

    \b
    Examples:
      python -m generator init
      python -m generator init path/to/project
      python -m generator init . lint test
    """
    from generator.init import init as begin  # noqa: PLC0415  (only this command needs it)

    for line in begin(folder, folder / CATALOG, names):
        click.echo(line, err=True)


@commands.command()
@click.argument("names", nargs=-1, required=True)
@_catalog
@_output
def add(names: tuple[str, ...], catalog: Path, path: Path | None) -> None:
    """Add NAMES to the tracked targets, and render.

    \b
    Examples:
      python -m generator add dev.shell 'dev.logs.%'
    """
    _edit(catalog, path, names, catalog_edit.add)
    with contextlib.suppress(UserError):  # check reports a Makefile that make cannot read
        rules = makefile.read(_include(catalog, path).resolve().parent)
        for name in names:
            if not rules.has(name):
                click.echo(f"{name}: no rule makes it yet; instrumented-make check fails until one does", err=True)


@commands.command()
@click.argument("names", nargs=-1, required=True)
@_catalog
@_output
def remove(names: tuple[str, ...], catalog: Path, path: Path | None) -> None:
    """Remove NAMES from the tracked targets, and render.

    \b
    Examples:
      python -m generator remove dev.shell
    """
    _edit(catalog, path, names, catalog_edit.remove)


@commands.command(name="list")
@_catalog
@click.option("--untracked", is_flag=True, help="Show instead the targets that you could add.")
def list_(catalog: Path, untracked: bool) -> None:
    """Show the tracked targets, and whether the Makefile still has them."""
    from generator.mentions import mentions  # noqa: PLC0415
    from generator.proposal import proposed  # noqa: PLC0415

    folder, targets = catalog.resolve().parent, load(catalog).targets
    rules = makefile.read_for(folder, [target.name for target in targets if "%" not in target.name])
    if untracked:
        tracked = {name for target in targets for name in target.commands}
        entries = proposed(rules, mentions(folder).of(rules.rules))
        _print(
            {"target": entry.name, "stems": ", ".join(entry.stems), "help": entry.help}
            for entry in entries
            if not any(name == entry.name or matches(name, entry.name) for name in tracked)
        )
        return
    _print(
        {
            "target": target.name,
            "stems": ", ".join(target.stems),
            "help": target.help or "",
            "reason": target.reason or "",
            "rule": "yes" if rules.has(target.name) else "missing",
        }
        for target in targets
    )


def _print(rows: Iterable[Mapping[str, str]]) -> None:
    """Print ``rows`` as a table, without columns that say nothing; without a terminal, as wide as it needs to be."""
    from rich.console import Console  # noqa: PLC0415  (only one command draws a table)
    from rich.table import Table  # noqa: PLC0415

    rows = list(rows)
    columns = [name for name in (rows[0] if rows else ()) if any(row[name] for row in rows)]
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(row[name] for name in columns))
    Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 10_000).print(table, markup=False)


@commands.command()
@_catalog
@_output
@click.option("--format", "format_", type=click.Choice(["text", "github", "json"]), default="text", show_default=True)
@click.option("--run", metavar="GOAL", multiple=True, help="Also compare make GOAL with and without the include.")
@click.argument("goals", nargs=-1, metavar="")
def check(catalog: Path, path: Path | None, format_: str, run: tuple[str, ...], goals: tuple[str, ...]) -> int:
    """Check that the catalog, the include and the Makefile match. Exits 1 on errors.

    With --run, make runs each GOAL five or six times, so choose harmless ones.

    \b
    Examples:
      python -m generator check
      python -m generator check --format github
      python -m generator check --run help --run '-n dev.up.lms'
    """
    from generator import check as checks  # noqa: PLC0415

    if goals and not run:
        raise click.UsageError(f"put --run before {goals[0]!r}")
    findings = checks.check(catalog, _include(catalog, path), [*run, *goals])
    if format_ == "json":
        click.echo(checks.as_json(findings))
    for finding in findings if format_ != "json" else []:
        click.echo(finding.as_text() if format_ == "text" else checks.as_github(finding))
    return int(any(finding.severity == "error" for finding in findings))


@commands.command()
@_catalog
@click.option("--output", "path", type=click.Path(path_type=Path), default=DICTIONARY, show_default=True)
@click.option("--check", is_flag=True, help="Write nothing; if the file is out of date, show a diff and exit 1.")
def doc(catalog: Path, path: Path, check: bool) -> None:
    """Render the data dictionary: every property, its meaning, and an example event."""
    text = data_dictionary(load(catalog), source=name_from(path, catalog))
    _write_or_check({path: text}, check=check, command=command_line("doc", catalog, path, DICTIONARY))


@commands.command()
@_catalog
@_output
@click.option("--dictionary", type=click.Path(path_type=Path), default=DICTIONARY, show_default=True)
def eject(catalog: Path, path: Path | None, dictionary: Path) -> None:
    """Stop measuring the project: delete the wiring, the rendered files, the catalog and the hooks, nothing else.

    \b
    Examples:
      python -m generator eject
    """
    from generator.eject import eject as leave  # noqa: PLC0415

    loaded = load(catalog)
    for line in leave(loaded, _include(catalog, path), dictionary):
        click.echo(line, err=True)
    folder = f"~/.config/{loaded.project}"
    click.echo(f"Collected data stays on each developer's machine, in {folder}, until they delete it:", err=True)
    click.echo(f'  rm -rf "${{XDG_CONFIG_HOME:-$HOME/.config}}/{loaded.project}"', err=True)


@commands.command(name="opt-out")
@click.argument("project")
def opt_out(project: str) -> int:
    """Stop collecting for PROJECT and delete its collected data, if its Makefile cannot do so.

    \b
    Examples:
      instrumented-make opt-out openedx-devstack
    """
    command = [sys.executable, "-I", "-m", "instrumented_make.reporter", "opt-out", "--project", project]
    return subprocess.run(command, check=False).returncode


@commands.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--as", "name", metavar="NAME", help="Measure COMMAND as NAME, one of the catalog's commands.")
@click.option("--project", help="The project that NAME is measured for.  [default: that of the catalog here]")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(name: str | None, project: str | None, command: tuple[str, ...]) -> None:
    """Run COMMAND, and tell a watcher of make how it ended, for systems whose kernel does not tell.

    With --as, measure COMMAND itself, if you have agreed to that; if not, it only runs.

    \b
    Examples:
      instrumented-make run -- make dev.pull
      instrumented-make run --as 'compose up' -- docker compose up
    """
    options = []
    if name is not None:
        with contextlib.suppress(Exception):  # whatever is wrong with a catalog: the command runs
            project = project or (load(Path(CATALOG)).project if Path(CATALOG).is_file() else None)
        options = ["--as", name, *(["--project", project] if project else [])]
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and the command would, too
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(RECORDER, [str(RECORDER), "run", *options, "--", *command], _given_environment())  # noqa: S606
    except OSError as error:
        hint = f"install it again: {to_repair()}"
        raise failure(f"it cannot be started: {error.strerror}", hint, path=RECORDER) from None


def _given_environment() -> Mapping[bytes, bytes] | Mapping[str, str]:
    """The environment that this process was given: in the C locale, Python adds LC_CTYPE to its own (PEP 538)."""
    try:
        lines = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return os.environ
    return dict(line.split(b"=", 1) for line in lines if b"=" in line)


@commands.command()
@click.option("--output", "path", type=click.Path(path_type=Path), help="The file to write.  [default: stdout]")
@click.option("--check", is_flag=True, help="Write nothing; if the file is out of date, show a diff and exit 1.")
def schema(path: Path | None, check: bool) -> None:
    """Print the catalog's JSON Schema."""
    from generator.schema import schema as text  # noqa: PLC0415

    if path is None:
        click.echo(text(), nl=False)
    else:
        _write_or_check(
            {path: text()}, check=check, command=f"instrumented-make schema --output {shlex.quote(str(path))}"
        )


def _render(catalog: Path, path: Path | None, text: str | None = None) -> dict[Path, str]:
    include = _include(catalog, path)
    return {include: rendered_include(load(catalog, text), include)}


def _include(catalog: Path, path: Path | None) -> Path:
    return catalog.parent / INCLUDE if path is None else path


def _edit(
    catalog: Path, path: Path | None, names: tuple[str, ...], change: Callable[[Source, Sequence[str]], str]
) -> None:
    """Change the catalog and render it; if the result is not a valid catalog, no file is touched."""
    text = change(load(catalog).source, list(dict.fromkeys(names)))
    texts = _render(catalog, path, text)
    _write({catalog: text, **texts})
    click.echo(f"{catalog}, {next(iter(texts))}: done", err=True)


def _write(texts: dict[Path, str]) -> None:
    """Write all files or none, and create their folders."""
    missing = {folder for path in texts for folder in (path.parent, *path.parent.parents) if not folder.exists()}
    made: list[Path] = []
    try:
        for folder in sorted(missing, key=lambda folder: len(folder.parts)):
            try:
                folder.mkdir()
            except OSError as error:
                message = f"it cannot be created: {error.strerror}"
                raise failure(message, "check the path of --output", path=folder) from None
            made.append(folder)
        files.write_all({path: text for path, text in texts.items() if files.current(path) != text})
    except UserError:
        for folder in reversed(made):
            folder.rmdir()
        raise


def _write_or_check(texts: dict[Path, str], *, check: bool, command: str) -> None:
    stale = [path for path, text in texts.items() if files.current(path) != text]
    if not stale:
        click.echo(f"{next(iter(texts))}: up to date", err=True)
    elif not check:
        _write(texts)
        for path in stale:
            click.echo(f"{path}: rendered", err=True)
    else:
        for path in stale:
            click.echo(_difference(path, texts[path]), nl=False)
        raise UserError(*(Problem("out of date", f"run: {command}", str(path)) for path in stale))


def _difference(path: Path, text: str) -> str:
    """A unified diff from the file at ``path`` to ``text``."""
    lines = difflib.unified_diff(
        (files.current(path) or "").splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"{path} (as it is)",
        f"{path} (as rendered)",
    )
    return "".join(lines)
