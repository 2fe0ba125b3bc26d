"""The JSON Schema of templates, for editors that complete and check while one types."""

from __future__ import annotations

import json
from typing import Any

from rollout_sync.template.document import TemplateDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema as JSON, made of the document model."""
    made = TemplateDocument.model_json_schema(by_alias=True, mode="validation")
    made.pop("title", None)
    _allow(made["properties"]["roles"], {"type": "null"})
    _allow(made["$defs"]["PulseDocument"]["properties"]["questions"], {"type": "string"})
    return {"$schema": DIALECT, "title": "rollout-sync template", **made}


def _allow(names: dict[str, Any], shorthand: dict[str, Any]) -> None:
    """Values behind names may also be written short; pydantic widens them before its own schema begins."""
    if "additionalProperties" in names:
        names["additionalProperties"] = {"anyOf": [names["additionalProperties"], shorthand]}
    patterns = names.get("patternProperties", {})
    for pattern, value in patterns.items():
        patterns[pattern] = {"anyOf": [value, shorthand]}


def schema_text() -> str:
    """The schema as the file that ships: the same text for the same model."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
