"""Catalog in, text of the include out. What is decided is decided here; the templates only give it shape."""

from __future__ import annotations

import json
import os
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from generator.catalog import Catalog
from generator.collection import collection, digest, question


def include(catalog: Catalog, *, source: str, output: str) -> str:
    """The text of the rendered include for ``catalog``.

    ``source`` and ``output`` are the names under which the header speaks of the catalog and of itself.
    """
    template = _environment().get_template("Makefile.instrumented.j2")
    return template.render(
        catalog=catalog,
        source=source,
        output=output,
        collection=collection(catalog),
        digest=digest(catalog),
        question=question(catalog),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_templates()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (it is a makefile; json_for_make and the catalog's own rules escape)
    )
    environment.filters["json_for_make"] = json_for_make
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
