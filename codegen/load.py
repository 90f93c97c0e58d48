# SPDX-License-Identifier: MIT
"""Files to a tree that remembers file, pointer and line.

A tree is made of nodes. Scalars follow YAML 1.2 (JSON's words and numbers, all else
is text), so `NO`, `on` and dates stay what the document says. Nothing is interpreted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from codegen.problems import Clash, Refusal, Source

Scalar = str | int | float | bool | None
Plain = Scalar | list["Plain"] | dict[str, "Plain"]

_MAX_DEPTH = 150
_MAX_DIGITS = 300
_MAX_COPIED = 400_000  # nodes that aliases may make of a document
_INT = re.compile(r"-?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$")
_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}


class Document:
    """One file. References that begin with `#` lead into it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root = Node(None, self, name, 1, None, "")

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.name.rsplit(".", 1)[0]


class Node:
    """A value in a document. `file` and `line` say where it was written."""

    __slots__ = ("value", "document", "file", "line", "parent", "key", "_pointer")

    def __init__(
        self,
        value: Scalar | list[Node] | dict[str, Node],
        document: Document,
        file: str,
        line: int,
        parent: Node | None,
        key: str,
    ) -> None:
        self.value = value
        self.document = document
        self.file = file
        self.line = line
        self.parent = parent
        self.key = key
        self._pointer = ""  # once somebody asked

    @property
    def pointer(self) -> str:
        """The JSON pointer from the document's root."""
        if not self._pointer:
            self._pointer = self._path()
        return self._pointer

    def _path(self) -> str:
        parts: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            parts.append(node.key.replace("~", "~0").replace("/", "~1"))
            node = node.parent
        return "#" + "".join("/" + part for part in reversed(parts))

    @property
    def source(self) -> Source:
        """The node's place."""
        return Source(self.file, self.line, self.pointer)

    @property
    def place(self) -> str:
        """Document and pointer, as a doc comment cites it."""
        return self.document.name + self.pointer

    def refuse(self, what: str, clash: Clash | None = None) -> Refusal:
        """An exception that names this place."""
        return Refusal(self.source, what, clash)

    def mapping(self) -> dict[str, Node]:
        """The members of an object; refused if it is none."""
        if not isinstance(self.value, dict):
            raise self.refuse(f"{self.found()} where an object is expected")
        return self.value

    def items(self) -> list[Node]:
        """The elements of an array; refused if it is none."""
        if not isinstance(self.value, list):
            raise self.refuse(f"{self.found()} where an array is expected")
        return self.value

    def text(self) -> str:
        """The text; refused if it is none."""
        if not isinstance(self.value, str):
            raise self.refuse(f"{self.found()} where text is expected; quote it")
        return self.value

    def flag(self) -> bool:
        """True or false; refused if it is neither."""
        if not isinstance(self.value, bool):
            raise self.refuse(f"{self.found()} where true or false is expected")
        return self.value

    def integer(self) -> int:
        """The whole number; refused if it is none."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.refuse(f"{self.found()} where a whole number is expected")
        return self.value

    def scalar(self) -> Scalar:
        """Text, number, true, false or null; refused if it is an object or array."""
        if isinstance(self.value, (dict, list)):
            raise self.refuse(f"{self.found()} where a single value is expected")
        return self.value

    def get(self, key: str) -> Node | None:
        """A member, or None; refused if this is no object."""
        return self.mapping().get(key)

    def need(self, key: str) -> Node:
        """A member; refused if it is missing."""
        node = self.mapping().get(key)
        if node is None:
            raise self.refuse(f"'{key}' is missing; add it")
        return node

    def text_of(self, key: str, default: str = "") -> str:
        """A member's text, or the default if the member is missing."""
        node = self.mapping().get(key)
        return default if node is None else node.text()

    def flag_of(self, key: str) -> bool:
        """A member's truth; false if the member is missing."""
        node = self.mapping().get(key)
        return False if node is None else node.flag()

    def only(self, *known: str) -> None:
        """Refuses the first member that is not among the known ones."""
        for key, node in self.mapping().items():
            if key not in known:
                raise node.refuse(
                    f"'{key}' is not understood here; known are {', '.join(known)}"
                )

    def found(self) -> str:
        """What kind of value this is, in words."""
        if isinstance(self.value, dict):
            return "an object"
        if isinstance(self.value, list):
            return "an array"
        if self.value is None:
            return "null"
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return f"the {'text' if isinstance(self.value, str) else 'number'}" + (
            f" '{self.value}'"
        )

    def plain(self) -> Plain:
        """The value without places, to compare and to print."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def size(self) -> int:
        """How many nodes it is, itself included."""
        below: list[Node] = []
        if isinstance(self.value, dict):
            below = list(self.value.values())
        elif isinstance(self.value, list):
            below = self.value
        return 1 + sum(node.size() for node in below)

    def copy_to(self, document: Document, parent: Node | None, key: str) -> Node:
        """The same value at another place; it remembers where it was written."""
        node = Node(None, document, self.file, self.line, parent, key)
        if isinstance(self.value, dict):
            node.value = {
                name: child.copy_to(document, node, name)
                for name, child in self.value.items()
            }
        elif isinstance(self.value, list):
            node.value = [
                child.copy_to(document, node, str(index))
                for index, child in enumerate(self.value)
            ]
        else:
            node.value = self.value
        return node


class Documents:
    """All documents of a run, by file name."""

    def __init__(self, documents: dict[str, Document]) -> None:
        self._documents = documents

    def __iter__(self) -> Iterator[Document]:
        return iter(self._documents[name] for name in sorted(self._documents))

    def get(self, name: str) -> Document | None:
        """A document by its file name."""
        return self._documents.get(name)

    def resolve(self, node: Node) -> Node:
        """Follows `$ref` until it ends; the node itself if it has none."""
        seen: list[Node] = []
        while isinstance(node.value, dict) and "$ref" in node.value:
            if node in seen:
                raise node.refuse(
                    "the reference leads back to itself; break the circle"
                )
            seen.append(node)
            node = self._follow(node)
        return node

    def _follow(self, node: Node) -> Node:
        reference = node.need("$ref")
        if len(node.mapping()) > 1:
            raise node.refuse(
                "members beside $ref are ignored by OpenAPI 3.0; wrap it in allOf"
            )
        name, hash_sign, pointer = reference.text().partition("#")
        document = node.document if not name else self.get(name)
        if document is None or not hash_sign:
            raise reference.refuse(f"there is no document '{name}'; correct the name")
        found = at_pointer(document.root, pointer)
        if found is None:
            raise reference.refuse(
                f"'{reference.text()}' leads nowhere; define it or correct it"
            )
        return found


def at_pointer(root: Node, pointer: str) -> Node | None:
    """The node a JSON pointer leads to, or None."""
    node = root
    if pointer in ("", "/"):
        return node
    for part in pointer.removeprefix("/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        child: Node | None = None
        if isinstance(node.value, dict):
            child = node.value.get(key)
        elif isinstance(node.value, list) and key.isdecimal():
            child = node.value[int(key)] if int(key) < len(node.value) else None
        if child is None:
            return None
        node = child
    return node


def load_folder(folder: Path) -> Documents:
    """All YAML and JSON files of a folder; the files directly in it only."""
    documents = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in (".yaml", ".yml", ".json"):
            documents[path.name] = load_file(path)
    return Documents(documents)


def load_file(path: Path) -> Document:
    """One file to a tree."""
    return load_text(path.name, text_of(path))


def text_of(path: Path) -> str:
    """A file's text; refused if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"not UTF-8 at byte {error.start}; convert the file"
        raise Refusal(Source(path.name, 1, "#"), what) from error


