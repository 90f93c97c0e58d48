# SPDX-License-Identifier: MIT
"""Makes a value that fits a schema: what an operation answers when nothing was stored that it could answer."""

from __future__ import annotations

from typing import Any, Mapping

from spec import Schema

DEPTH = 4
_TEXTS = {
    "uuid": "5eed0000-0000-4000-8000-00000000e8a3",
    "date-time": "2024-05-01T12:00:00.000000+00:00",
    "date": "2024-05-01",
    "email": "someone@example.com",
    "url": "https://example.com/",
}


def example(schema: Schema, known: Mapping[str, Any] | None = None, depth: int = DEPTH) -> Any:
    """known: members of the outermost object whose value is given, such as those the path names; each is used where the
    schema has a text of that name."""
    if "enum" in schema:
        return next((choice for choice in schema["enum"] if choice is not None), None)
    if "oneOf" in schema:
        return _one_of(schema, known, depth)
    if "allOf" in schema:
        return _all_of(schema, known, depth)
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind == "object":
        return _object(schema, known or {}, depth)
    if kind == "array":
        count = max(schema.get("minItems", 0), 1 if depth > 0 else 0)
        return [example(schema.get("items", {}), None, depth - 1) for _ in range(count)]
    return _scalar(kind, schema)


def _scalar(kind: str | None, schema: Schema) -> Any:
    if kind == "integer" or kind == "number":
        return min(max(1, schema.get("minimum", 1)), schema.get("maximum", 1))
    if kind == "boolean":
        return False
    text = _TEXTS.get(schema.get("format", ""), "example")
    return text.ljust(schema.get("minLength", 0), "e")[: schema.get("maxLength", len(text) + 1000)]


def _one_of(schema: Schema, known: Mapping[str, Any] | None, depth: int) -> Any:
    discriminator = schema.get("discriminator", {})
    for value, option in discriminator.get("mapping", {}).items():
        return {**example(option, known, depth), discriminator["propertyName"]: value}
    return example(schema["oneOf"][0], known, depth)


def _all_of(schema: Schema, known: Mapping[str, Any] | None, depth: int) -> Any:
    parts = [example(part, known, depth) for part in schema["allOf"]]
    if "properties" in schema:
        parts.append(_object(schema, known or {}, depth))
    if all(isinstance(part, dict) for part in parts):
        return {name: value for part in parts for name, value in part.items()}
    return parts[0]


def _object(schema: Schema, known: Mapping[str, Any], depth: int) -> dict[str, Any]:
    required = schema.get("required", [])
    made: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        if part.get("writeOnly") or (depth <= 0 and name not in required):
            continue
        if name in known and part.get("type") == "string" and "enum" not in part:
            made[name] = known[name]
        else:
            made[name] = example(part, None, depth - 1)
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) and depth > 0 and not made:
        made["example"] = example(extra, None, depth - 1)
    return made
