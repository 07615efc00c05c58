"""Turns a catalog into the texts of the rendered files. All decisions are made here; templates only format them."""

from __future__ import annotations

import json
import os
import shlex
import textwrap
from pathlib import Path

from jinja2 import Template

from generator.catalog import CATALOG, COMMANDS, Catalog
from generator.catalog_edit import scalar
from generator.database import INCLUDE
from generator.proposal import Proposed, first_of
from instrumented_make import INTERFACE, __version__
from instrumented_make.digest import digest
from instrumented_make.properties import USER_ID, example_event, properties_of
from instrumented_make.templating import environment

# Of a line in a first catalog: yamllint's default.
_WIDTH = 80


def include(catalog: Catalog, path: Path) -> str:
    """The text of the include at ``path`` for ``catalog``."""
    requirement = f"instrumented-make{'[otlp]' if catalog.otlp else ''}=={__version__}"
    return _template("Makefile.instrumented.j2").render(
        catalog=catalog,
        source=name_from(path, catalog.source.path),
        output=path.name,
        collection=catalog.collection,
        digest=digest(catalog.collection),
        question=catalog.question,
        commands=COMMANDS,
        requirement=requirement,
        quoted=shlex.quote(requirement),
        interface=INTERFACE,
        version=__version__,
    )


def first_catalog(project: str, main_branch: str, prefix: str, entries: list[Proposed]) -> str:
    """The text of a first catalog, with as many of ``entries`` as a person would review."""
    return _template("targets.yaml.j2").render(
        project=project,
        main_branch=main_branch,
        prefix=prefix,
        entries=first_of(entries),
        left_out=len(entries) - len(first_of(entries)),
    )


def data_dictionary(catalog: Catalog, *, source: str) -> str:
    """The data dictionary, in Markdown, of what ``catalog`` collects."""
    shown = properties_of(catalog.fields)
    return _template("data-dictionary.md.j2").render(
        catalog=catalog,
        source=source,
        properties=(USER_ID, *shown),
        example=example_event(catalog.event, shown),
    )


def name_from(output: Path, catalog: Path) -> str:
    """The name of ``catalog`` in the header of ``output``: a relative path, since machines' own paths differ."""
    return Path(os.path.relpath(catalog.resolve(), output.resolve().parent)).as_posix()


def command_line(command: str, catalog: Path, output: Path, default: Path | None = None) -> str:
    """What to type for ``command`` to write ``output``, which is the ``default`` or the include, from ``catalog``."""
    words = ["instrumented-make", command]
    if catalog != Path(CATALOG):
        words += ["--catalog", str(catalog)]
    if output != (default or catalog.parent / INCLUDE):
        words += ["--output", str(output)]
    return shlex.join(words)


def _template(name: str) -> Template:
    template_environment = environment()
    template_environment.filters["json_for_make"] = json_for_make
    template_environment.filters["yaml_scalar"] = scalar
    template_environment.filters["yaml_text"] = _folded
    return template_environment.get_template(name)


def _folded(text: str, indent: int) -> str:
    """``text`` in quotes or, if that would be a long line, as YAML's folded lines, ``indent`` columns from the left."""
    quoted = json.dumps(text, ensure_ascii=False)
    if len(quoted) <= _WIDTH - 10:
        return quoted
    lines = textwrap.wrap(text, _WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return "".join([">-", *(f"\n{' ' * indent}{line}" for line in lines)])


def json_for_make(value: dict[str, object], joint: str = " \\\n  ") -> str:
    """``value`` as JSON that means the same inside a makefile variable and a shell's single quotes.

    ASCII only; ``$``, ``#`` and ``'`` are written as JSON escapes, so that neither make nor the shell sees one.
    ``joint`` goes between members: make folds a backslash-newline into one space, which JSON allows there.
    """
    members = (f"{_inert(name)}: {_inert(member)}" for name, member in value.items())
    return "{" + f",{joint}".join(members) + "}"


def _inert(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True)
    for character in "$#'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
