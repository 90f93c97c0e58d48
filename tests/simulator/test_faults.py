# SPDX-License-Identifier: MIT
"""Faults as they are written, which requests they meet, and what they do to an answer."""

from __future__ import annotations

from typing import Any

import pytest

import faults
from exchange import Request
from faults import BadFault, Fault, Faults, from_json, from_text
from spec import Spec


def request(spec: Spec, name: str, path: str = "/API/assets/v1/assets/1/") -> Request:
    return Request(spec.operations[name], path)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("reset", Fault("reset")),
        ("status=500", Fault("status", value=500)),
        ("status=503@assets_get#2", Fault("status", "assets_get", 2, 503)),
        ("stall@/API/jobs/*#all", Fault("stall", "/API/jobs/*", -1)),
        ("retry-after=3@PATCH *", Fault("retry-after", "PATCH *", 1, "3")),
    ],
)
def test_text(text: str, expected: Fault) -> None:
    assert from_text(text) == expected


@pytest.mark.parametrize("text", ["explode", "status=many", "status=99", "reset#0", "reset#some", ""])
def test_bad_text(text: str) -> None:
    with pytest.raises(BadFault):
        from_text(text)


@pytest.mark.parametrize(
    "value", [None, 1, {}, {"kind": "reset", "how": 1}, {"kind": "reset", "count": 0}, {"kind": "reset", "count": "1"}]
)
def test_bad_json(value: Any) -> None:
    with pytest.raises(BadFault):
        from_json(value)


def test_json_forms() -> None:
    one = {"kind": "reset", "match": "assets_*"}
    assert from_json(one) == from_json([one]) == from_json({"faults": [one]}) == [Fault("reset", "assets_*")]


def test_match(spec: Spec) -> None:
    get = request(spec, "assets_get")
    for pattern, meets in (
        ("*", True),
        ("assets_get", True),
        ("assets_g*", True),
        ("/API/assets/*", True),
        ("GET *", True),
        ("get assets_get", True),
        ("PATCH *", False),
        ("jobs_*", False),
        ("/API/jobs/*", False),
    ):
        assert Fault("reset", pattern).meets(get) is meets, pattern


def test_count(spec: Spec) -> None:
    waiting = Faults()
    waiting.add(Fault("reset", "assets_get", 2))
    waiting.add(Fault("stall", "assets_*", -1))
    kinds = []
    for name in ("assets_update", "assets_get", "assets_get", "assets_get", "jobs_get"):
        fault = waiting.take(request(spec, name))
        kinds.append(fault.kind if fault else None)
    assert kinds == ["stall", "reset", "reset", "stall", None]
    assert [fault["kind"] for fault in waiting.as_json()] == ["stall"]


def test_spoiling(spec: Spec) -> None:
    schema = spec.operations["assets_get"].schema
    asset: dict[str, Any] = {"id": "1", "title": "t", "status": "ACTIVE"}
    assert faults.spoil(Fault("wrong-type"), schema, dict(asset)) == {**asset, "status": 12}
    assert faults.spoil(Fault("wrong-type", value="title"), schema, dict(asset)) == {**asset, "title": 12}
    assert faults.spoil(Fault("unknown-member", value="x"), schema, dict(asset))["x"] == {"from": "the simulator"}
    assert faults.spoil(Fault("unknown-enum", value="status"), schema, dict(asset))["status"] == "SIM_UNKNOWN"
    assert "SIM_UNKNOWN" in faults.spoil(Fault("unknown-enum"), schema, dict(asset)).values()


def test_spoiling_a_page_spoils_its_first_object(spec: Spec) -> None:
    schema = spec.operations["jobs_list"].schema
    page = {"objects": [{"title": "a"}, {"title": "b"}]}
    spoilt = faults.spoil(Fault("wrong-type"), schema, page)
    assert spoilt == {"objects": [{"title": 12}, {"title": "b"}]}
