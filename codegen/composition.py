# SPDX-License-Identifier: MIT
"""What allOf, oneOf and anyOf come down to: one schema, one set of members, or a choice.

A part tells something if it says what a value is; a description, a flag or a limit does not.
Members of several parts of an allOf are one struct's; a member that parts describe in ways that
do not go together is doubtful. An alternative that stands for null only says that null may come.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codegen.load import Documents, Node

_MAX_DEPTH = 100  # of parts within parts
_CHOICES = ("oneOf", "anyOf")
_OWN = ("properties", "items", "enum", *_CHOICES)
_TELLING = ("type", "additionalProperties", "allOf", "$ref", *_OWN)


@dataclass(slots=True)
class Whole:
    """The members of an object, gathered from its parts."""

    members: dict[str, Node] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)  # members whose parts disagree
    is_open: bool = False  # alternatives beside the members may bring others
    is_merged: bool = False


class Composition:
    """Answers for the schemas of all documents. Nothing in here knows a type of ours."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def parts(self, node: Node) -> list[Node]:
        """The parts of an allOf that tell something; the node itself last, if it does."""
        parts = node.need("allOf").items()
        telling = [p for p in parts if tells(self._documents.resolve(p))]
        own = any(key in node.mapping() for key in _OWN)
        return [*telling, node] if own or not telling else telling

    def whole(self, node: Node) -> Whole | None:
        """The members of a schema; None if it is, or has a part that is, no object."""
        node = self._documents.resolve(node)
        whole = Whole(is_merged="allOf" in node.mapping())
        leaves: list[Node] = []
        if not self._leaves(node, leaves, []):
            return None
        for leaf in leaves:
            if not self._add(leaf, whole):
                return None
        return whole if any(_is_object(leaf) for leaf in leaves) else None

    def _leaves(self, node: Node, out: list[Node], above: list[Node]) -> bool:
        """Takes every allOf apart. False if one holds itself, or far too many others."""
        node = self._documents.resolve(node)
        if node in above or len(above) == _MAX_DEPTH:
            return False
        parts = node.get("allOf")
        for part in parts.items() if parts is not None else ():
            if not self._leaves(part, out, [*above, node]):
                return False
        if node not in out:
            out.append(node)
        return True

    def _add(self, leaf: Node, whole: Whole) -> bool:
        required = leaf.get("required")
        whole.required |= {n.text() for n in (required.items() if required else ())}
        if not tells(leaf):
            return True
        is_choice = any(key in leaf.mapping() for key in _CHOICES)
        if not _is_object(leaf) and not is_choice and "allOf" not in leaf.mapping():
            return False
        whole.is_open |= is_choice and self._brings_members(leaf)
        properties = leaf.get("properties")
        for name, member in properties.mapping().items() if properties else ():
            known = whole.members.get(name)
            if known is not None and not self._agree(known, member):
                whole.doubtful.add(name)
            if known is None or tells(self._documents.resolve(member)):
                whole.members[name] = member
        return True

    def _brings_members(self, node: Node) -> bool:
        """Whether alternatives do more than say what is required."""
        return any(
            tells(self._documents.resolve(part))
            for key in _CHOICES
            for part in (node.need(key).items() if node.get(key) else ())
        )

    def _agree(self, one: Node, two: Node) -> bool:
        """Whether two descriptions of a member can be of one type."""
        one, two = self._documents.resolve(one), self._documents.resolve(two)
        if one is two or not tells(one) or not tells(two):
            return True
        kinds = {one.text_of("type"), two.text_of("type")}
        return len(kinds) == 1 and not kinds & {"", "object", "array"}

    def core(self, node: Node) -> Node:
        """Where the value is described: behind references, and parts that are alone."""
        seen: list[Node] = []
        node = self._documents.resolve(node)
        while node not in seen:
            seen.append(node)
            parts = self.parts(node) if "allOf" in node.mapping() else []
            for key in _CHOICES:
                if key in node.mapping() and "properties" not in node.mapping():
                    parts = self.alternatives(node, key)
            if len(parts) == 1:
                node = self._documents.resolve(parts[0])
        return node

    def alternatives(self, node: Node, key: str) -> list[Node]:
        """Those of a oneOf or anyOf that are not null alone."""
        return [p for p in node.need(key).items() if not self._is_null(p)]

    def _is_null(self, node: Node) -> bool:
        node = self._documents.resolve(node)
        enum = node.get("enum")
        if enum is not None:
            return [n.value for n in enum.items()] == [None]
        return node.flag_of("nullable") and not tells(node)

    def nullable(self, node: Node, above: tuple[Node, ...] = ()) -> bool:
        """Whether null may come."""
        node = self._documents.resolve(node)
        if node in above or len(above) == _MAX_DEPTH:
            return False
        if node.flag_of("nullable"):
            return True
        enum = node.get("enum")
        if enum is not None and any(n.value is None for n in enum.items()):
            return True
        if "properties" not in node.mapping():
            for key in _CHOICES:
                choice = node.get(key)
                if choice is not None:
                    return any(self.nullable(p, (*above, node)) for p in choice.items())
        parts = self.parts(node) if "allOf" in node.mapping() else []
        return len(parts) == 1 and self.nullable(parts[0], (*above, node))


def tells(node: Node) -> bool:
    """Whether a schema says what a value is."""
    return any(key in node.mapping() for key in _TELLING)


def _is_object(node: Node) -> bool:
    members = node.mapping()
    if node.text_of("type", "object") != "object" or "enum" in members:
        return False
    return "type" in members or "properties" in members
