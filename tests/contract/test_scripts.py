# SPDX-License-Identifier: MIT
"""The scripts beside this file: what they make of small documents, and of the real ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import lint  # noqa: E402
import make_calls  # noqa: E402
import merge  # noqa: E402
import samples  # noqa: E402

from codegen.load import Documents, load_text  # noqa: E402

HEAD = "openapi: 3.0.3\ninfo: {title: T, version: v1}\n"
COMMON = (
    HEAD
    + """
paths: {}
components:
  securitySchemes:
    Key: {type: apiKey, in: header, name: X-Key}
  parameters:
    limit:
      {name: limit, in: query, deprecated: true, schema: {type: integer, minimum: 1, maximum: 9}}
"""
)
THINGS = (
    HEAD
    + """
servers: [{url: 'https://example.com/API/things/'}]
security: [{Key: []}]
paths:
  /v1/{id}/:
    get:
      operationId: things_get
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {$ref: 'common.yaml#/components/parameters/limit'}
      responses:
        '200':
          description: d
          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
        '302': {description: d}
        '404': {description: d}
        default: {description: d}
    patch:
      operationId: things_update
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Named'}}}}
      responses: {'204': {description: d}}
  /v1/{name}/:
    get:
      operationId: things_by_name_get
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: d}}
components:
  securitySchemes:
    Key: {$ref: 'common.yaml#/components/securitySchemes/Key'}
  schemas:
    Thing:
      type: object
      required: [name, made]
      properties:
        name: {type: string, nullable: true}
        made: {type: string, format: date-time, readOnly: true}
        link: {type: string, format: url}
        format: {type: string}
        parent: {$ref: '#/components/schemas/Thing'}
        other:
          oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
          discriminator:
            propertyName: kind
            mapping: {cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog'}
    Named:
      allOf: [{$ref: '#/components/schemas/Thing'}]
      required: [link]
      properties: {size: {type: integer, format: int32}}
    Cat: {type: object, properties: {kind: {type: string}, lives: {type: integer}}}
    Dog: {type: object, properties: {kind: {type: string}}}
"""
)


@pytest.fixture(name="merged")
def merged_of_two() -> merge.Json:
    texts = {"common.yaml": COMMON, "things.yaml": THINGS}
    return merge.merge(Documents({n: load_text(n, t) for n, t in texts.items()}))


def test_merge_puts_services_under_their_prefix(merged: merge.Json) -> None:
    assert "/API/things/v1/{id}/" in merged["paths"]
    assert list(merged["components"]["securitySchemes"]) == ["Key"]
    get = merged["paths"]["/API/things/v1/{id}/"]["get"]
    assert get["security"] == [{"Key": []}]
    assert [p["name"] for p in get["parameters"]] == ["id", "limit"]
    schema = get["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/things.Thing"}


def test_merge_tells_equal_shapes_apart_by_a_literal(merged: merge.Json) -> None:
    assert "/API/things/v1/the-name/" in merged["paths"]
    assert merge.literals(merged) == {"things_by_name_get": {"name": "the-name"}}
    assert merged["paths"]["/API/things/v1/the-name/"]["get"]["parameters"] == []


def test_merge_lets_a_patch_leave_out_anything(merged: merge.Json) -> None:
    patch = merged["paths"]["/API/things/v1/{id}/"]["patch"]
    schema = patch["requestBody"]["content"]["application/json"]["schema"]
    assert "required" not in schema and "required" not in schema["allOf"][0]
    assert "required" in merged["components"]["schemas"]["things.Thing"]


def test_merge_keeps_successes_and_marks_them(merged: merge.Json) -> None:
    responses = merged["paths"]["/API/things/v1/{id}/"]["get"]["responses"]
    assert sorted(responses) == ["200", "302"]
    header = responses["200"]["headers"][merge.OPERATION_HEADER]
    assert header["schema"]["enum"] == ["things_get"]
    assert responses["302"]["headers"]["Location"]["schema"]["enum"] == [merge.LOCATION]


def test_merge_says_what_the_tag_of_a_case_is(merged: merge.Json) -> None:
    thing = merged["components"]["schemas"]["things.Thing"]["properties"]
    assert "discriminator" not in thing["other"]
    cat, dog = (samples.body(merged, case, "full") for case in thing["other"]["oneOf"])
    assert (cat["kind"], dog["kind"]) == ("cat", "dog")
    assert thing["link"]["format"] == "uri"
    assert thing["format"] == {"type": "string"}


def test_samples_of_a_body_follow_the_schema(merged: merge.Json) -> None:
    schema = {"$ref": "#/components/schemas/things.Thing"}
    full, nulls, least = (samples.body(merged, schema, v) for v in samples.VARIANTS)
    assert full["name"] == samples.TEXT and nulls["name"] is None
    assert set(least) == {"name"}, "made is read-only"
    assert "made" not in full and "parent" not in full
    named = samples.body(merged, {"$ref": "#/components/schemas/things.Named"}, "full")
    assert named["size"] == 2**31 - 1 and named["link"]


def test_pinned_parameters_are_required_and_fixed(merged: merge.Json) -> None:
    samples.pin(merged)
    get = merged["paths"]["/API/things/v1/{id}/"]["get"]["parameters"]
    assert all(p["required"] and len(p["schema"]["enum"]) == 1 for p in get)
    assert get[0]["schema"]["enum"] != get[1]["schema"]["enum"]
    assert 1 <= get[1]["schema"]["enum"][0] <= 9
    assert "deprecated" not in get[1]
    patch = merged["paths"]["/API/things/v1/{id}/"]["patch"]["requestBody"]
    assert patch["required"]
    assert len(patch["content"]["application/json"]["schema"]["allOf"][1]["enum"]) == 3


def test_pinned_forms_want_all_their_parts(merged: merge.Json) -> None:
    parts = {"a": {"type": "string"}, "b": {"type": "boolean"}, "c": {"type": "object"}}
    schema = {"type": "object", "properties": parts}
    operation = merged["paths"]["/API/things/v1/{id}/"]["patch"]
    operation["requestBody"] = {"content": {"multipart/form-data": {"schema": schema}}}
    samples.pin(merged)
    pinned = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert pinned["required"] == ["a", "b", "c"]
    assert pinned["properties"]["a"]["enum"] == [samples.TEXT]
    assert pinned["properties"]["b"] == {"type": "boolean"}
    assert pinned["properties"]["c"]["type"] == "string"


def test_every_operation_of_the_spec_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["make_calls.py", str(tmp_path)])
    assert make_calls.main() == 0
    documents, _ = merge.load(merge.ROOT / "spec")
    statuses = {
        (operation["operationId"], status)
        for _, _, operation in merge.operations(merge.merge(documents))
        for status in operation["responses"]
    }
    lines = (tmp_path / "cases.txt").read_text(encoding="utf-8").splitlines()
    calls = [line.split("\t") for line in lines if line.startswith("call\t")]
    assert statuses <= {(name, status) for _, name, status, _, _ in calls}
    assert len({name for name, _ in statuses}) >= 788


def test_lint_refuses_an_exception_that_nothing_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "spectral.yaml"
    (tmp_path / "a.yaml").write_text(THINGS, encoding="utf-8")
    text = "overrides: [{files: ['a.yaml#/paths/~1v1~1%s~1'], rules: {}}]"
    monkeypatch.setattr(lint, "RULES", rules)
    rules.write_text(text % "%7Bid%7D", encoding="utf-8")
    assert not lint.stale_exceptions()
    rules.write_text(text % "gone", encoding="utf-8")
    assert len(lint.stale_exceptions()) == 1