def plain_document(name: str, value: Any) -> Document:
    """A value as a tree without lines."""
    document = Document(name)
    document.root = _made_node(value, document, None, "", 0)
    return document


def _made_node(
    value: Any, document: Document, parent: Node | None, key: str, depth: int
) -> Node:
    node = Node(None, document, document.name, 1, parent, key)
    if depth > _MAX_DEPTH:
        raise node.refuse("nested too deep; this is no OpenAPI document")
    if isinstance(value, dict):
        node.value = {
            k: _made_node(v, document, node, k, depth + 1) for k, v in value.items()
        }
    elif isinstance(value, list):
        node.value = [
            _made_node(v, document, node, str(i), depth + 1)
            for i, v in enumerate(value)
        ]
    elif isinstance(value, str) and not value.isascii():
        node.value = value.encode("utf-8", "replace").decode("utf-8")
    else:
        node.value = value
    return node


def load_text(name: str, text: str, is_foreign: bool = False) -> Document:
    """Text to a tree. JSON is YAML. A foreign one may use all of YAML: what is referred to by
    an anchor is written out, tags are ignored, and of keys that stand twice the last counts.
    """
    document = Document(name)
    try:
        document.root = _Reader(document, text, is_foreign).read()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        what = getattr(error, "problem", None) or "cannot be read"
        raise Refusal(
            Source(name, line, "#"), f"not valid YAML: {what}; correct it"
        ) from error
    return document


