# SPDX-License-Identifier: MIT
"""Values made from schemas: arguments and bodies of calls. The same schema gives the same
value."""

from __future__ import annotations

import json
import zlib
from typing import Any

from merge import operations, resolve

Json = Any
ABSENT = object()

# Ways to fill a body. `full`: all that may be written. `nulls`: null wherever it is
# allowed, and the last alternative of each choice. `least`: what is required.
VARIANTS = ("full", "nulls", "least")

TEXTS = {
    "uuid": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "date-time": "2024-02-29T23:59:59.123456+02:00",
    "date": "2024-02-29",
    "email": "someone@example.com",
    "uri": "https://example.com/a?b=c&d=%20#e",
}
# A quote, a backslash, a control character, two, three and four bytes of UTF-8.
TEXT = 'a "b" \\ / \t \u00e9 \u20ac \U0001d11e'
# What has a meaning in a URL, and what has to be encoded there.
ARGUMENT = " \u00e9/?&=+%;,:@#\u20ac"


def argument(name: str, schema: Json) -> Json:
    """A value for a parameter; another one for each name, so that exchanged ones are noticed."""
    if "enum" in schema:
        return schema["enum"][-1]
    kind = schema.get("type", "string")
    if kind == "boolean":
        return not schema.get("default", False)
    if kind == "integer":
        lowest = schema.get("minimum", -(2**31) if "format" in schema else -(2**53))
        span = schema.get("maximum", lowest + 2**31) - lowest
        return lowest + 1 + zlib.crc32(name.encode()) % max(span, 1)
    if kind == "number":
        return 0.1
    text = schema.get("format")
    return TEXTS[text] if text in TEXTS else name + ARGUMENT


def pin(merged: Json) -> None:
    """Makes every parameter of the document required and fixed to its argument(), and
    every JSON body to one of the variants of body(). A call that leaves one out, mixes two
    up, encodes one wrongly or loses a member of its body is then refused by the mock.
    """
    for _, _, operation in operations(merged):
        operation["parameters"] = [_pinned(p) for p in operation["parameters"]]
        request = operation.get("requestBody", {})
        content = request.get("content", {})
        request.update({"required": True} if request else {})
        if "multipart/form-data" in content:
            schema = content["multipart/form-data"]["schema"]
            content["multipart/form-data"] = _pinned_form(merged, schema)
        if "application/json" in content:
            schema = content["application/json"]["schema"]
            values = [body(merged, schema, variant) for variant in VARIANTS]
            content["application/json"] = {
                "schema": {"allOf": [schema, {"enum": values}]},
                "x-samples": values,
            }


def _pinned(parameter: Json) -> Json:
    schema = parameter["schema"]
    value = argument(parameter["name"], schema)
    if parameter["in"] == "header" and isinstance(value, str):
        value = value.encode("ascii", "ignore").decode()  # a header holds nothing else
    kind = {"type": schema.get("type", "string"), "enum": [value]}
    pinned = {**parameter, "required": True, "schema": kind}
    pinned.pop("deprecated", None)  # the mock would report it each time
    return pinned


def _pinned_form(merged: Json, schema: Json) -> Json:
    """A form of which all parts have to come as they are in body(). The mock does not
    read parts that are JSON, so for it they are texts."""
    values = body(merged, schema, "full")
    members = {}
    for name, member in resolve(merged, schema)["properties"].items():
        value = values[name]
        if isinstance(value, (list, dict)):
            members[name] = {"type": "string", "enum": [json.dumps(value)]}
        elif isinstance(value, str):
            members[name] = {"type": "string", "enum": [value]}
        else:
            members[name] = member
    return {
        "schema": {
            "type": "object",
            "required": sorted(members),
            "properties": members,
        },
        "x-sample": values,
    }


def body(merged: Json, schema: Json, variant: str) -> Json:
    """A value of a schema that is to be sent."""
    value = _Filler(merged, variant).fill(schema, ())
    return {} if value is ABSENT else value


class _Filler:
    def __init__(self, merged: Json, variant: str) -> None:
        self._merged = merged
        self._variant = variant

    def fill(self, schema: Json, above: tuple[str, ...]) -> Json:
        """A value, or ABSENT where a schema contains itself."""
        if "$ref" in schema:
            if schema["$ref"] in above:
                return ABSENT
            above = (*above, schema["$ref"])
            schema = resolve(self._merged, schema)
        if schema.get("readOnly"):
            return ABSENT
        if schema.get("nullable") and self._variant == "nulls":
            return None
        if "enum" in schema:
            values = [v for v in schema["enum"] if v is not None]
            return values[-1 if self._variant == "nulls" else 0]
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self._choose(schema[choice], above)
        if "allOf" in schema or "properties" in schema:
            return self._object(schema, above)
        return self._plain(schema, above)

    def _choose(self, cases: Json, above: tuple[str, ...]) -> Json:
        return self.fill(cases[-1 if self._variant == "nulls" else 0], above)

    def _object(self, schema: Json, above: tuple[str, ...]) -> Json:
        value: dict[str, Json] = {}
        for part in schema.get("allOf", ()):
            below = self.fill(part, above)
            if below is ABSENT or not isinstance(below, dict):
                return below
            value.update(below)
        required = schema.get("required", ())
        for name, member in schema.get("properties", {}).items():
            if self._variant == "least" and name not in required:
                continue
            filled = self.fill(member, above)
            if filled is not ABSENT:
                value[name] = filled
        return value

    def _plain(self, schema: Json, above: tuple[str, ...]) -> Json:
        kind = schema.get("type")
        if kind == "array":
            return self._array(schema, above)
        if kind == "boolean":
            return self._variant == "nulls"
        if kind == "integer":
            return self._integer(schema)
        if kind == "number":
            return schema.get("minimum", 0.1)
        if kind == "string":
            text = TEXTS.get(schema.get("format", ""), TEXT)
            return (text * 9)[: schema["maxLength"]] if "maxLength" in schema else text
        of = schema.get("additionalProperties")
        if isinstance(of, dict) and of:
            member = self.fill(of, above)
            return {} if member is ABSENT else {"a b": member, "": member}
        return {"free": [True, None, 0.5, "\u00e9", {"": {}}]}

    def _array(self, schema: Json, above: tuple[str, ...]) -> Json:
        if self._variant == "nulls" and not schema.get("minItems"):
            return []
        element = self.fill(schema.get("items", {}), above)
        if element is ABSENT:
            return []
        count = max(schema.get("minItems", 0), min(2, schema.get("maxItems", 2)))
        return [element] * count

    def _integer(self, schema: Json) -> Json:
        """A bound: the lowest in one variant, the highest in another. Beyond 2^53 a mock
        that counts in doubles would not see what was sent."""
        reach = 2**31 - 1 if schema.get("format") == "int32" else 2**53 - 1
        if self._variant == "nulls":
            return max(schema.get("minimum", -reach), -reach)
        return min(schema.get("maximum", reach), reach)
