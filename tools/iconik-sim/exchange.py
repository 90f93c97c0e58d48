# SPDX-License-Identifier: MIT
"""A request that was checked, the answer to it, and what handlers have at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from example import example
from spec import Operation, Schema, Spec
from state import Entity, Store
from validate import ANSWER, Refusal, Validator

NOTHING: Any = object()
"""The value of an answer without a body."""


@dataclass
class Request:
    operation: Operation
    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None

    @property
    def fields(self) -> Entity:
        return self.body if isinstance(self.body, dict) else {}


@dataclass
class Answer:
    status: int
    value: Any = NOTHING
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    """A body that is not JSON; its type is among the headers."""


@dataclass
class World:
    spec: Spec
    validator: Validator
    store: Store
    lenient: bool = False
    any_id: bool = False

    def fit(self, schema: Schema | None, entity: Entity) -> Entity:
        """An entity as a schema shows it: undeclared members stay, declared ones stay if they fit, missing ones that
        are required are made up, what is write-only is not shown."""
        schema = self.choose(schema, entity)
        properties: Mapping[str, Schema] = schema.get("properties", {})
        shown: Entity = {}
        for name, value in entity.items():
            part = properties.get(name)
            if part is None:
                shown[name] = value
            elif not part.get("writeOnly") and (self.lenient or self.validator.fits(part, value)):
                shown[name] = value
        for name in schema.get("required", []):
            if name not in shown and name in properties and not properties[name].get("writeOnly"):
                shown[name] = example(properties[name], None, 1)
        return shown

    def choose(self, schema: Schema | None, entity: Entity) -> Schema:
        """The alternative an entity is, where the schema has several."""
        mapping = (schema or {}).get("discriminator", {}).get("mapping", {})
        chosen: Schema = mapping.get(entity.get("object_type"), schema or {})
        return chosen

    def absent(self, request: Request, what: str, key: str) -> Answer:
        """For an id nobody has: 404, or the documented answer if any id is to be answered."""
        if not self.any_id:
            raise Refusal(404, [f"{what} {key} not found"])
        return self.documented(request)

    def documented(self, request: Request) -> Answer:
        """The success as documented, with an example for its body; what was sent is in it where it fits."""
        operation = request.operation
        status = operation.status
        if status == 302:
            return Answer(302, headers={"Location": "/_sim/object"})
        media: dict[str, Schema] = next((kinds for _, kinds in sorted(operation.responses.items()) if kinds), {})
        if not media or status == 204:
            return Answer(status)
        if "application/json" not in media:
            kind = next(iter(media))
            text = "WEBVTT\n\n00:00.000 --> 00:01.000\nexample\n" if kind == "text/vtt" else "example\n"
            return Answer(status, text=text, headers={"Content-Type": kind + "; charset=utf-8"})
        schema = media["application/json"]
        known = dict(request.values)
        ids = [name for name in request.values if name.endswith("_id")]
        if ids and request.path.rstrip("/").endswith(request.values[ids[-1]]):
            known["id"] = request.values[ids[-1]]
        value = example(schema, known)
        if isinstance(value, dict):
            declared = schema.get("properties", {})
            for name, sent in request.fields.items():
                part = declared.get(name)
                if part is not None and not part.get("writeOnly") and not part.get("readOnly"):
                    if self.lenient or self.validator.fits(part, sent, ANSWER):
                        value[name] = sent
        return Answer(status, value)
