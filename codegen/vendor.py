# SPDX-License-Identifier: MIT
"""A document as its makers publish it, reduced to facts.

What is taken: paths, methods, parameters and their types, bodies, answers, schemas with all
their keywords, what is deprecated, and which credentials an operation lists. What is left
behind: every sentence, title and example, operationIds, tags, `x-` members, and the shape of
the `default` answer, for which spec/ has its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from codegen.layout import Tree, ordered_parameter, ordered_schema
from codegen.load import Document, Node, at_pointer, load_text
from codegen.operations import METHODS
from codegen.problems import Refusal

_PROSE = (
    "description",
    "title",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "xml",
)
_PARAMETER_FACTS = ("required", "deprecated", "style", "explode", "allowEmptyValue")
_OWN_HEADERS = ("accept", "authorization", "content-type")  # OpenAPI says: ignored
_SCHEMAS = "#/components/schemas/"

Key = tuple[str, str]  # path and method


@dataclass(slots=True)
class Offer:
    """An operation's facts, in the form spec/ writes them, without our words."""

    path: str
    method: str
    parameters: list[Tree]  # all written out, in the order of spec/
    credentials: list[str]  # header names, or "bearer"; in the order listed
    body: Tree | None
    responses: dict[str, Tree]  # content, where there is one
    deprecated: bool


@dataclass(slots=True)
class Facts:
    """What a document offers."""

    name: str
    base: str  # the path of its server, "" if it has none
    operations: dict[Key, Offer] = field(default_factory=dict)
    schemas: dict[str, Tree] = field(default_factory=dict)

    @property
    def lists_credentials(self) -> bool:
        """Whether the document says anything about credentials."""
        return any(offer.credentials for offer in self.operations.values())


def read_vendor(path: Path, secrets: frozenset[str]) -> Facts:
    """A file, JSON or YAML. secrets: headers that are credentials, in lower case."""
    return _Reader(_load(path), secrets).read()


def _load(path: Path) -> Document:
    text = path.read_text(encoding="utf-8-sig")
    try:
        return load_text(path.name, text)
    except Refusal:
        # Not all JSON is YAML: escapes of characters beyond U+FFFF come in pairs.
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if value is None:
            raise
        document = Document(path.name)
        document.root = _node(value, document, None, "")
        return document


def _node(value: Any, document: Document, parent: Node | None, key: str) -> Node:
    node = Node(None, document, document.name, 1, parent, key)
    if isinstance(value, dict):
        node.value = {k: _node(v, document, node, k) for k, v in value.items()}
    elif isinstance(value, list):
        node.value = [_node(v, document, node, str(i)) for i, v in enumerate(value)]
    else:
        node.value = value
    return node


