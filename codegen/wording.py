# SPDX-License-Identifier: MIT
"""The document's own words in place of those that a new SDK's import makes up from names.

Only on demand: whose words they are is not for a program to decide. Texts come as one line; an
operation's summary as one sentence.
"""

from __future__ import annotations

import re
from typing import Any

from codegen.layout import Tree, ordered_schema

_MAX_SUMMARY = 200
_MAX_TEXT = 400
_CHILDREN = ("items", "additionalProperties")
_PARTS = ("allOf", "oneOf", "anyOf")


def take_words(ours: Tree, theirs: Tree) -> None:
    """ours: the tree of a new service, changed in place; theirs: the converted document."""
    for path, item in ours["paths"].items():
        for method, operation in item.items():
            _operation(operation, theirs["paths"][path][method])
    schemas = ours["components"].get("schemas", {})
    for name, schema in schemas.items():
        schemas[name] = ordered_schema(
            _schema(schema, theirs["components"]["schemas"][name])
        )


def _operation(ours: Tree, theirs: Tree) -> None:
    said = _line(theirs.get("summary", "")) or _line(theirs.get("description", ""))
    if said:
        ours["summary"] = _sentence(said)
    texts = {
        (p["in"], p["name"]): _line(p.get("description", ""))
        for p in theirs["parameters"]
    }
    for parameter in ours.get("parameters", []):
        text = texts.get((parameter.get("in"), parameter.get("name")))
        if text:
            parameter["description"] = _cut(text, _MAX_TEXT)
    _contents(ours.get("requestBody", {}), theirs.get("requestBody", {}))
    for status, response in ours["responses"].items():
        _contents(response, theirs["responses"].get(status, {}))


def _contents(ours: Tree, theirs: Tree) -> None:
    for media_type, entry in ours.get("content", {}).items():
        said = theirs.get("content", {}).get(media_type, {})
        if "schema" in entry:
            entry["schema"] = ordered_schema(
                _schema(entry["schema"], said.get("schema"))
            )


def _schema(ours: Any, theirs: Any) -> Any:
    """A schema with the descriptions of the other, which is the same but for them."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict) or "$ref" in ours:
        return ours
    out = dict(ours)
    text = _line(theirs.get("description", ""))
    if text:
        out["description"] = _cut(text, _MAX_TEXT)
    members = theirs.get("properties", {})
    if "properties" in out:
        out["properties"] = {
            name: _schema(member, members.get(name))
            for name, member in out["properties"].items()
        }
    for key in _CHILDREN:
        if key in out:
            out[key] = _schema(out[key], theirs.get(key))
    for key in _PARTS:
        if key in out:
            out[key] = [_schema(a, b) for a, b in zip(out[key], theirs.get(key, []))]
    return out


def _line(text: str) -> str:
    """The first paragraph, on one line."""
    return " ".join(text.strip().split("\n\n")[0].split())


def _cut(text: str, most: int) -> str:
    """Not longer than that, and not cut within a word."""
    return text if len(text) <= most else text[:most].rpartition(" ")[0] + " …"


def _sentence(text: str) -> str:
    """The first sentence, with a capital and a full stop."""
    text = _cut(re.split(r"(?<=[.!?])\s", text)[0], _MAX_SUMMARY).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
