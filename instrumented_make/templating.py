"""Loads the project's templates. Not for run time: it needs Jinja2."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def folder() -> Path:
    """Where the templates are: in the wheel inside this package, in a checkout beside it."""
    here = Path(__file__).resolve().parent
    inside = here / "templates"
    return inside if inside.is_dir() else here.parent / "templates"


def environment(*, autoescape: bool = False) -> Environment:
    """The environment; ``autoescape`` is for HTML; everything else is escaped with its own filters."""
    return Environment(
        loader=FileSystemLoader(folder()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,  # noqa: S701  (makefiles, YAML and Markdown have filters of their own)
    )
