"""The catalog's JSON Schema, for editors: named in a catalog's first line, it provides completion and validation."""

from __future__ import annotations

import json

from generator.catalog import Catalog


def schema() -> str:
    """The schema as JSON text, without what only the generator checks (make's names, duplicates)."""
    document = Catalog.model_json_schema()
    document["title"] = "targets.yaml"
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    for name in ("targets", "commands"):
        listed = document["properties"][name]
        listed["items"] = {"anyOf": [{"type": "string", "minLength": 1}, listed["items"]]}
    return json.dumps(document, indent=2) + "\n"
