# SPDX-License-Identifier: MIT
"""Schemas of a foreign document, each as OpenAPI 3.0 says it, under names of our form.

References lead to named schemas of the one document that is made: what they lead to in another
file, or somewhere in a path, becomes a named schema as well. A keyword that only checks values
is dropped; one that changes what a value is, and has no form here, leaves the schema without a
type, which is raw JSON in C.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from codegen.layout import Tree
from codegen.load import Document, Node, at_pointer

_TYPES = ("string", "number", "integer", "boolean", "object", "array")
_FLAGS = ("nullable", "readOnly", "writeOnly", "deprecated")
_NUMBERS = (
    *("minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems"),
    *("maxItems", "minProperties", "maxProperties"),
)
_PARTS = ("allOf", "oneOf", "anyOf")
_SCHEMAS = "/components/schemas/"
_KEY = re.compile(r"[A-Za-z0-9._-]{1,120}$")

Note = Callable[[Node, str], None]


class ForeignSchemas:
    """Converts schemas, and follows references of every kind."""

    def __init__(
        self, document: Document, opened: Callable[[str], Document], note: Note
    ) -> None:
        self._document = document
        self._opened = opened
        self._note = note
        self._names: dict[Node, str] = {}  # what a reference may lead to, and its name
        self._taken: set[str] = set()
        self._todo: list[Node] = []
        self._files = {document.name: document}
        components = document.root.get("components")
        schemas = components.get("schemas") if components is not None else None
        if schemas is not None and isinstance(schemas.value, dict):
            for name, node in schemas.value.items():
                self._name(node, name)

    def all(self) -> Tree:
        """Every named schema, those that came by references included."""
        out: Tree = {}
        done = 0
        while done < len(self._todo):
            node = self._todo[done]
            done += 1
            out[self._names[node]] = self._named(node)
        return out

    def _named(self, node: Node) -> Any:
        """A schema of its own. One that is but another name must not lead back to itself."""
        seen: list[Node] = []
        target: Node | None = node
        while target is not None and _is_reference(target):
            if target in seen:
                self._note(
                    node, "the references lead back to themselves; any value is meant"
                )
                return {}
            seen.append(target)
            target = self._follow(target)
        return self.convert(node)

    def _name(self, node: Node, wanted: str) -> str:
        """Gives a schema a name of our form that no other has."""
        key = wanted
        if not _KEY.match(key):
            key = re.sub(r"[^A-Za-z0-9._-]+", "_", wanted).strip("_")[:80] or "Schema"
        name, number = key, 2
        while name in self._taken:
            name, number = f"{key}_{number}", number + 1
        self._taken.add(name)
        self._names[node] = name
        self._todo.append(node)
        return name

    # ---- references ------------------------------------------------------------------

    def resolve(self, node: Node) -> Node:
        """What a reference to anything but a schema leads to; refused if to nothing."""
        seen: list[Node] = []
        while _is_reference(node):
            found = self._follow(node) if node not in seen else None
            if found is None:
                raise node.refuse(f"the reference '{_reference(node)}' leads nowhere")
            seen.append(node)
            node = found
        return node

    def _follow(self, node: Node) -> Node | None:
        name, _, pointer = _reference(node).partition("#")
        document: Document | None = node.document
        if name:
            document = self._file(node, unquote(name))
        if document is None or (pointer and not pointer.startswith("/")):
            return None
        found = at_pointer(document.root, pointer)
        return (
            found if found is not None else at_pointer(document.root, unquote(pointer))
        )

    def _file(self, node: Node, name: str) -> Document | None:
        folder = node.document.name.rpartition("/")[0]
        path = f"{folder}/{name}" if folder else name
        parts: list[str] = []
        for part in path.split("/"):
            if part == ".." and parts and parts[-1] != "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        path = "/".join(parts)
        if path not in self._files:
            try:
                self._files[path] = self._opened(path)
            except (OSError, ValueError) as error:
                self._note(node, f"'{name}' cannot be read: {error}")
                return None
            self._files[path].name = path
        return self._files[path]

    def _referred(self, node: Node) -> Any:
        target = self._follow(node)
        if target is None or not isinstance(target.value, (dict, bool)):
            self._note(node, f"'{_reference(node)}' leads nowhere; any value is meant")
            return {}
        if target not in self._names:
            place = _reference(node).rstrip("/").rpartition("/")[2]
            self._name(target, re.sub(r"\.(ya?ml|json)(#.*)?$", "", place))
        return {"$ref": f"#{_SCHEMAS}{self._names[target]}"}

    # ---- one schema ------------------------------------------------------------------

    def convert(self, node: Node, is_part: bool = False) -> Any:
        """A schema. is_part: of another, which may have the members that it requires."""
        if not isinstance(node.value, dict):
            if node.value is not True:
                self._note(node, f"{node.found()} is no schema; any value is meant")
            return {}
        if _is_reference(node):
            return self._reference_with(node)
        out: Tree = {}
        if _text(node, "description"):
            out["description"] = _text(node, "description")
        self._type(node, out)
        self._values(node, out)
        self._limits(node, out)
        self._structure(node, out, is_part)
        return out

    def _reference_with(self, node: Node) -> Any:
        """A reference; what 3.1 lets stand beside one goes around it."""
        reference = self._referred(node)
        members = node.mapping()
        beside: Tree = {}
        if self._is_new(node):
            for key in _FLAGS:
                if key in members and members[key].value is True:
                    beside[key] = True
        return {"allOf": [reference], **beside} if beside and reference else reference

    @staticmethod
    def _is_new(node: Node) -> bool:
        version = node.document.root.get("openapi")
        return version is not None and str(version.value).startswith("3.1")

    def _type(self, node: Node, out: Tree) -> None:
        found = node.get("type")
        kinds = [] if found is None else [found.value]
        if found is not None and isinstance(found.value, list):
            kinds = [entry.value for entry in found.value]
        if "null" in kinds or _flag(node, "nullable"):
            out["nullable"] = True
        named = [kind for kind in kinds if kind != "null"]
        known = [kind for kind in named if kind in _TYPES]
        if len(known) == 1 and len(named) == 1:
            out["type"] = known[0]
        elif len(known) > 1:
            out["anyOf"] = [{"type": kind} for kind in known]
        elif named and found is not None:
            self._note(found, f"the type '{named[0]}' is not known; any value is meant")
        elif kinds:
            out["enum"] = [None]
        text = _text(node, "format")
        encoding = _text(node, "contentEncoding")
        if encoding and not text and "contentMediaType" not in node.mapping():
            text = "byte" if encoding.startswith("base64") else text
        elif "contentMediaType" in node.mapping() and not text and not encoding:
            text = "binary"
        if text:
            out["format"] = text

    def _values(self, node: Node, out: Tree) -> None:
        members = node.mapping()
        found = members.get("enum")
        values: list[Any] | None = None
        if found is not None and isinstance(found.value, list):
            values = [entry.value for entry in found.value]
        if "const" in members:
            values = [members["const"].value]
        if values is not None:
            self._enum(node, values, out)
        default = members.get("default")
        if default is not None:
            out["default"] = default.plain()
        for key in _FLAGS[1:]:
            if _flag(node, key):
                out[key] = True

    def _enum(self, node: Node, values: list[Any], out: Tree) -> None:
        if any(isinstance(value, (dict, list)) for value in values):
            return  # what is no single value is held as its type says
        if out.get("type") == "string":
            values = [
                v if v is None or isinstance(v, str) else _spelled(v) for v in values
            ]
        if any(isinstance(v, str) and (len(v) > 60 or "\0" in v) for v in values):
            return  # a text that long is no word of an enum
        kinds = {type(v) for v in values if v is not None}
        if "type" not in out and str in kinds and len(kinds) > 1:
            return
        unlike = {
            "integer": (str, bool, float),
            "number": (str, bool),
            "boolean": (str,),
        }
        if any(isinstance(v, unlike.get(out.get("type", ""), ())) for v in values):
            return
        known: list[Any] = []
        for value in values:
            if not any(value == k and type(value) is type(k) for k in known):
                known.append(value)
        if kinds or (known and "type" not in out):
            out["enum"] = known
        if None in known:
            out["nullable"] = True

    def _limits(self, node: Node, out: Tree) -> None:
        members = node.mapping()
        for key in _NUMBERS:
            found = members.get(key)
            if found is not None and _is_number(found.value):
                out[key] = found.value
        for key, limit in (
            ("exclusiveMinimum", "minimum"),
            ("exclusiveMaximum", "maximum"),
        ):
            found = members.get(key)
            if found is not None and _is_number(found.value):
                out[limit], out[key] = found.value, True
            elif found is not None and isinstance(found.value, bool):
                out[key] = found.value
        for key, kind in (("pattern", str), ("uniqueItems", bool)):
            found = members.get(key)
            if found is not None and isinstance(found.value, kind):
                out[key] = found.value

    def _structure(self, node: Node, out: Tree, is_part: bool) -> None:
        members = node.mapping()
        properties = members.get("properties")
        if properties is not None and isinstance(properties.value, dict):
            out["properties"] = {
                name: self.convert(child) for name, child in properties.value.items()
            }
        items = members.get("items")
        if items is not None and "prefixItems" not in members:
            out["items"] = self.convert(items)
        extra = members.get("additionalProperties")
        if extra is not None and isinstance(extra.value, bool):
            out["additionalProperties"] = extra.value
        elif extra is not None:
            out["additionalProperties"] = self.convert(extra)
        for key in _PARTS:
            found = members.get(key)
            if found is not None and isinstance(found.value, list) and found.value:
                out[key] = [self.convert(part, is_part=True) for part in found.value]
        self._required(node, out, is_part)
        self._discriminator(node, out)

    def _required(self, node: Node, out: Tree, is_part: bool) -> None:
        found = node.get("required")
        if found is None or not isinstance(found.value, list):
            return
        names = {n.value for n in found.value if isinstance(n.value, str)}
        if not is_part and not any(key in out for key in _PARTS):
            for name in sorted(names - set(out.get("properties", {}))):
                self._note(found, f"'{name}' is required and no member; left out")
            names &= set(out.get("properties", {}))
        if names:
            out["required"] = sorted(names)

    def _discriminator(self, node: Node, out: Tree) -> None:
        found = node.get("discriminator")
        key = next((k for k in ("oneOf", "anyOf") if k in out), "")
        if found is None or not key or not _text(found, "propertyName"):
            return
        cases: dict[str, str] = {}
        mapping = found.get("mapping")
        if mapping is not None and isinstance(mapping.value, dict):
            for text, target in mapping.value.items():
                place = self._mapped(target)
                if place is not None:
                    cases[text] = place
        made: Tree = {"propertyName": _text(found, "propertyName")}
        if cases:
            made["mapping"] = cases
        if cases or self._are_named(out[key]):
            out["discriminator"] = made

    def _are_named(self, parts: list[Any]) -> bool:
        """Whether the alternatives' own names can be what tells them apart."""
        references = [part.get("$ref", "") for part in parts]
        return all(references) and not any(
            self._names[node] != node.key
            for node in self._todo
            if f"#{_SCHEMAS}{self._names[node]}" in references
        )

    def _mapped(self, target: Node) -> str | None:
        text = target.value
        if not isinstance(text, str):
            return None
        if (
            "/" not in text
            and "#" not in text
            and not re.search(r"\.(ya?ml|json)$", text)
        ):
            text = f"#{_SCHEMAS}{text}"
        holder = Node(None, target.document, target.file, target.line, target, "")
        holder.value = {
            "$ref": Node(
                text, target.document, target.file, target.line, holder, "$ref"
            )
        }
        found = self._follow(holder)
        if found is None or not isinstance(found.value, dict):
            self._note(target, f"'{text}' leads nowhere; left out of the mapping")
            return None
        return str(self._referred(holder)["$ref"])


def _is_reference(node: Node) -> bool:
    return isinstance(node.value, dict) and bool(_text(node, "$ref"))


def _reference(node: Node) -> str:
    return _text(node, "$ref")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _text(node: Node, key: str) -> str:
    found = node.value.get(key) if isinstance(node.value, dict) else None
    return found.value if found is not None and isinstance(found.value, str) else ""


def _flag(node: Node, key: str) -> bool:
    found = node.value.get(key) if isinstance(node.value, dict) else None
    return found is not None and found.value is True
