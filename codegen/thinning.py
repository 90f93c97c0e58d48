# SPDX-License-Identifier: MIT
"""Makes a document fit that names more than the tables of one service hold.

The codec's tables have room for 64 KiB of names: members, values of enums, tags of unions. A
larger document first loses the schemas that no operation reaches, then its longest enums, whose
members become plain texts. What is lost depends on the document alone, so a newer one is thinned
in the same way; a document that fits is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from codegen.layout import Tree

_ROOM = 63_000  # bytes, each name with its length and its end
_SCHEMAS = "#/components/schemas/"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_CHILDREN = ("items", "additionalProperties", "not")
_PARTS = ("allOf", "oneOf", "anyOf")


def thin(tree: Tree) -> list[str]:
    """Changes a converted document in place; says what it lost."""
    if _size(tree) <= _ROOM:
        return []
    notes = []
    lost = _drop_unreached(tree)
    if lost:
        notes.append(
            f"{lost} schemas that no operation reaches are left out: "
            "all of them are more than one service holds"
        )
    enums = sorted(_enums(tree), key=lambda schema: -len(schema["enum"]))
    dropped = 0
    while _size(tree) > _ROOM and dropped < len(enums):
        for schema in enums[dropped : dropped + 8]:
            del schema["enum"]
            schema["type"] = "string"
            dropped += 1
    if dropped:
        notes.append(
            f"the {dropped} longest enums are taken as texts: "
            "their values are more than one service holds"
        )
    return notes


def _size(tree: Tree) -> int:
    """Bytes of all names in the tables."""
    names: set[str] = set()
    for schema in _schemas(tree):
        names |= set(schema.get("properties", {}))
        if _is_text(schema):
            names |= {value for value in schema["enum"] if value is not None}
        discriminator = schema.get("discriminator", {})
        names |= {
            discriminator.get("propertyName", ""),
            *discriminator.get("mapping", {}),
        }
    return sum(len(name.encode("utf-8", "replace")) + 2 for name in names)


def _is_text(schema: Tree) -> bool:
    values = schema.get("enum", [])
    return bool(values) and all(v is None or isinstance(v, str) for v in values)


def _enums(tree: Tree) -> list[Tree]:
    return [schema for schema in _schemas(tree) if _is_text(schema)]


def _schemas(tree: Tree) -> Iterator[Tree]:
    """Every schema that has a place in the tables."""
    for schema in tree["components"].get("schemas", {}).values():
        yield from _below(schema)
    for operation in _operations(tree):
        for root in _roots(operation):
            yield from _below(root)


def _operations(tree: Tree) -> Iterator[Tree]:
    for item in tree["paths"].values():
        yield from item.values()


def _roots(operation: Tree, with_forms: bool = False) -> Iterator[Any]:
    """The schemas of what an operation takes and answers. The tables hold no names of
    parameters, nor of the fields of a form."""
    contents = [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in contents:
        for media_type, entry in content.get("content", {}).items():
            if with_forms or media_type not in _FORMS:
                yield entry.get("schema", {})


def _below(schema: Any) -> Iterator[Tree]:
    todo = [schema]
    while todo:
        schema = todo.pop()
        if not isinstance(schema, dict):
            continue
        yield schema
        todo += schema.get("properties", {}).values()
        todo += [schema.get(key) for key in _CHILDREN]
        for key in _PARTS:
            todo += schema.get(key, [])


def _drop_unreached(tree: Tree) -> int:
    schemas = tree["components"].get("schemas", {})
    todo: list[Any] = [r for o in _operations(tree) for r in _roots(o, True)]
    for operation in _operations(tree):
        todo += [parameter["schema"] for parameter in operation["parameters"]]
    reached: set[str] = set()
    while todo:
        for schema in _below(todo.pop()):
            targets = [schema.get("$ref", "")]
            targets += schema.get("discriminator", {}).get("mapping", {}).values()
            for target in targets:
                name = target.removeprefix(_SCHEMAS)
                if name in schemas and name not in reached:
                    reached.add(name)
                    todo.append(schemas[name])
    lost = [name for name in schemas if name not in reached]
    for name in lost:
        del schemas[name]
    return len(lost)