class _Reader:
    """Builds nodes from the parser's events: no object is made twice."""

    def __init__(self, document: Document, text: str, is_foreign: bool) -> None:
        self._document = document
        self._is_foreign = is_foreign
        self._anchors: dict[str, Node] = {}
        self._depth = 0
        self._copied = 0
        self._events: Iterator[yaml.Event] = yaml.parse(  # type: ignore[no-untyped-call]
            text, Loader=yaml.CSafeLoader
        )

    def read(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
                continue
            if isinstance(event, (yaml.StreamEndEvent, yaml.DocumentEndEvent)):
                continue
            if root is not None:
                raise Refusal(
                    Source(self._document.name, event.start_mark.line + 1, "#"),
                    "a second document in one file; put it in a file of its own",
                )
            root = self._node(event, None, "")
        if root is None:
            raise Refusal(Source(self._document.name, 1, "#"), "the file is empty")
        return root

    def _node(self, event: yaml.Event, parent: Node | None, key: str) -> Node:
        line = event.start_mark.line + 1
        node = Node(None, self._document, self._document.name, line, parent, key)
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise node.refuse("nested too deep; this is no OpenAPI document")
        anchor = getattr(event, "anchor", None)
        if (anchor or _foreign_tag(event)) and not self._is_foreign:
            if isinstance(event, yaml.AliasEvent):
                raise node.refuse("aliases are not understood; write the value out")
            raise node.refuse("anchors and tags are not understood; remove it")
        if isinstance(event, yaml.ScalarEvent):
            node.value = _scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            node.value = self._mapping(node)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.value = self._sequence(node)
        else:
            node = self._alias(node, str(anchor))
        if anchor and not isinstance(event, yaml.AliasEvent):
            self._anchors[anchor] = node
        self._depth -= 1
        return node

    def _alias(self, node: Node, anchor: str) -> Node:
        """A copy of what an anchor names: no tree is in two places."""
        found = self._anchors.get(anchor)
        if found is None:
            raise node.refuse(f"nothing before it has the anchor '{anchor}'")
        self._copied += found.size()
        if self._copied > _MAX_COPIED:
            raise node.refuse("aliases make more of the document than can be read")
        return found.copy_to(self._document, node.parent, node.key)

    def _mapping(self, node: Node) -> dict[str, Node]:
        members: dict[str, Node] = {}
        merged: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                for source in merged:
                    for key, child in source.mapping().items():
                        if key not in members:
                            members[key] = child.copy_to(self._document, node, key)
                return members
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            if key is None:
                raise node.refuse("a key that is no text; quote it")
            child = self._node(next(self._events), node, key)
            if key in members and not self._is_foreign:
                raise child.refuse(f"'{key}' stands here twice; remove one")
            if key == "<<" and self._is_foreign:
                merged += child.items() if isinstance(child.value, list) else [child]
            else:
                members[key] = child
        raise node.refuse("the object does not end")

    def _sequence(self, node: Node) -> list[Node]:
        elements: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return elements
            elements.append(self._node(event, node, str(len(elements))))
        raise node.refuse("the array does not end")


def _foreign_tag(event: yaml.Event) -> bool:
    return getattr(event, "tag", None) not in (None, "!")


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= _MAX_DIGITS and _INT.match(text):
        return int(text)
    if _FLOAT.match(text) and math.isfinite(float(text)):
        return float(text)
    return text
