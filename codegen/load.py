# SPDX-License-Identifier: MIT
"""Files to a tree that remembers file, pointer and line.

A tree is made of nodes. Scalars follow YAML 1.2 (JSON's words and numbers, all else
is text), so `NO`, `on` and dates stay what the document says. Nothing is interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from codegen.problems import Refusal, Source

Scalar = str | int | float | bool | None
Plain = Scalar | list["Plain"] | dict[str, "Plain"]

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

    __slots__ = ("value", "document", "file", "line", "parent", "key")

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

    @property
    def pointer(self) -> str:
        """The JSON pointer from the document's root."""
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

    def refuse(self, what: str) -> Refusal:
        """An exception that names this place."""
        return Refusal(self.source, what)

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
    return load_text(path.name, path.read_text(encoding="utf-8"))


def load_text(name: str, text: str) -> Document:
    """Text to a tree. JSON is YAML."""
    document = Document(name)
    try:
        document.root = _Reader(document, text).read()
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

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
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
        if isinstance(event, yaml.ScalarEvent):
            node.value = _scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            node.value = self._mapping(node)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.value = self._sequence(node)
        else:
            raise node.refuse("aliases are not understood; write the value out")
        if getattr(event, "anchor", None) or _foreign_tag(event):
            raise node.refuse("anchors and tags are not understood; remove it")
        return node

    def _mapping(self, node: Node) -> dict[str, Node]:
        members: dict[str, Node] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                return members
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            if key is None:
                raise node.refuse("a key that is no text; quote it")
            child = self._node(next(self._events), node, key)
            if key in members:
                raise child.refuse(f"'{key}' stands here twice; remove one")
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
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
