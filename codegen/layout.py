# SPDX-License-Identifier: MIT
"""Trees to YAML as the files of spec/ are laid out: block style, short values on one line.

The order of a tree's members is the order of the text; what puts them in order is here too,
so that the order in which somebody's document was written never reaches a diff of spec/.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from codegen.operations import METHODS

Tree = dict[str, Any]

_WIDTH = 110
_SHORT_MAP = 90
_SHORT_LIST = 100
_OPERATION = (
    *("operationId", "summary", "description", "tags", "x-proposed", "deprecated"),
    *(
        "x-roles",
        "x-read-only",
        "x-changes",
        "x-paging",
        "x-pythonik",
        "x-",
        "security",
    ),
    *("parameters", "requestBody", "responses"),
)
_PARAMETER = (
    *("name", "in", "required", "deprecated", "description", "x-proposed", "style"),
    *("explode", "allowEmptyValue", "schema"),
)
_SCHEMA = (
    *(
        "type",
        "format",
        "nullable",
        "readOnly",
        "writeOnly",
        "description",
        "x-proposed",
    ),
    *("enum", "default", "minimum", "maximum", "minLength", "maxLength", "minItems"),
    *("maxItems", "required", "allOf", "oneOf", "discriminator", "items"),
    *("additionalProperties", "properties"),
)


class _FlowMap(dict[str, Any]):
    """A map on one line."""


class _FlowList(list[Any]):
    """A list on one line."""


class _Dumper(yaml.SafeDumper):
    """As the files are written: no anchors, lists indented below their key."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # type: ignore[no-untyped-call]


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "'" if re.fullmatch(r"[0-9]{3}", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_map(dumper: _Dumper, value: _FlowMap) -> yaml.Node:
    return dumper.represent_mapping(
        "tag:yaml.org,2002:map", value.items(), flow_style=True
    )


def _represent_list(dumper: _Dumper, value: _FlowList) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_FlowMap, _represent_map)
_Dumper.add_representer(_FlowList, _represent_list)


def dump(tree: Tree, head: str) -> str:
    """The text of a document below its opening comment."""
    text: str = yaml.dump(
        _flow(tree),
        Dumper=_Dumper,
        sort_keys=False,
        width=_WIDTH,
        allow_unicode=True,
        default_flow_style=False,
    )
    return head + text


def head_of(text: str) -> str:
    """The comment a file begins with."""
    lines = text.splitlines(keepends=True)
    end = next((i for i, line in enumerate(lines) if line[:1] != "#"), len(lines))
    return "".join(lines[:end])


def _flow(value: Any) -> Any:
    """Marks what stands on one line: references, small schemas, lists of short values."""
    if isinstance(value, dict):
        inner = {key: _flow(child) for key, child in value.items()}
        return _FlowMap(inner) if _is_short(value, inner) else inner
    if isinstance(value, list):
        elements = [_flow(child) for child in value]
        if all(not isinstance(child, (dict, list)) for child in elements):
            if len(json.dumps(value)) < _SHORT_LIST:
                return _FlowList(elements)
        return elements
    return value


def _is_short(value: Tree, inner: Tree) -> bool:
    return (
        bool(inner)
        and all(
            not isinstance(child, (dict, list))
            or isinstance(child, (_FlowMap, _FlowList))
            for child in inner.values()
        )
        and len(json.dumps(value)) < _SHORT_MAP
        and not {"$ref", "type", "name"}.isdisjoint(inner)
        and {"description", "in"}.isdisjoint(inner)
    )


def ordered_paths(paths: Tree) -> Tree:
    """By path, then by method."""
    return {
        path: {
            key: paths[path][key]
            for key in sorted(
                paths[path],
                key=lambda k: METHODS.index(k) if k in METHODS else -1,
            )
        }
        for path in sorted(paths)
    }


def ordered_operation(operation: Tree) -> Tree:
    """Our words first, then what it takes and answers."""
    return _ordered(operation, _OPERATION)


def ordered_parameter(parameter: Tree) -> Tree:
    """Its identity, then its type, whose members go by name."""
    out = _ordered(parameter, _PARAMETER)
    if "schema" in out:
        out["schema"] = dict(sorted(out["schema"].items()))
    return out


def ordered_schema(schema: Any) -> Any:
    """Type first, members by name."""
    if isinstance(schema, list):
        return [ordered_schema(part) for part in schema]
    if not isinstance(schema, dict) or "$ref" in schema:
        return schema
    out = _ordered(schema, _SCHEMA)
    for key, value in out.items():
        if key == "properties":
            out[key] = {name: ordered_schema(value[name]) for name in sorted(value)}
        elif key in ("items", "additionalProperties", "allOf", "oneOf", "anyOf", "not"):
            out[key] = ordered_schema(value)
    return out


def ordered_responses(responses: Tree) -> Tree:
    """By status, `default` last."""
    return {status: responses[status] for status in sorted(responses)}


def _ordered(tree: Tree, order: tuple[str, ...]) -> Tree:
    def rank(key: str) -> tuple[int, str]:
        if key in order:
            return order.index(key), ""
        if key.startswith("x-") and "x-" in order:
            return order.index("x-"), key
        return len(order), key

    return {key: tree[key] for key in sorted(tree, key=rank)}
