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

from codegen.foreign import Foreign, convert
from codegen.layout import Tree, ordered_parameter, ordered_schema
from codegen.load import Document, Node, at_pointer, load_text, plain_document, text_of
from codegen.operations import METHODS
from codegen.problems import Refusal
from codegen.thinning import thin

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
_LARGE = 1_000_000  # characters of a document that is not read as YAML if it is JSON

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
    tag: str = ""  # the document's own, which a new SDK has its groups from
    name: str = ""  # and its own name for it


@dataclass(slots=True)
class Facts:
    """What a document offers."""

    name: str
    base: str  # the path of its server, "" if it has none
    operations: dict[Key, Offer] = field(default_factory=dict)
    schemas: dict[str, Tree] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what was changed on the way in
    left_out: list[str] = field(
        default_factory=list
    )  # operations that have no form here

    @property
    def lists_credentials(self) -> bool:
        """Whether the document says anything about credentials."""
        return any(offer.credentials for offer in self.operations.values())


def read_vendor(path: Path, secrets: frozenset[str]) -> Facts:
    """A file, JSON or YAML. secrets: headers that are credentials, in lower case."""
    return facts_of_foreign(path.name, read_foreign(path), secrets)


def read_foreign(path: Path) -> Foreign:
    """A file, JSON or YAML, and those beside it that it refers to, as one document."""
    foreign = convert(_load(path), lambda name: _load(path.parent / name))
    foreign.notes += [f"{path.name}: {line}" for line in thin(foreign.tree)]
    return foreign


def facts_of_foreign(name: str, foreign: Foreign, secrets: frozenset[str]) -> Facts:
    """What a converted document offers."""
    facts = _Reader(plain_document(name, foreign.tree), secrets).read()
    facts.notes = foreign.notes
    facts.left_out = foreign.left_out
    return facts


def _load(path: Path) -> Document:
    text = text_of(path)
    if len(text) > _LARGE and text.lstrip()[:1] == "{":
        document = _json(path.name, text)  # ten times faster, without lines
        if document is not None:
            return document
    try:
        return load_text(path.name, text, is_foreign=True)
    except Refusal:
        # Not all JSON is YAML: escapes of characters beyond U+FFFF come in pairs.
        document = _json(path.name, text)
        if document is None:
            raise
        return document


def _json(name: str, text: str) -> Document | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return plain_document(name, value)


class _Reader:
    def __init__(self, document: Document, secrets: frozenset[str]) -> None:
        self._root = document.root
        self._secrets = secrets

    def read(self) -> Facts:
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
            tag=next((t.text() for t in _items(node, "tags")), ""),
            name=node.text_of("operationId"),
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
                key = credential_of(self._resolve(found).plain())
                if key and key not in out:
                    out.append(key)
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
            encoding = entry.get("encoding")
            if encoding is not None:
                out[media_type]["encoding"] = encoding.plain()
        return out


def credential_of(scheme: Any) -> str:
    """What a security scheme's secret goes by: its header, or a word; "" for none."""
    kind, place = scheme.get("type"), scheme.get("in")
    if kind == "apiKey" and place in ("header", "cookie"):
        name = str(scheme["name"])
        return name if place == "header" else f"cookie {name}"
    return str(scheme.get("scheme", "")).lower() if kind == "http" else ""


def _items(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    return found.items() if found is not None else []


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
