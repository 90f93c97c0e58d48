# SPDX-License-Identifier: MIT
"""What import made up and a person has to look at: `x-proposed: true`.

It stands at an operation (its operationId and summary are proposals), at a parameter (its
description) and at a schema (its name in sdk.yaml and its description). A person corrects
what is there and removes the mark; names are frozen from the next release on.
"""

from __future__ import annotations

from collections.abc import Iterator

from codegen.load import Documents, Node
from codegen.operations import METHODS

MARK = "x-proposed"


def take_proposals(documents: Documents) -> tuple[str, ...]:
    """Removes the marks from the trees and says where they stood."""
    out = []
    for document in documents:
        if document.root.get("openapi") is None:
            if MARK in document.root.mapping():
                document.root.mapping().pop(MARK)
                out.append(
                    f"{document.root.source}: what stands here is proposed; settle it, "
                    f"drop {MARK}"
                )
            continue
        for what, node in _marked(document.root):
            mark = node.mapping().pop(MARK)
            if mark.flag():
                out.append(f"{node.source}: {what} is proposed; settle it, drop {MARK}")
    return tuple(sorted(out))


def _marked(root: Node) -> Iterator[tuple[str, Node]]:
    for item in _members(root, "paths"):
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            if MARK in operation.mapping():
                name = operation.text_of("operationId")
                yield f"the name '{name}'", operation
            yield from _parameters(operation.get("parameters"))
    components = root.get("components")
    if components is None:
        return
    for parameter in _members(components, "parameters"):
        if MARK in parameter.mapping():
            yield f"the description of '{parameter.key}'", parameter
    for schema in _members(components, "schemas"):
        if MARK in schema.mapping():
            yield f"the model's name in sdk.yaml of '{schema.key}'", schema


def _members(node: Node, key: str) -> Iterator[Node]:
    found = node.get(key)
    yield from found.mapping().values() if found is not None else ()


def _parameters(node: Node | None) -> Iterator[tuple[str, Node]]:
    for parameter in node.items() if node is not None else ():
        if MARK in parameter.mapping():
            yield f"the description of '{parameter.text_of('name')}'", parameter
