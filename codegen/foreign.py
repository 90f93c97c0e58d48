# SPDX-License-Identifier: MIT
"""A document as anybody writes it, to the OpenAPI 3.0 that spec/ is written in.

OpenAPI 3.1 says the same in other words for most of what it says; references may lead into
other files and anywhere in this one; and what is published breaks its own rules now and then.
What has the same meaning is converted; what has none here is left out and noted, so that one
bad schema never keeps the others away. Swagger 2.0 is another language and refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from codegen.foreign_schemas import ForeignSchemas
from codegen.layout import Tree
from codegen.load import Document, Node
from codegen.operations import METHODS
from codegen.problems import Refusal

_OTHER_METHODS = ("options", "trace", "connect", "query")
_STATUS = re.compile(r"[1-5]([0-9][0-9]|[xX]{2})$")
_ANYTHING: Tree = {"description": "Success.", "content": {"*/*": {}}}
_SPARE_HOST = "https://api.example.com"


@dataclass(slots=True)
class Foreign:
    """A converted document, and what was changed or left out, in lines for a person."""

    tree: Tree
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # operations, with the reason


Opener = Callable[
    [str], Document
]  # a file that a reference names, by its relative name


def convert(document: Document, opened: Opener) -> Foreign:
    """The whole document. Refused only if it is no OpenAPI document of version 3."""
    return _Converter(document, opened).run()


class _Converter:
    def __init__(self, document: Document, opened: Opener) -> None:
        self._root = document.root
        self._foreign = Foreign({})
        self._noted: set[str] = set()
        self._schemes: Tree = {}  # of credentials that can be sent, by their own names
        self._schemas = ForeignSchemas(document, opened, self._note)

    def _note(self, node: Node, what: str) -> None:
        line = f"{node.source}: {what}"
        if line not in self._noted:
            self._noted.add(line)
            self._foreign.notes.append(line)

    def run(self) -> Foreign:
        """The document. Schemas come last: they are those that all else refers to."""
        _check_version(self._root)
        self._read_schemes()
        paths = self._paths()
        components: Tree = {}
        schemas = self._schemas.all()
        if schemas:
            components["schemas"] = schemas
        if self._schemes:
            components["securitySchemes"] = {
                _key(name): scheme for name, scheme in self._schemes.items()
            }
        tree: Tree = {
            "openapi": "3.0.3",
            "info": {"title": self._title()},
            "servers": [{"url": self._server(self._root) or _SPARE_HOST}],
            "paths": paths,
            "components": components,
        }
        if self._root.get("security") is not None:
            tree["security"] = self._security(self._root.need("security"))
        self._foreign.tree = tree
        return self._foreign

    def _title(self) -> str:
        info = self._root.get("info")
        title = _text(info, "title") if info is not None else ""
        return " ".join(title.split())[:80] or self._root.document.stem

    # ---- servers ---------------------------------------------------------------------

    def _server(self, node: Node) -> str:
        """The first server's address, its variables at their defaults; "" if none."""
        servers = node.get("servers")
        if servers is None or not isinstance(servers.value, list) or not servers.value:
            return ""
        first = servers.value[0]
        url = _text(first, "url").strip()
        variables = first.get("variables")
        for name in re.findall(r"\{([^{}]*)\}", url):
            found = variables.get(name) if variables is not None else None
            default = found.get("default") if found is not None else None
            text = str(default.value) if default is not None else "default"
            url = url.replace("{" + name + "}", text)
        above = _SPARE_HOST if node is self._root else self._server(self._root)
        url = urljoin(f"{above or _SPARE_HOST}/", url)
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme not in ("http", "https") or not host:
            self._note(first, f"'{url}' is no address of a server; left out")
            return ""
        if host == urlsplit(_SPARE_HOST).netloc:
            self._note(first, f"no host is named; {_SPARE_HOST} stands in its place")
        path = re.sub(r"/+", "/", parts.path).rstrip("/")
        return f"{parts.scheme}://{host}{path}"

    # ---- credentials -----------------------------------------------------------------

    def _read_schemes(self) -> None:
        components = self._root.get("components")
        schemes = components.get("securitySchemes") if components is not None else None
        for name, node in _members(schemes):
            made = self._scheme(node)
            if made is not None:
                self._schemes[name] = made

    def _scheme(self, node: Node) -> Tree | None:
        node = self._schemas.resolve(node)
        kind, place = _text(node, "type"), _text(node, "in")
        name, scheme = _text(node, "name"), _text(node, "scheme").lower()
        if kind == "apiKey" and place in ("header", "query", "cookie") and name:
            return {"type": "apiKey", "in": place, "name": name}
        if kind == "http" and scheme in ("basic", "bearer"):
            return {"type": "http", "scheme": scheme}
        if kind in ("oauth2", "openIdConnect"):
            return {"type": "http", "scheme": "bearer"}
        self._note(
            node, f"credentials of type '{scheme or kind}' cannot be sent; left out"
        )
        return None

    def _listed(self, node: Node) -> list[str]:
        """All schemes of all alternatives: what the caller has is sent."""
        names = [name for entry in node.items() for name in entry.mapping()]
        return [name for name in dict.fromkeys(names) if name in self._schemes]

    def _security(self, node: Node) -> list[Tree]:
        names = self._listed(node)
        return [{_key(name): [] for name in names}] if names else []

    def _keys_in_query(self, node: Node) -> list[Tree]:
        """Keys that go in the query: arguments of each call that needs them."""
        security = node.get("security") or self._root.get("security")
        schemes = [self._schemes[n] for n in self._listed(security)] if security else []
        return [
            {"name": scheme["name"], "in": "query", "schema": {"type": "string"}}
            for scheme in schemes
            if scheme.get("in") == "query"
        ]

    # ---- paths -----------------------------------------------------------------------

    def _paths(self) -> Tree:
        found = self._root.get("paths")
        if found is None:
            raise self._root.refuse("there are no paths; nothing can be called")
        if not found.mapping():
            raise found.refuse("there are no paths; nothing can be called")
        base = urlsplit(self._server(self._root)).path
        origin = self._origin(self._root)
        made: dict[tuple[str, str], tuple[str, Tree]] = {}
        for path, item in found.mapping().items():
            for method, node, shared in self._operations(path, item):
                title = f"{method.upper()} {path}"
                try:
                    own = self._server(node) or self._server(
                        self._schemas.resolve(item)
                    )
                    if own and _origin_of(own) != origin:
                        raise node.refuse(
                            f"it is on another host, {_origin_of(own)}; call it by "
                            "uvrest_call_raw() of a client for that host"
                        )
                    operation = self._operation(path, node, shared)
                    made[path, method] = (
                        urlsplit(own).path if own else base,
                        operation,
                    )
                except Refusal as refusal:
                    problem = refusal.problem
                    self._foreign.left_out.append(
                        f"{problem.source}: {title}: {problem.what}"
                    )
        return self._gathered(made, base)

    def _origin(self, node: Node) -> str:
        return _origin_of(self._server(node) or _SPARE_HOST)

    def _gathered(
        self, made: dict[tuple[str, str], tuple[str, Tree]], base: str
    ) -> Tree:
        """By path; with the servers' paths in front where they differ."""
        differ = any(own != base for own, _ in made.values())
        out: Tree = {}
        for (path, method), (own, operation) in made.items():
            path = "/" + path.lstrip("/")
            if differ:
                path = self._below(base, own, path)
            out.setdefault(path, {})[method] = operation
        return out

    @staticmethod
    def _below(base: str, own: str, path: str) -> str:
        return path if own == base else (own + path).removeprefix(base)

    def _operations(
        self, path: str, item: Node
    ) -> Iterator[tuple[str, Node, Node | None]]:
        try:
            item = self._schemas.resolve(item)
            members = item.mapping()
        except Refusal as refusal:
            self._foreign.left_out.append(
                f"{refusal.problem.source}: {path}: no object"
            )
            return
        for method in METHODS:
            node = members.get(method)
            if node is not None and isinstance(node.value, dict):
                yield method, node, members.get("parameters")
        for method in _OTHER_METHODS:
            if method in members:
                self._foreign.left_out.append(
                    f"{members[method].source}: {method.upper()} {path}: "
                    "the runtime does not send this method"
                )

    def _operation(self, path: str, node: Node, shared: Node | None) -> Tree:
        if "?" in path or "#" in path:
            raise node.refuse(
                "a path with a query or a fragment; make a parameter of it by hand"
            )
        out: Tree = {}
        if _flag(node, "deprecated"):
            out["deprecated"] = True
        for key in ("operationId", "summary", "description"):
            if _text(node, key):
                out[key] = _text(node, key)
        tags = node.get("tags")
        if tags is not None and isinstance(tags.value, list):
            out["tags"] = [t.value for t in tags.value if isinstance(t.value, str)]
        out["parameters"] = self._parameters(path, node, shared)
        body = node.get("requestBody")
        made = self._body(self._schemas.resolve(body)) if body is not None else None
        if made is not None:
            out["requestBody"] = made
        out["responses"] = self._responses(node)
        security = node.get("security")
        if security is not None:
            out["security"] = self._security(security)
        return out

    # ---- parameters ------------------------------------------------------------------

    def _parameters(self, path: str, node: Node, shared: Node | None) -> list[Tree]:
        found: dict[tuple[str, str], Tree] = {}
        for group in (shared, node.get("parameters")):
            for entry in group.items() if group is not None else ():
                made = self._parameter(self._schemas.resolve(entry))
                found[made["in"], made["name"]] = made
        for made in self._keys_in_query(node):
            found.setdefault(("query", made["name"]), made)
        in_path = re.findall(r"\{([^{}]*)\}", path)
        for place, name in list(found):
            if place == "path" and name not in in_path:
                self._note(node, f"'{name}' is not in the path; left out")
                del found[place, name]
        for name in in_path:
            if ("path", name) not in found:
                self._note(node, f"'{name}' is in the path only; a text is expected")
                found["path", name] = {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                }
        return list(found.values())

    def _parameter(self, node: Node) -> Tree:
        name, place = _text(node, "name"), _text(node, "in")
        if not name or place not in ("path", "query", "header", "cookie"):
            raise node.refuse("a parameter without a name or a known place")
        out: Tree = {"name": name, "in": place}
        if place == "cookie" and _flag(node, "required"):
            raise node.refuse(
                f"the cookie '{name}' is required; make it a header by hand, or call it by "
                "uvrest_call_raw() with the header in its options"
            )
        for key in ("required", "deprecated", "allowEmptyValue"):
            if _flag(node, key) or (key == "required" and place == "path"):
                out[key] = True
        style = _text(node, "style")
        if style in ("label", "matrix"):
            raise node.refuse(
                f"the style '{style}' is not written; call it by uvrest_call_raw()"
            )
        if style:
            out["style"] = style
        explode = node.get("explode")
        if explode is not None and isinstance(explode.value, bool):
            out["explode"] = explode.value
        if _text(node, "description"):
            out["description"] = _text(node, "description")
        schema = node.get("schema")
        if schema is not None:
            out["schema"] = self._schemas.convert(schema)
        else:
            self._note(node, f"'{name}' is one text, written as its content says")
            out["schema"] = {"type": "string"}
        return out

    # ---- bodies and answers ------------------------------------------------------------

    def _body(self, node: Node) -> Tree | None:
        content = self._content(node)
        if not content:
            return None
        out: Tree = {"content": content}
        if _flag(node, "required"):
            out["required"] = True
        return out

    def _content(self, node: Node) -> Tree:
        out: Tree = {}
        for media_type, entry in _members(node.get("content")):
            media_type = media_type.strip()
            if not re.match(r"[!-~]+/[ -~]+$", media_type):
                self._note(entry, f"'{media_type}' is no media type; left out")
                continue
            schema = entry.get("schema") if isinstance(entry.value, dict) else None
            made: Tree = {"schema": self._schemas.convert(schema)} if schema else {}
            encoding = self._encoding(entry)
            if encoding:
                made["encoding"] = encoding
            out[media_type] = made
        return out

    @staticmethod
    def _encoding(entry: Node) -> Tree:
        """How members of a form are written, where it is said."""
        found = entry.get("encoding") if isinstance(entry.value, dict) else None
        out: Tree = {}
        for name, node in _members(found):
            style, explode = _text(node, "style"), node.get("explode")
            if style in ("form", "deepObject", "spaceDelimited", "pipeDelimited"):
                out[name] = {"style": style}
                if explode is not None and isinstance(explode.value, bool):
                    out[name]["explode"] = explode.value
        return out

    def _responses(self, node: Node) -> Tree:
        out: Tree = {}
        for status, entry in _members(node.get("responses")):
            if status != "default" and not _STATUS.match(status):
                if not status.startswith("x-"):
                    self._note(entry, f"'{status}' is no status; left out")
                continue
            if status[0] == "1":
                self._note(entry, f"{status} is no answer; left out")
                continue
            key = status if status == "default" else status.upper()
            out[key] = self._response(self._schemas.resolve(entry))
        if not any(status[0] in "23" for status in out):
            out["200"] = self._success(node, out)
        return out

    def _success(self, node: Node, responses: Tree) -> Tree:
        """The answer of an operation that names none: the default one, or whatever comes."""
        if "default" in responses and len(responses) == 1:
            return dict(responses["default"])
        self._note(node, "no answer means success; what comes is taken as bytes")
        return dict(_ANYTHING)

    def _response(self, node: Node) -> Tree:
        content = self._content(node) if isinstance(node.value, dict) else {}
        out: Tree = {"description": _text(node, "description") or "No words."}
        return {**out, "content": content} if content else out


def _check_version(root: Node) -> None:
    if not isinstance(root.value, dict):
        raise root.refuse("an object is expected; this is no OpenAPI document")
    if "swagger" in root.value:
        raise root.value["swagger"].refuse(
            "Swagger 2.0 is not understood; convert the document to OpenAPI 3 first"
        )
    version = root.need("openapi")
    if not re.match(r"3\.[01](\.|$)", str(version.value)):
        raise version.refuse(
            "only OpenAPI 3.0 and 3.1 are understood; convert it first"
        )


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _key(name: str) -> str:
    """A component's name as ours are written."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name) or "_"


def _members(node: Node | None) -> list[tuple[str, Node]]:
    """What an object holds; nothing if it is none."""
    if node is None or not isinstance(node.value, dict):
        return []
    return list(node.value.items())


def _text(node: Node, key: str) -> str:
    found = node.value.get(key) if isinstance(node.value, dict) else None
    return found.value if found is not None and isinstance(found.value, str) else ""


def _flag(node: Node, key: str) -> bool:
    found = node.value.get(key) if isinstance(node.value, dict) else None
    return found is not None and found.value is True


__all__ = ["Foreign", "Opener", "convert"]
