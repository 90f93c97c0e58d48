# SPDX-License-Identifier: MIT
"""What is refused, with which status, and in which of the two shapes of an error."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import HEADERS, Talk

from jsontext import Number
from spec import Spec
from validate import ANSWER, PARTIAL, REQUEST, Validator

ASSETS = "/API/assets/v1/assets/"
JOBS = "/API/jobs/v1/jobs/"


@pytest.mark.parametrize(
    "target, message",
    [
        ("?nonsense=1", "query parameter nonsense: unknown"),
        ("?page=one", "query parameter page: not a valid integer"),
        ("?page=0", "query parameter page: Must be between 1 and"),
        ("?page=1&page=2", "query parameter page: given twice"),
        ("?per_page=101", "query parameter per_page: Must be between 1 and 100."),
        ("?facets=perhaps", "query parameter facets: not a valid boolean"),
    ],
)
def test_query(talk: Talk, target: str, message: str) -> None:
    status, value = talk("GET", JOBS + target)
    assert status == 400
    assert value["errors"][0].startswith(message)


def test_required_query_parameter(spec: Spec, any_id: Talk) -> None:
    operation = next(
        operation
        for operation in spec.operations.values()
        if operation.method == "GET" and any(parameter.required for parameter in operation.query.values())
    )
    name = next(parameter.name for parameter in operation.query.values() if parameter.required)
    assert any_id("GET", operation.path) == (400, {"errors": [f"query parameter {name}: required"]})


@pytest.mark.parametrize("left_out", ["App-ID", "Auth-Token"])
@pytest.mark.parametrize("value", ["", None])
def test_credentials(talk: Talk, left_out: str, value: str | None) -> None:
    headers = {name: text for name, text in HEADERS.items() if name != left_out}
    if value is not None:
        headers[left_out] = value
    status, body = talk.raw("GET", ASSETS, headers=headers)
    assert status == 401
    assert body == b'{"errors":["Not authorized: App-ID and Auth-Token missing or not valid"]}'


def test_operation_without_credentials(spec: Spec, talk: Talk) -> None:
    operation = next(o for o in spec.operations.values() if not o.security and o.method == "GET" and not o.query)
    assert talk.raw("GET", operation.path, headers={})[0] == operation.status


@pytest.mark.parametrize(
    "body, errors",
    [
        ({}, {"title": ["Missing data for required field."]}),
        ({"title": None}, {"title": ["Field may not be null."]}),
        ({"title": 5}, {"title": ["Not a valid string."]}),
        ({"title": "t", "is_blocked": "no"}, {"is_blocked": ["Not a valid boolean."]}),
        ({"title": "t", "status": "LOST"}, {"status": ["Must be one of: ACTIVE, DELETED."]}),
        ({"title": "t", "custom_poster": "12"}, {"custom_poster": ["Not a valid UUID."]}),
        ({"title": "t", "date_created": "yesterday"}, {"date_created": ["Not a valid datetime."]}),
        ({"title": "t", "time_end_milliseconds": True}, {"time_end_milliseconds": ["Not a valid integer."]}),
        ({"title": "t", "time_end_milliseconds": Number("1.5")}, {"time_end_milliseconds": ["Not a valid integer."]}),
        (
            {"title": "t", "time_end_milliseconds": 2**63},
            {"time_end_milliseconds": [f"Must be between {-(2**63)} and {2**63 - 1}."]},
        ),
        (
            {"title": "t", "person_ids": ["5eed0000-0000-4000-8000-000000000000", "x"]},
            {"person_ids[1]": ["Not a valid UUID."]},
        ),
        ({"is_blocked": 0, "title": 1}, {"is_blocked": ["Not a valid boolean."], "title": ["Not a valid string."]}),
        ([], {"_schema": ["Not a valid object."]}),
    ],
)
def test_body(talk: Talk, body: Any, errors: dict[str, list[str]]) -> None:
    assert talk("POST", ASSETS, body) == (400, {"errors": errors})


def test_body_that_is_null(talk: Talk) -> None:
    assert talk.raw("POST", ASSETS, b"null") == (400, b'{"errors":{"_schema":["Field may not be null."]}}')


def test_number_of_members(talk: Talk) -> None:
    status, value = talk("PUT", JOBS + "state/", {"action": "ABORT", "job_ids": []})
    assert (status, list(value["errors"])) == (400, ["job_ids"])


@pytest.mark.parametrize("text", [b"{", b'{"title": NaN}', b'{"title": "\xff"}', b"[" * 100_000])
def test_no_json(talk: Talk, text: bytes) -> None:
    status, value = talk.raw("POST", ASSETS, text)
    assert status == 400
    assert value.startswith(b'{"errors":["the body is no JSON: ')


def test_body_is_required(talk: Talk) -> None:
    assert talk.raw("POST", ASSETS) == (400, b'{"errors":["a body is required"]}')


def test_content_type(talk: Talk) -> None:
    status, _ = talk.raw("POST", ASSETS, b'{"title":"t"}', {**HEADERS, "Content-Type": "text/plain"})
    assert status == 400


def test_patch_requires_nothing(talk: Talk) -> None:
    _, asset = talk("POST", ASSETS, {"title": "t"})
    assert talk("PATCH", f"{ASSETS}{asset['id']}/", {"is_blocked": True})[0] == 200
    assert talk("PATCH", f"{ASSETS}{asset['id']}/", {"title": 5}) == (
        400,
        {"errors": {"title": ["Not a valid string."]}},
    )
    assert talk("PUT", f"{ASSETS}{asset['id']}/", {"is_blocked": True})[0] == 400


def test_unknown_path_and_method(talk: Talk) -> None:
    assert talk("GET", "/API/assets/v1/nothing/")[0] == 404
    assert talk("GET", "/API/assets/v1/assets")[0] == 404
    assert talk("GET", "/API/assets/v1/assets//")[0] == 404
    assert talk("DELETE", ASSETS)[0] == 405


def test_directions() -> None:
    validator = Validator()
    schema = {
        "type": "object",
        "required": ["id", "secret"],
        "properties": {"id": {"type": "string", "readOnly": True}, "secret": {"type": "string", "writeOnly": True}},
    }
    missing = "Missing data for required field."
    assert validator.problems(schema, {}, REQUEST) == [("secret", missing)]
    assert validator.problems(schema, {}, PARTIAL) == []
    assert validator.problems(schema, {}, ANSWER) == [("id", missing)]


def test_schema_that_contains_itself() -> None:
    validator = Validator()
    schema: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}
    schema["properties"]["child"] = schema
    assert validator.fits(schema, {"child": {"child": {"name": "x"}}})
    assert validator.problems(schema, {"child": {"child": {"name": 1}}}, ANSWER) == [
        ("child.child.name", "Not a valid string.")
    ]


def test_one_of_goes_by_its_discriminator() -> None:
    validator = Validator()
    number = {"type": "object", "properties": {"value": {"type": "integer"}}}
    text = {"type": "object", "properties": {"value": {"type": "string"}}}
    schema = {"oneOf": [number, text], "discriminator": {"propertyName": "kind", "mapping": {"n": number, "t": text}}}
    assert validator.fits(schema, {"kind": "t", "value": "x"})
    assert not validator.fits(schema, {"kind": "n", "value": "x"})
    assert validator.fits(schema, {"value": "x"})
    assert not validator.fits(schema, {"value": []})