class _Reader:
    def __init__(self, document: Document, secrets: frozenset[str]) -> None:
        self._root = document.root
        self._secrets = secrets

    def read(self) -> Facts:
        version = self._root.need("openapi")
        if not str(version.value).startswith("3.0."):
            raise version.refuse("only OpenAPI 3.0 is understood; convert the document")
        facts = Facts(self._root.document.name, self._base())
        for path, item in sorted(self._root.need("paths").mapping().items()):
            item = self._resolve(item)
            for method in METHODS:
                node = item.get(method)
                if node is not None:
                    offer = self._offer(path, method, node, item.get("parameters"))
                    facts.operations[path, method] = offer
        components = self._root.get("components")
        schemas = components.get("schemas") if components is not None else None
        named = schemas.mapping() if schemas is not None else {}
        for name, node in sorted(named.items()):
            facts.schemas[name] = ordered_schema(schema_facts(node))
        return facts

    def _base(self) -> str:
        servers = self._root.get("servers")
        if servers is None or not servers.items():
            return ""
        return urlsplit(servers.items()[0].need("url").text()).path.strip("/")

    def _resolve(self, node: Node) -> Node:
        """Follows $ref. What stands beside one is ignored, as OpenAPI 3.0 says."""
        seen = []
        while "$ref" in node.mapping():
            if node in seen:
                raise node.refuse("the reference leads back to itself")
            seen.append(node)
            text = node.need("$ref").text()
            found = at_pointer(self._root, text[1:]) if text[:1] == "#" else None
            if found is None:
                raise node.refuse(f"'{text}' leads nowhere in this document")
            node = found
        return node

    def _offer(self, path: str, method: str, node: Node, shared: Node | None) -> Offer:
        own = node.get("parameters")
        listed: dict[Key, Node] = {}
        for group in (shared, own):
            for entry in group.items() if group is not None else ():
                target = self._resolve(entry)
                place = target.need("in").text()
                listed[place, target.need("name").text()] = target
        credentials = [
            name
            for place, name in listed
            if place == "header" and name.lower() in self._secrets
        ]
        credentials += [c for c in self._schemes(node) if c not in credentials]
        body = node.get("requestBody")
        return Offer(
            path=path,
            method=method,
            parameters=sorted(
                (
                    self._parameter(target)
                    for (place, name), target in listed.items()
                    if place != "header"
                    or name.lower() not in (*self._secrets, *_OWN_HEADERS)
                ),
                key=lambda parameter: parameter_rank(path, parameter),
            ),
            credentials=credentials,
            body=self._body(self._resolve(body)) if body is not None else None,
            responses={
                status: self._response(self._resolve(entry))
                for status, entry in sorted(node.need("responses").mapping().items())
            },
            deprecated=node.flag_of("deprecated"),
        )

    def _schemes(self, node: Node) -> list[str]:
        """Credentials by OpenAPI's own means: the headers of the security schemes."""
        security = node.get("security") or self._root.get("security")
        out = []
        for alternative in security.items() if security is not None else ():
            for scheme in alternative.mapping():
                found = at_pointer(self._root, f"/components/securitySchemes/{scheme}")
                if found is None:
                    raise alternative.refuse(f"no security scheme is called '{scheme}'")
                found = self._resolve(found)
                is_header = found.text_of("in") == "header"
                out.append(found.need("name").text() if is_header else "bearer")
        return out

    @staticmethod
    def _parameter(node: Node) -> Tree:
        out: Tree = {"name": node.need("name").text(), "in": node.need("in").text()}
        for key in _PARAMETER_FACTS:
            found = node.get(key)
            if found is not None and found.value is not False:
                out[key] = found.plain()
            elif found is not None and key == "explode":
                out[key] = False
        out["schema"] = schema_facts(node.need("schema"))
        return ordered_parameter(out)

    def _body(self, node: Node) -> Tree:
        out: Tree = {}
        if node.flag_of("required"):
            out["required"] = True
        out["content"] = self._content(node.need("content"))
        return out

    def _response(self, node: Node) -> Tree:
        content = node.get("content")
        if content is None or not content.mapping():
            return {}
        return {"content": self._content(content)}

    @staticmethod
    def _content(node: Node) -> Tree:
        out: Tree = {}
        for media_type, entry in node.mapping().items():
            schema = entry.get("schema")
            out[media_type] = (
                {"schema": ordered_schema(schema_facts(schema))} if schema else {}
            )
        return out


def schema_facts(node: Node) -> Any:
    """A schema without prose. References are to schemas of the document only."""
    if isinstance(node.value, bool):
        return node.value
    members = node.mapping()
    if "$ref" in members:
        text = members["$ref"].text()
        if not text.startswith(_SCHEMAS):
            raise node.refuse(f"a reference into {_SCHEMAS} is expected")
        return {"$ref": text}
    out: Tree = {}
    for key, child in members.items():
        if key in _PROSE or key.startswith("x-"):
            continue
        if key == "properties":
            out[key] = {n: schema_facts(c) for n, c in child.mapping().items()}
        elif key in ("items", "additionalProperties", "not"):
            out[key] = schema_facts(child)
        elif key in ("allOf", "oneOf", "anyOf"):
            out[key] = [schema_facts(part) for part in child.items()]
        elif key == "required":
            out[key] = sorted(name.text() for name in child.items())
        else:
            out[key] = child.plain()
    return out


def parameter_rank(path: str, parameter: Tree) -> tuple[int, int, str]:
    """What parameters are sorted by: those in the path in its order, then by name."""
    places = ("path", "query", "header")
    place, name = parameter["in"], parameter["name"]
    at = path.find("{" + name + "}") if place == "path" else 0
    return places.index(place) if place in places else len(places), at, name
