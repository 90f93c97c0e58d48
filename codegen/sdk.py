# SPDX-License-Identifier: MIT
"""Reads sdk.yaml: what the documents do not say and a C library needs.

prefix          what every C name begins with; a C identifier in lower case
name            the API's name, as it stands in texts
description     one sentence
server          scheme and host of all documents
error_member    member of an error body that holds the messages
rate_limit      requests in window_ms, as published; optional
credentials     option (member of the client's options), scheme (of the documents),
                required, description; in the order of the options
groups          resource groups: service and description of each
models          by service, the short C name of every schema; a service that is not
                named takes the schema's name in snake case, `Schema` cut off
corrections     see corrections.py
names           C names where the rule would clash: service, at (pointer), reason and one
                of member (of a struct), type (of an inline schema), value (of an enum,
                with the text it stands for)
gathers         see gathers.py
shortcuts       see shortcuts.py
known_gaps      operations left out: operation and reason
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from codegen.ir import Credential, Group
from codegen.load import Document, Documents, Node
from codegen.problems import Problems

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*$")


@dataclass(slots=True)
class NameFix:
    """A C name settled by hand. `used` says that something asked for it."""

    name: str
    node: Node
    used: bool = False


@dataclass(slots=True)
class Sdk:
    """sdk.yaml, typed."""

    prefix: str = ""
    name: str = ""
    description: str = ""
    server: str = ""
    error_member: str = ""
    requests: int = 0
    window_ms: int = 0
    credentials: list[tuple[str, Credential]] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    models: dict[str, dict[str, Node]] = field(default_factory=dict)
    corrections: list[Node] = field(default_factory=list)
    gathers: list[Node] = field(default_factory=list)
    shortcuts: list[Node] = field(default_factory=list)
    gaps: dict[str, Node] = field(default_factory=dict)
    # by what is named ("member", "type", "value"), then by document and pointer
    names: dict[tuple[str, str], NameFix] = field(default_factory=dict)

    def fixed(self, what: str, place: str) -> str | None:
        """The name settled for a place, or None."""
        fix = self.names.get((what, place))
        if fix is None:
            return None
        fix.used = True
        return fix.name


def read_sdk(document: Document, documents: Documents, problems: Problems) -> Sdk:
    """The typed form; what is wrong goes to problems."""
    sdk = Sdk()
    root = document.root
    with problems.gather():
        root.only(
            *("prefix name description server error_member rate_limit".split()),
            *("credentials groups models corrections names".split()),
            *("gathers shortcuts known_gaps".split()),
        )
    with problems.gather():
        sdk.prefix = identifier(root.need("prefix"))
    with problems.gather():
        sdk.name = root.need("name").text()
        sdk.description = root.text_of("description")
        sdk.error_member = root.text_of("error_member", "errors")
    with problems.gather():
        sdk.server = _server(root.need("server"))
    limit = root.get("rate_limit")
    if limit is not None:
        with problems.gather():
            limit.only("requests", "window_ms")
            sdk.requests = limit.need("requests").integer()
            sdk.window_ms = limit.need("window_ms").integer()
    for node in _list(root, "credentials", problems):
        with problems.gather():
            sdk.credentials.append(_credential(node, documents))
    groups = root.get("groups")
    for name, node in groups.mapping().items() if groups else ():
        with problems.gather():
            sdk.groups[name] = _group(name, node)
    models = root.get("models")
    for service, node in models.mapping().items() if models else ():
        with problems.gather():
            sdk.models[service] = node.mapping()
    sdk.corrections = _list(root, "corrections", problems)
    sdk.gathers = _list(root, "gathers", problems)
    sdk.shortcuts = _list(root, "shortcuts", problems)
    for node in _list(root, "known_gaps", problems):
        with problems.gather():
            node.only("operation", "reason")
            node.need("reason").text()
            sdk.gaps[node.need("operation").text()] = node
    for node in _list(root, "names", problems):
        with problems.gather():
            _name_fix(node, documents, sdk)
    return sdk


def identifier(node: Node) -> str:
    """Text that may be part of a C name."""
    text = node.text()
    if not IDENTIFIER.match(text):
        raise node.refuse(
            f"'{text}' cannot be part of a C name; "
            "use lower-case letters, digits and underscores, a letter first"
        )
    return text


def document_of(service: Node, documents: Documents) -> Document:
    """The document that a member `service` names."""
    for document in documents:
        if document.stem == service.text():
            return document
    raise service.refuse(
        f"there is no document of service '{service.text()}'; correct the name"
    )


def _list(root: Node, key: str, problems: Problems) -> list[Node]:
    node = root.get(key)
    if node is None or node.value is None:
        return []
    with problems.gather():
        return node.items()
    return []


def _server(node: Node) -> str:
    if not re.match(r"https?://[^/?#]+$", node.text()):
        raise node.refuse("scheme and host are expected, as https://api.example.com")
    return node.text()


def _credential(node: Node, documents: Documents) -> tuple[str, Credential]:
    node.only("option", "scheme", "required", "description")
    scheme = node.need("scheme").text()
    return scheme, Credential(
        option=identifier(node.need("option")),
        header=_header(scheme, node, documents),
        required=node.flag_of("required"),
        description=node.text_of("description"),
    )


def _header(scheme: str, node: Node, documents: Documents) -> str:
    for document in documents:
        components = document.root.get("components")
        schemes = components.get("securitySchemes") if components else None
        found = schemes.get(scheme) if schemes else None
        if found is None:
            continue
        found = documents.resolve(found)
        return header_of(found)
    raise node.refuse(
        f"no document defines the security scheme '{scheme}'; correct the name"
    )


def header_of(scheme: Node) -> str:
    """What a secret stands behind in a header line."""
    kind, place = scheme.need("type").text(), scheme.text_of("in")
    how = scheme.text_of("scheme").lower()
    if kind == "apiKey" and place in ("header", "cookie"):
        name = scheme.need("name").text()
        return name if place == "header" else f"Cookie: {name}="
    if kind in ("oauth2", "openIdConnect") or (kind, how) == ("http", "bearer"):
        return "Authorization: Bearer "
    if (kind, how) == ("http", "basic"):
        return "Authorization: Basic "
    raise scheme.refuse(
        "only apiKey in a header or cookie, http basic and bearer, oauth2 and "
        "openIdConnect are understood; drop the credential"
    )


def _group(name: str, node: Node) -> Group:
    node.only("service", "description")
    if not IDENTIFIER.match(name):
        raise node.refuse(f"'{name}' cannot be part of a C name; rename the group")
    return Group(
        name=name,
        service=node.need("service").text(),
        description=node.need("description").text(),
        source=node.source,
    )


def _name_fix(node: Node, documents: Documents, sdk: Sdk) -> None:
    node.only("service", "at", "member", "type", "value", "text", "reason")
    document = document_of(node.need("service"), documents)
    place = f"{document.name}#{node.need('at').text()}"
    kinds = [kind for kind in ("member", "type", "value") if node.get(kind)]
    if len(kinds) != 1:
        raise node.refuse("exactly one of member, type and value is expected; keep one")
    name = node.need(kinds[0])
    if kinds[0] == "value":
        place += f"#{node.need('text').text()}"
        if not re.match(r"[A-Z0-9_]+$", name.text()):
            raise name.refuse("upper-case letters, digits and underscores are expected")
    else:
        identifier(name)
    sdk.names[kinds[0], place] = NameFix(name.text(), node)
