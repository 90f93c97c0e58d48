#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes one OpenAPI document of all services, for a mock server that plays all of iconik.

    merge.py OUT.json

What the documents say is kept, corrected as codegen corrects it. Changed is:

- Paths begin with the service's prefix, components are named `service.Name`.
- Two paths of one shape (`formats/{format_id}/`, `formats/{name}/`) look the same to a
  router. All but the first, in the order of the alphabet, get a literal in place of the
  parameter that differs; literals() tells which, and a caller has to send it.
- The body of a PATCH requires no members: the server takes any subset.
- The cases of a union say what their tag is. A mock does not read `discriminator`.
- Answers that say no are left out. The mock then makes its own for a request that does
  not fit, and that one tells what is wrong with it.
- A body that is neither JSON nor a form has no schema: the documents describe the form
  that holds the file, and what is sent is the file.
- The format `url` is written `uri`, which is the word for it that the mock knows.
- Each answer carries the header X-Operation with the operationId, so that a caller sees
  whom it reached; a documented redirect carries a Location too.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from codegen.corrections import apply_corrections  # noqa: E402
from codegen.load import Documents, load_folder  # noqa: E402
from codegen.problems import Problems  # noqa: E402
from codegen.sdk import Sdk, read_sdk  # noqa: E402

Json = Any
METHODS = ("get", "head", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"\{([^{}]*)\}")
OPERATION_HEADER = "X-Operation"
LOCATION = "http://127.0.0.1:1/elsewhere"


def load(spec: Path) -> tuple[Documents, Sdk]:
    """The documents as codegen reads them, corrected."""
    problems = Problems()
    documents = load_folder(spec)
    table = documents.get("sdk.yaml")
    if table is None:
        raise SystemExit(f"merge: {spec} has no sdk.yaml")
    sdk = read_sdk(table, documents, problems)
    apply_corrections(sdk, documents, problems)
    if len(problems):
        raise SystemExit("\n".join(f"merge: {p}" for p in problems.sorted()))
    return documents, sdk


def merge(documents: Documents) -> Json:
    """The one document."""
    merged: Json = {
        "openapi": "3.0.3",
        "info": {"title": "All services in one document", "version": "v1"},
        "paths": {},
        "components": {},
    }
    trees = {d.stem: _renamed(d.root.plain(), d.stem) for d in documents}
    trees = {stem: tree for stem, tree in trees.items() if "openapi" in tree}
    for stem, tree in trees.items():
        _add_components(merged, stem, tree)
    for tree in trees.values():
        if tree["paths"]:
            _add_paths(merged, tree)
    _settle_schemes(merged)
    _drop_required_of_patches(merged)
    _drop_schemas_of_bytes(merged)
    _fix_tags(merged)
    _settle_equal_shapes(merged)
    for _, _, operation in operations(merged):
        _mark_answers(merged, operation)
    return merged


