# SPDX-License-Identifier: MIT
"""Loads the OpenAPI documents, corrects them by sdk.yaml, and finds the operation a request means."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import urlsplit

import yaml

Schema = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


class SpecError(Exception):
    """The documents cannot be used; the text says where and why."""


@dataclass(frozen=True)
class Parameter:
    name: str
    where: str
    required: bool
    schema: Schema


@dataclass(eq=False)
class Operation:
    id: str
    service: str
    method: str
    path: str
    parameters: list[Parameter]
    bodies: dict[str, Schema]
    body_required: bool
    responses: dict[int, dict[str, Schema]]
    security: list[list[str]]
    """Alternatives, each the header names that must all be there; empty if none are needed."""
    paging: str = ""
    query: dict[str, Parameter] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The success that is documented first."""
        return min(self.responses)

    @property
    def schema(self) -> Schema | None:
        """What the success looks like, if it is JSON."""
        for status in sorted(self.responses):
            if "application/json" in self.responses[status]:
                return self.responses[status]["application/json"]
        return None

    @property
    def body_schema(self) -> Schema | None:
        return self.bodies.get("application/json")


class Spec:
    def __init__(self, documents: dict[str, Any]) -> None:
        self.documents = documents
        self.operations: dict[str, Operation] = {}
        self._routes: dict[str, Any] = {}
        for service, document in sorted(documents.items()):
            for operation in _operations(service, document):
                if operation.id in self.operations:
                    raise SpecError(f"{service}: {operation.id} is there twice")
                self.operations[operation.id] = operation
                self._add_route(operation)

    def schema(self, service: str, name: str) -> Schema:
        found: Schema = self.documents[service]["components"]["schemas"][name]
        return found

    def _add_route(self, operation: Operation) -> None:
        node = self._routes
        for part in operation.path.strip("/").split("/"):
            node = node.setdefault("{}" if part.startswith("{") else part, {})
        # Paths that differ in a parameter's name only are one to a server; the first one documented answers.
        node.setdefault("/", {}).setdefault(operation.method, operation)

    def find(self, path: str) -> tuple[dict[str, Operation], list[str]] | None:
        """The operations of a path by method, and the values of its parameters in order. path begins with a slash
        and its segments are still percent-encoded."""
        if len(path) < 2 or not path.endswith("/"):
            return None
        return _walk(self._routes, path[1:-1].split("/"), 0, [])


def _walk(
    node: dict[str, Any], parts: list[str], at: int, values: list[str]
) -> tuple[dict[str, Operation], list[str]] | None:
    if at == len(parts):
        found = node.get("/")
        return None if found is None else (found, values)
    part = parts[at]
    if not part:
        return None
    if part in node and part != "{}":
        found = _walk(node[part], parts, at + 1, values)
        if found is not None:
            return found
    return _walk(node["{}"], parts, at + 1, [*values, part]) if "{}" in node else None


def load(folder: Path) -> Spec:
    documents: dict[str, Any] = {}
    for file in sorted(folder.glob("*.yaml")):
        with open(file, encoding="utf-8") as stream:
            documents[file.stem] = yaml.load(stream, Loader=yaml.CSafeLoader)
    if "sdk" not in documents or len(documents) < 2:
        raise SpecError(f"{folder}: no sdk.yaml and documents there")
    sdk = documents.pop("sdk")
    for correction in sdk.get("corrections", []):
        _correct(documents, correction)
    for document in documents.values():
        _link(document, document, documents, set())
    return Spec(documents)


def _correct(documents: dict[str, Any], correction: dict[str, Any]) -> None:
    places = correction["at"] if isinstance(correction["at"], list) else [correction["at"]]
    for pointer in places:
        where = f"correction of {correction['service']} {pointer}"
        parent_pointer, _, last = pointer.rpartition("/")
        try:
            parent = _at(documents[correction["service"]], parent_pointer)
        except (KeyError, IndexError, ValueError) as error:
            raise SpecError(f"{where}: there is nothing at {error}") from error
        key: Any = int(last) if isinstance(parent, list) else _unescape(last)
        if "was" in correction and _at(parent, "/" + last) != correction["was"]:
            raise SpecError(f"{where}: the document says something else by now")
        if correction.get("remove"):
            del parent[key]
        else:
            parent[key] = correction["put"]


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _at(node: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        node = node[int(part)] if isinstance(node, list) else node[_unescape(part)]
    return node


def _target(reference: str, document: Any, documents: dict[str, Any]) -> tuple[Any, Any]:
    file, _, pointer = reference.partition("#")
    home = documents[file.removesuffix(".yaml")] if file else document
    try:
        node = _at(home, pointer)
    except (KeyError, IndexError, ValueError) as error:
        raise SpecError(f"{reference}: there is nothing at {error}") from error
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        return _target(node["$ref"], home, documents)
    return node, home


def _link(node: Any, document: Any, documents: dict[str, Any], seen: set[int]) -> None:
    """Puts what is referred to in the place of each reference; the tree becomes a graph, with cycles."""
    if id(node) in seen or not isinstance(node, (dict, list)):
        return
    seen.add(id(node))
    for key, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if isinstance(child, dict) and isinstance(child.get("$ref"), str):
            node[key], home = _target(child["$ref"], document, documents)
            if home is document:
                _link(node[key], document, documents, seen)
        elif key == "mapping" and "propertyName" in node:
            node[key] = {name: _target(ref, document, documents)[0] for name, ref in child.items()}
        else:
            _link(child, document, documents, seen)


def _operations(service: str, document: Any) -> Iterator[Operation]:
    base = urlsplit(document["servers"][0]["url"]).path.rstrip("/")
    schemes = document.get("components", {}).get("securitySchemes", {})
    headers = {name: scheme["name"] for name, scheme in schemes.items() if scheme.get("in") == "header"}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(service, base + path, method, item[method], item, document, headers)


def _operation(
    service: str, path: str, method: str, node: Any, item: Any, document: Any, headers: dict[str, str]
) -> Operation:
    nodes = [*item.get("parameters", []), *node.get("parameters", [])]
    parameters = [Parameter(p["name"], p["in"], p.get("required", False), p.get("schema", {})) for p in nodes]
    body = node.get("requestBody", {})
    responses = {
        int(code): {kind: media.get("schema", {}) for kind, media in (answer.get("content") or {}).items()}
        for code, answer in node["responses"].items()
        if str(code)[0] in "23"
    }
    security = node.get("security", document.get("security", []))
    return Operation(
        id=node["operationId"],
        service=service,
        method=method.upper(),
        path=path,
        parameters=parameters,
        bodies={kind: media.get("schema", {}) for kind, media in body.get("content", {}).items()},
        body_required=body.get("required", False),
        responses=responses,
        security=[[headers.get(name, name) for name in alternative] for alternative in security],
        paging=node.get("x-paging", ""),
        query={parameter.name: parameter for parameter in parameters if parameter.where == "query"},
    )
