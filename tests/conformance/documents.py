"""The vendors' OpenAPI documents: where they are, whether all schemas compile, and which operation a path is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema.exceptions import SchemaError
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource, Specification

from conformance import relaxations

JIRA_FILE = "jira-cloud-v3.json"
GRAPH_FILE = "msgraph-v1.0-subset.json"
_METHODS = ("get", "post", "put", "patch", "delete")
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})

Json = dict[str, Any]


class BrokenDocument(Exception):
    """A schema does not compile or a reference leads nowhere; nothing could be judged by such a document."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document.

    Attributes:
        template: the path with its variables in braces.
        pointer: JSON pointer of the operation.
        declared: the operation's own object.
        parameters: path and query and header parameters, references resolved.
    """

    method: str
    template: str
    pointer: str
    declared: Json
    parameters: tuple[Json, ...]

    def __str__(self) -> str:
        """For messages and coverage."""
        return f"{self.method} {self.template}"


class Document:
    """One OpenAPI document, compiled.

    Raises:
        BrokenDocument: see there; the message names the place.
    """

    def __init__(self, name: str, content: Json) -> None:
        self.name = name
        self.content = content
        _check_schemas(content)
        _check_references(content)
        self.registry: Registry[Any] = Registry().with_resource(
            self.uri, Resource(contents=content, specification=Specification.OPAQUE)
        )
        self.operations = tuple(_operations(content))
        self._by_shape = {(one.method, len(_segments(one.template))): [] for one in self.operations}
        for one in self.operations:
            self._by_shape[one.method, len(_segments(one.template))].append(one)

    @property
    def uri(self) -> str:
        """Base of references into this document."""
        return f"urn:openapi:{self.name}"

    def reference(self, pointer: str) -> Json:
        """A schema that stands for the one at a JSON pointer."""
        return {"$ref": f"{self.uri}#{pointer}"}

    def unknown_members(self, schema: Json, value: Any, place: str = "") -> Iterator[str]:
        """Places of members that no part of the schema describes; `@odata.type` names the type where it is narrower."""
        if isinstance(value, list):
            for position, item in enumerate(value):
                yield from self.unknown_members(self._items(schema), item, f"{place}/{position}")
        if not isinstance(value, dict):
            return
        told = str(value.get("@odata.type", "")).removeprefix("#")
        if told and told not in self.content["components"]["schemas"]:
            return
        described, others = self._members({"$ref": f"#/components/schemas/{told}"} if told else schema)
        for name, member in value.items():
            if name in described or others is not None:
                yield from self.unknown_members(described.get(name) or others or {}, member, f"{place}/{name}")
            elif "@" not in name and described:
                yield f"{place}/{name}".lstrip("/")

    def _members(self, schema: Json) -> tuple[dict[str, Json], Json | None]:
        """Described members through references and compositions, and the schema of all others where there is one."""
        schema = self._followed(schema)
        described, others = dict(schema.get("properties", {})), schema.get("additionalProperties")
        others = others if isinstance(others, dict) else None
        for part in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
            more, rest = self._members(part)
            described, others = {**more, **described}, others if others is not None else rest
        return described, others

    def _items(self, schema: Json) -> Json:
        found: Json = self._followed(schema).get("items", {})
        return found

    def _followed(self, schema: Json) -> Json:
        return _resolved(self.content, {"$ref": schema["$ref"].removeprefix(self.uri)}) if "$ref" in schema else schema

    def selectable(self, operation: Operation) -> frozenset[str]:
        """Names that `$select` may have: the members of what the operation answers, or of each thing in its list."""
        declared, _ = self.response(operation, "200")
        schema = declared["content"]["application/json"]["schema"]
        listed = self._members(schema)[0].get("value")
        return frozenset(self._members(self._items(listed) if listed is not None else schema)[0])

    def response(self, operation: Operation, key: str) -> tuple[Json, str]:
        """A declared response and its JSON pointer, followed through references."""
        node, pointer = operation.declared["responses"][key], operation.pointer + pointer_of("responses", key)
        while "$ref" in node:
            pointer = node["$ref"].removeprefix("#")
            node = _at(self.content, node["$ref"])
        return node, pointer

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a percent-encoded path, with its variables still encoded; fixed segments go first."""
        parts = _segments(path)
        fitting = [
            (one, names)
            for one in self._by_shape.get((method, len(parts)), [])
            if (names := _fit(_segments(one.template), parts)) is not None
        ]
        return min(fitting, key=lambda pair: len(pair[1]), default=None)