def operations(merged: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation, in a fixed order."""
    for path, item in sorted(merged["paths"].items()):
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def resolve(merged: Json, value: Json) -> Json:
    """What a reference leads to; the value itself if it is none."""
    while isinstance(value, dict) and "$ref" in value:
        node = merged
        for part in value["$ref"].removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        value = node
    return value


def literals(merged: Json) -> dict[str, dict[str, str]]:
    """By operationId: path parameters that stand as a literal, and the literal."""
    return {
        operation["operationId"]: operation["x-literals"]
        for _, _, operation in operations(merged)
        if "x-literals" in operation
    }


# ---- one document into the other ----------------------------------------------------


def _add_components(merged: Json, stem: str, tree: Json) -> None:
    for kind, entries in tree.get("components", {}).items():
        target = merged["components"].setdefault(kind, {})
        target.update({f"{stem}.{name}": entry for name, entry in entries.items()})


def _add_paths(merged: Json, tree: Json) -> None:
    base = urlsplit(tree["servers"][0]["url"]).path.rstrip("/")
    for path, item in tree["paths"].items():
        shared = item.pop("parameters", [])
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            own = [resolve(merged, p) for p in operation.get("parameters", [])]
            seen = {(p["in"], p["name"]) for p in own}
            for entry in (resolve(merged, p) for p in shared):
                if (entry["in"], entry["name"]) not in seen:
                    own.append(entry)
            operation["parameters"] = own
            operation.setdefault("security", tree.get("security", []))
        merged["paths"][base + path] = item


def _renamed(value: Json, stem: str) -> Json:
    """The same with references that lead into the merged document."""
    if isinstance(value, list):
        return [_renamed(v, stem) for v in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        return {"$ref": _reference(value["$ref"], stem)}
    out = {key: _renamed(v, stem) for key, v in value.items()}
    if value.get("type") == "string" and value.get("format") == "url":
        out["format"] = "uri"
    discriminator = value.get("discriminator")
    if isinstance(discriminator, dict) and "propertyName" in discriminator:
        mapping = discriminator.get("mapping", {})
        out["discriminator"]["mapping"] = {
            text: _reference(target, stem) for text, target in mapping.items()
        }
    return out


def _reference(text: str, stem: str) -> str:
    name, _, pointer = text.partition("#")
    _, _, kind, rest = pointer.split("/", 3)
    owner = name.rsplit(".", 1)[0] or stem
    return f"#/components/{kind}/{owner}.{rest}"


def _settle_schemes(merged: Json) -> None:
    """Security requirements name schemes without a document, so these keep their names."""
    schemes: dict[str, Json] = {}
    for name, entry in merged["components"].pop("securitySchemes", {}).items():
        if "$ref" not in entry:
            schemes.setdefault(name.split(".", 1)[1], entry)
    merged["components"]["securitySchemes"] = schemes


# ---- what the server does and the documents cannot say --------------------------------


def _drop_required_of_patches(merged: Json) -> None:
    for _, method, operation in operations(merged):
        if method != "patch" or "requestBody" not in operation:
            continue
        for content in operation["requestBody"]["content"].values():
            content["schema"] = _partial(merged, content["schema"])


def _partial(merged: Json, schema: Json) -> Json:
    """A copy in which the object's own members are optional."""
    copy = {k: v for k, v in resolve(merged, schema).items() if k != "required"}
    if "allOf" in copy:
        copy["allOf"] = [_partial(merged, part) for part in copy["allOf"]]
    return copy


def _drop_schemas_of_bytes(merged: Json) -> None:
    for _, _, operation in operations(merged):
        for kind, content in (
            operation.get("requestBody", {}).get("content", {}).items()
        ):
            if kind not in ("application/json", "multipart/form-data"):
                content["schema"] = {"type": "string", "format": "binary"}


def _fix_tags(value: Json) -> None:
    if isinstance(value, list):
        for v in value:
            _fix_tags(v)
        return
    if not isinstance(value, dict):
        return
    for v in value.values():
        _fix_tags(v)
    discriminator = value.get("discriminator")
    if "oneOf" not in value or not isinstance(discriminator, dict):
        return
    if not discriminator["mapping"]:
        raise SystemExit("merge: a discriminator without mapping; write it out")
    name = discriminator["propertyName"]
    value["oneOf"] = [
        {"allOf": [{"$ref": case}, _tagged(name, text)]}
        for text, case in discriminator["mapping"].items()
    ]
    del value["discriminator"]


def _tagged(name: str, text: str) -> Json:
    tag = {"type": "string", "enum": [text]}
    return {"type": "object", "required": [name], "properties": {name: tag}}


def _settle_equal_shapes(merged: Json) -> None:
    first: dict[str, str] = {}
    for path in sorted(merged["paths"]):
        other = first.setdefault(PARAMETER.sub("{}", path), path)
        if other is path:
            continue
        differing = [
            name
            for name, taken in zip(PARAMETER.findall(path), PARAMETER.findall(other))
            if name != taken
        ]
        _make_literal(merged, path, differing)


def _make_literal(merged: Json, path: str, names: list[str]) -> None:
    item = merged["paths"].pop(path)
    chosen = {name: f"the-{name.replace('_', '-')}" for name in names}
    for method in METHODS:
        if method in item:
            operation = item[method]
            operation["parameters"] = [
                p
                for p in operation["parameters"]
                if p["in"] != "path" or p["name"] not in chosen
            ]
            operation["x-literals"] = chosen
    for name, literal in chosen.items():
        path = path.replace("{%s}" % name, literal)
    if path in merged["paths"]:
        raise SystemExit(f"merge: {path} exists already; choose another literal")
    merged["paths"][path] = item


def _mark_answers(merged: Json, operation: Json) -> None:
    answers = {}
    for status, entry in operation["responses"].items():
        if not re.match("[23][0-9][0-9]$", status):
            continue
        answer = dict(resolve(merged, entry))
        answer["headers"] = {
            **answer.get("headers", {}),
            OPERATION_HEADER: _constant(operation["operationId"]),
        }
        if status.startswith("3"):
            answer["headers"]["Location"] = _constant(LOCATION)
        answers[status] = answer
    operation["responses"] = answers


def _constant(text: str) -> Json:
    return {"required": True, "schema": {"type": "string", "enum": [text]}}


def write(path: Path, merged: Json) -> None:
    """As JSON, the same bytes for the same input."""
    path.write_text(json.dumps(merged, indent=1, sort_keys=True), encoding="utf-8")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    documents, _ = load(ROOT / "spec")
    write(Path(sys.argv[1]), merge(documents))
    return 0


if __name__ == "__main__":
    sys.exit(main())
