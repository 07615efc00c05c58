"""Catalog in, text of the include out. What is decided is decided here; the templates only give it shape."""

from __future__ import annotations

import json
import os
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from generator.catalog import Catalog
from generator.collection import collection, digest, question
from generator.edit import scalar
from generator.fields import collected
from generator.makefile import Rule


def include_at(path: Path, catalog: Catalog, catalog_path: Path) -> str:
    """The text that belongs at ``path`` for the ``catalog`` that was read from ``catalog_path``."""
    return include(catalog, source=name_from(path, catalog_path), output=path.name)


def include(catalog: Catalog, *, source: str, output: str) -> str:
    """The text of the rendered include for ``catalog``.

    ``source`` and ``output`` are the names under which the header speaks of the catalog and of itself.
    """
    template = environment().get_template("Makefile.instrumented.j2")
    return template.render(
        catalog=catalog,
        source=source,
        output=output,
        collection=collection(catalog),
        digest=digest(catalog),
        question=question(catalog),
    )


def proposal(project: str, main_branch: str, rules: list[Rule]) -> str:
    """The text of a first catalog for a project whose Makefile offers ``rules``."""
    template = environment().get_template("targets.yaml.j2")
    return template.render(project=project, main_branch=main_branch, rules=rules)


# What git may not know.
UNKNOWN = ("git_checked_out_master", "git_commit_time", "git_dirty")


def data_dictionary(catalog: Catalog, *, source: str) -> str:
    """The data dictionary, in Markdown, of what ``catalog`` collects."""
    fields = collected(catalog.fields)
    example = {
        "event": catalog.event,
        "userId": "00000000-0000-4000-8000-000000000000",
        "properties": {field.name: field.example for field in fields},
    }
    template = environment().get_template("data-dictionary.md.j2")
    return template.render(
        catalog=catalog, source=source, fields=fields, unknown=UNKNOWN, example=json.dumps(example, indent=2)
    )


def environment() -> Environment:
    """How every template of the project is read."""
    environment = Environment(
        loader=FileSystemLoader(_templates()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (it is a makefile; json_for_make and the catalog's own rules escape)
    )
    environment.filters["json_for_make"] = json_for_make
    environment.filters["yaml_scalar"] = scalar
    environment.filters["yaml_text"] = json.dumps
    return environment


def _templates() -> Path:
    """In the wheel the templates are inside this package, in a checkout beside it."""
    here = Path(__file__).resolve().parent
    inside = here / "templates"
    return inside if inside.is_dir() else here.parent / "templates"


def json_for_make(value: dict[str, object]) -> str:
    """``value`` as JSON that means the same inside a makefile variable and a shell's single quotes.

    ASCII only; ``$``, ``#`` and ``'`` are written as JSON escapes, so that neither make nor the shell sees one.
    One member a line: make folds a backslash-newline into one space, which JSON allows between members.
    """
    members = (f"{_inert(name)}: {_inert(member)}" for name, member in value.items())
    return "{" + ", \\\n  ".join(members) + "}"


def _inert(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True)
    for character in "$#'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def name_from(output: Path, catalog: Path) -> str:
    """How the header of ``output`` names ``catalog``: relative to it, so that no machine's paths are committed."""
    return Path(os.path.relpath(catalog.resolve(), output.resolve().parent)).as_posix()