def folder() -> Path | None:
    """Where the documents are: `ROLLOUT_SYNC_SPECS`, or `shared/specs` beside the checkout; None for nowhere."""
    named = os.environ.get("ROLLOUT_SYNC_SPECS")
    found = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "specs"
    return found if (found / JIRA_FILE).is_file() and (found / GRAPH_FILE).is_file() else None


def load(path: Path, name: str) -> Document:
    """A document out of a file, with the operations that `relaxations` says it leaves out."""
    return Document(name, relaxations.completed(name, json.loads(path.read_text(encoding="utf-8"))))


def pointer_of(*parts: str) -> str:
    """A JSON pointer out of unescaped parts."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _operations(content: Json) -> Iterator[Operation]:
    for template, item in content["paths"].items():
        for method in _METHODS:
            if method in item:
                declared = item[method]
                listed = [*item.get("parameters", []), *declared.get("parameters", [])]
                resolved = {(one["name"], one["in"]): one for one in (_resolved(content, one) for one in listed)}
                pointer = pointer_of("paths", template, method)
                yield Operation(method.upper(), template, pointer, declared, tuple(resolved.values()))


def _resolved(content: Json, node: Json) -> Json:
    while "$ref" in node:
        node = _at(content, node["$ref"])
    return node


def _at(content: Json, reference: str) -> Any:
    node: Any = content
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or key not in node:
            raise BrokenDocument(f"the reference {reference} leads nowhere")
        node = node[key]
    return node


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _fit(template: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    names: dict[str, str] = {}
    for wanted, part in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            names[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return names if all(names.values()) else None


def _check_references(content: Json) -> None:
    for reference in sorted({one for one in _references(content) if isinstance(one, str)}):
        if not reference.startswith("#/"):
            raise BrokenDocument(f"the reference {reference} leaves the document")
        _at(content, reference)


def _references(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            elif key not in {"example", "examples"}:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _check_schemas(content: Json) -> None:
    """Every schema has to compile, or a validator may pass over it without a word."""
    for name, schema in content.get("components", {}).get("schemas", {}).items():
        _check_schema(schema, f"components.schemas.{name}")
    for where, schema in _inline(content.get("paths", {}), "paths"):
        _check_schema(schema, where)


def _inline(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "schema":
                yield f"{where}.schema", value
            elif key not in {"example", "examples"}:
                yield from _inline(value, f"{where}.{key}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _inline(value, f"{where}.{position}")


def _check_schema(schema: Any, where: str) -> None:
    if not isinstance(schema, dict):
        raise BrokenDocument(f"{where} is no schema")
    try:
        OAS30Validator.check_schema(schema)
        _check_parts(schema, where)
    except (SchemaError, re.error) as error:
        raise BrokenDocument(f"{where} does not compile: {str(error).splitlines()[0]}") from error


def _check_parts(schema: Json, where: str) -> None:
    """What the metaschema leaves open: one known type, patterns that are expressions, an enum that something fits."""
    if "type" in schema and not (isinstance(schema["type"], str) and schema["type"] in _TYPES):
        raise BrokenDocument(f"{where} has the type {schema['type']!r}")
    if isinstance(schema.get("pattern"), str):
        re.compile(schema["pattern"])
    for name, part in schema.get("properties", {}).items():
        _check_parts(part, f"{where}.{name}")
    for keyword in ("allOf", "anyOf", "oneOf"):
        for position, part in enumerate(schema.get(keyword, [])):
            _check_parts(part, f"{where}.{keyword}.{position}")
    for keyword in ("items", "not", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            _check_parts(schema[keyword], f"{where}.{keyword}")
