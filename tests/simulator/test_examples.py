# SPDX-License-Identifier: MIT
"""Every operation answers with its documented success, and with a body that fits its own schema."""

from __future__ import annotations

from typing import Any

from conftest import HEADERS, Talk

from example import example
from jsontext import dumps, loads
from spec import Operation, Schema, Spec
from validate import ANSWER, REQUEST, Validator

FILLED = {"string": "5eed0000-0000-4000-8000-00000000e8a3", "integer": "7"}


def target(operation: Operation) -> str:
    path = operation.path
    for parameter in operation.parameters:
        if parameter.where == "path":
            path = path.replace(f"{{{parameter.name}}}", FILLED[parameter.schema.get("type", "string")])
    query = "&".join(f"{p.name}={example(p.schema)}" for p in operation.query.values() if p.required)
    return f"{path}?{query}" if query else path


def body(schema: Schema) -> Any:
    """Write-only members included: what a client may send."""
    value = example(schema)
    if isinstance(value, dict):
        for name in schema.get("required", []):
            value.setdefault(name, example(schema.get("properties", {}).get(name, {})))
    return value


def test_there_are_788(spec: Spec) -> None:
    assert len(spec.operations) == 788


def test_examples_fit_their_schemas(spec: Spec) -> None:
    validator = Validator()
    for operation in spec.operations.values():
        for kinds in operation.responses.values():
            schema = kinds.get("application/json")
            if schema is not None:
                assert validator.problems(schema, example(schema), ANSWER) == [], operation.id
        if operation.body_schema is not None:
            assert validator.problems(operation.body_schema, body(operation.body_schema), REQUEST) == [], operation.id


def test_every_operation_answers_as_documented(spec: Spec, any_id: Talk) -> None:
    validator = Validator()
    headers = {**HEADERS, "Share-Auth-Token": "s", "Temp-Auth-Token": "t", "Share-User-Email": "someone@example.com"}
    for operation in spec.operations.values():
        any_id.app.clear()
        path = target(operation)
        reached = any_id.app.route(operation.method, path.partition("?")[0])[0]
        schema = operation.body_schema
        text = dumps(body(schema)) if schema is not None else b""
        if operation.body_required and schema is None:
            text = b"<xml/>"
        kind = "application/json" if schema is not None else next(iter(operation.bodies), "application/json")
        status, answer = any_id.raw(operation.method, path, text, {**headers, "Content-Type": kind})
        assert status in reached.responses, (operation.id, status, answer[:300])
        documented = reached.responses[status].get("application/json")
        if documented is None or status == 204:
            assert answer == b"", operation.id
        else:
            assert validator.problems(documented, loads(answer), ANSWER) == [], operation.id


def test_known_ids_are_in_the_example(any_id: Talk) -> None:
    asset_id = FILLED["string"]
    assert any_id("GET", f"/API/assets/v1/assets/{asset_id}/")[1]["id"] == asset_id


def test_what_is_sent_comes_back(any_id: Talk) -> None:
    path = f"/API/assets/v1/assets/{FILLED['string']}/"
    status, asset = any_id("PATCH", path, {"title": "sent", "is_blocked": True})
    assert (status, asset["title"], asset["is_blocked"]) == (200, "sent", True)


def test_first_of_two_paths_alike_answers(spec: Spec) -> None:
    found = spec.find("/API/files/v1/assets/a/formats/b/")
    assert found is not None
    assert found[0]["GET"].id == "files_asset_formats_get"
    assert found[1] == ["a", "b"]


def test_words_go_before_parameters(spec: Spec) -> None:
    found = spec.find("/API/assets/v1/assets/relation_types/")
    assert found is not None and found[0]["GET"].id == "assets_relation_types_list"


def test_corrections_are_applied(spec: Spec) -> None:
    schema = spec.operations["collections_contents_list"].schema
    assert schema is not None
    assert "discriminator" in schema["properties"]["objects"]["items"]
    assert (
        spec.operations["files_asset_keyframes_get"].schema is spec.operations["files_asset_keyframes_replace"].schema
    )
