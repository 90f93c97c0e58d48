# SPDX-License-Identifier: MIT
"""Puts a document's facts under our words.

The facts of the newer document win; descriptions and `x-` members stay ours. What is only in
spec/ (a member, an enum value, an answer) is noted as gone, and stays unless it is to be
removed. Where order means nothing, ours is kept: a diff shows what changed and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from codegen.layout import Tree, ordered_schema

_PARTS = ("allOf", "oneOf", "anyOf")
_SINGLE = ("items", "additionalProperties", "not")


def is_word(key: str) -> bool:
    """Whether a member of a schema or parameter is ours to say."""
    return key in ("description", "title") or key.startswith("x-")


@dataclass(slots=True)
class Merge:
    """One merge: what it has found to be gone. `remove` says to take that out."""

    remove: bool
    gone: list[str] = field(default_factory=list)

    def schema(self, ours: Any, theirs: Any, place: str) -> Any:
        """Our words on their facts, in the order of spec/."""
        return ordered_schema(self._schema(ours, theirs, place))

    def _schema(self, ours: Any, theirs: Any, place: str) -> Any:
        if not isinstance(theirs, dict) or "$ref" in theirs:
            return theirs
        if not isinstance(ours, dict) or "$ref" in ours:
            return theirs
        out: Tree = {key: value for key, value in ours.items() if is_word(key)}
        for key, value in theirs.items():
            old = ours.get(key)
            if key == "properties":
                out[key] = self._members(old or {}, value, place)
            elif key in _SINGLE:
                out[key] = self._schema(old, value, place)
            elif key in _PARTS:
                out[key] = self._parts(old or [], value, place)
            elif key == "enum":
                out[key] = self._enum(old, value, place)
            elif key == "required" and isinstance(old, list):
                kept = [name for name in old if name in value]
                out[key] = kept + sorted(n for n in value if n not in old)
            else:
                out[key] = old if old == value and type(old) is type(value) else value
        if "properties" in ours and "properties" not in theirs:
            members = self._members(ours["properties"], {}, place)
            if members:
                out["properties"] = members
        return out

    def _members(self, ours: Tree, theirs: Tree, place: str) -> Tree:
        out = {
            name: self._schema(ours.get(name), schema, f"{place}.{name}")
            for name, schema in theirs.items()
        }
        for name in sorted(set(ours) - set(theirs)):
            self.gone.append(f"the member {place}.{name}")
            if not self.remove:
                out[name] = ours[name]
        return out

    def _parts(self, ours: list[Any], theirs: list[Any], place: str) -> list[Any]:
        """Alternatives: ours in our order if they are the same, else theirs."""
        by_facts = {_key(part): part for part in ours}
        if sorted(by_facts) == sorted(_key(part) for part in theirs):
            return ours
        pairs = ours if len(ours) == len(theirs) else [None] * len(theirs)
        return [
            by_facts.get(_key(part)) or self._schema(pair, part, place)
            for pair, part in zip(pairs, theirs)
        ]

    def _enum(self, ours: Any, theirs: list[Any], place: str) -> list[Any]:
        if not isinstance(ours, list):
            return theirs
        lost = [value for value in ours if value not in theirs]
        for value in lost:
            self.gone.append(f"the value {json.dumps(value)} of {place}")
        kept = [v for v in ours if v in theirs or not self.remove]
        return kept + sorted((v for v in theirs if v not in ours), key=json.dumps)

    def keyed(self, ours: Tree, theirs: Tree, what: str) -> Iterator[str]:
        """The keys of a map: theirs, and ours that are gone and to stay."""
        yield from theirs
        for key in sorted(set(ours) - set(theirs)):
            self.gone.append(f"{what} {key}")
            if not self.remove:
                yield key

    def content(self, ours: Tree, theirs: Tree, place: str) -> Tree:
        """Schemas by media type; ours in our order, then new ones by name."""
        keys = set(self.keyed(ours, theirs, f"{place} as"))
        out: Tree = {}
        for key in [k for k in ours if k in keys] + sorted(keys - set(ours)):
            if key not in theirs:
                out[key] = ours[key]
            elif "schema" in theirs[key]:
                old = ours.get(key, {}).get("schema")
                schema = self.schema(old, theirs[key]["schema"], f"{place}.{key}")
                out[key] = {"schema": schema}
            else:
                out[key] = {}
            if "encoding" in theirs.get(key, {}):
                out[key]["encoding"] = theirs[key]["encoding"]
        return out


def facts_of(schema: Any) -> Any:
    """A schema of ours without words, to compare."""
    if isinstance(schema, list):
        return [facts_of(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out: Tree = {}
    for key, value in schema.items():
        if is_word(key):
            continue
        if key == "properties":
            out[key] = {name: facts_of(member) for name, member in value.items()}
        else:
            out[key] = facts_of(value) if key in (*_SINGLE, *_PARTS) else value
    return out


def _key(schema: Any) -> str:
    return json.dumps(facts_of(schema), sort_keys=True)


def differences(old: Any, new: Any, place: str = "") -> list[str]:
    """What became of a tree, a line for each value that is not what it was."""
    if isinstance(old, dict) and isinstance(new, dict):
        lines = []
        for key in sorted(set(old) | set(new)):
            below = f"{place}/{key}" if place else key
            if key not in old:
                lines.append(f"{below}: new, {_short(new[key])}")
            elif key not in new:
                lines.append(f"{below}: no longer {_short(old[key])}")
            else:
                lines += differences(old[key], new[key], below)
        return lines
    if old == new and type(old) is type(new):
        return []
    if isinstance(old, list) and isinstance(new, list):
        added = [value for value in new if value not in old]
        lost = [value for value in old if value not in new]
        if added or lost:
            return [f"{place}: new, {_short(value)}" for value in added] + [
                f"{place}: no longer {_short(value)}" for value in lost
            ]
    return [f"{place}: {_short(old)} is now {_short(new)}"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 90 else text[:87] + "..."
