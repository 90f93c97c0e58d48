# SPDX-License-Identifier: MIT
"""Proposals for names: what the rule makes of paths, and how often people would agree."""

from functools import cache
from typing import Any

import pytest
from features import ROOT

from codegen.load import load_file
from codegen.naming import Known, Naming, described, propose_model, singular, summary
from codegen.vocabulary import operations

SPEC = ROOT / "spec"

# Operations whose names are settled in the design, each proposed as if it had none.
SETTLED = [
    ("assets", "get", "/v1/assets/{asset_id}/", False, "assets_get"),
    ("assets", "get", "/v1/assets/", True, "assets_list"),
    ("assets", "post", "/v1/assets/", False, "assets_create"),
    ("assets", "patch", "/v1/assets/{asset_id}/", False, "assets_update"),
    ("assets", "delete", "/v1/assets/{asset_id}/", False, "assets_delete"),
    ("assets", "get", "/v1/collections/{collection_id}/", False, "collections_get"),
    ("files", "get", "/v1/assets/{asset_id}/files/", True, "files_asset_files_list"),
    ("files", "post", "/v1/storages/{storage_id}/scan/", False, "files_storages_scan"),
    ("metadata", "get", "/v1/views/{view_id}/", False, "metadata_views_get"),
    ("jobs", "get", "/v1/jobs/{job_id}/", False, "jobs_get"),
]


@cache
def _trees() -> dict[str, Any]:
    return {file.stem: load_file(file).root.plain() for file in SPEC.glob("*.yaml")}


def _held_out(service: str, path: str, method: str, lists: bool) -> str:
    known = [
        Known(p, m, operation["operationId"])
        for p, m, operation in operations(_trees()[service])
        if (p, m) != (path, method)
    ]
    groups = _trees()["sdk"]["groups"].items()
    own = [name for name, group in groups if group["service"] == service]
    return Naming(service, own, known, set()).propose(path, method, lists)


@pytest.mark.parametrize(("service", "method", "path", "lists", "name"), SETTLED)
def test_settled_name_would_have_been_proposed(
    service: str, method: str, path: str, lists: bool, name: str
) -> None:
    assert _held_out(service, path, method, lists) == name


def _naming(*known: Known, taken: tuple[str, ...] = ()) -> Naming:
    return Naming("things", ["things", "boxes"], list(known), set(taken))


def test_own_resource_and_group_are_not_repeated() -> None:
    assert _naming().propose("/v1/things/{id}/", "get", False) == "things_get"
    assert _naming().propose("/v1/boxes/", "get", True) == "boxes_list"
    assert _naming().propose("/v1/lids/", "get", True) == "things_lids_list"


def test_parent_by_its_id_is_singular_and_object_stands_for_any() -> None:
    made = _naming().propose("/v1/lids/{lid_id}/screws/", "get", True)
    assert made == "things_lid_screws_list"
    made = _naming().propose("/v1/{object_type}/{object_id}/boxes/", "post", False)
    assert made == "boxes_object_create"


def test_nouns_of_other_methods_are_kept() -> None:
    known = Known("/v1/lids/", "get", "things_covers_list")
    assert _naming(known).propose("/v1/lids/", "post", False) == "things_covers_create"
    made = _naming(known).propose("/v1/lids/", "delete", False)
    assert made == "things_covers_bulk_delete"
    made = _naming(known).propose("/v1/lids/{lid_id}/", "put", False)
    assert made == "things_covers_replace"


def test_action_is_learned_from_names_there_are() -> None:
    known = Known("/v1/boxes/{id}/purge/", "delete", "boxes_purge")
    made = _naming(known).propose("/v1/lids/{id}/purge/", "delete", False)
    assert made == "things_lids_purge"
    made = _naming().propose("/v1/lids/{id}/purge/", "delete", False)
    assert made == "things_lid_purge_delete"
    assert (
        _naming().propose("/v1/lids/{id}/close/", "post", False) == "things_lids_close"
    )


def test_clash_is_told_apart_by_the_id() -> None:
    naming = _naming(taken=("things_lids_get",))
    assert naming.propose("/v1/lids/{name}/", "get", False) == "things_lids_by_name_get"


@pytest.mark.parametrize(
    ("many", "one"),
    [("assets", "asset"), ("histories", "history"), ("boxes", "box")]
    + [("status", "status"), ("access", "access"), ("analysis", "analysis")],
)
def test_one_of_many(many: str, one: str) -> None:
    assert singular(many) == one


@pytest.mark.parametrize(
    ("path", "method", "name", "said"),
    [
        ("/v1/lids/", "get", "x_lids_list", "Lists lids."),
        ("/v1/lids/{id}/", "get", "x_lids_get", "Returns a lid."),
        ("/v1/lids/", "post", "x_lids_create", "Creates a lid."),
        (
            "/v1/a/{id}/lids/{id}/",
            "delete",
            "x_a_lids_delete",
            "Removes a lid of an a.",
        ),
        ("/v1/lids/{id}/close/", "post", "x_lids_close", "Does close on a lid."),
        ("/", "get", "x_get", "Does get on /."),
    ],
)
def test_summary_says_no_more_than_method_and_path(
    path: str, method: str, name: str, said: str
) -> None:
    assert summary(path, method, name) == said


def test_model_is_named_by_what_it_gathers_and_never_twice() -> None:
    items = {"type": "array", "items": {"$ref": "#/components/schemas/Lid"}}
    page = {"properties": {"objects": items, "page": {"type": "integer"}}}
    taken: set[str] = set()
    assert propose_model("LidsSchema", page, "things", taken) == "lids_page"
    only = {"properties": {"objects": items}}
    assert propose_model("LidsSchema", only, "things", taken) == "lids_list"
    assert propose_model("LidSchema", {}, "things", taken) == "lid"
    assert propose_model("Lid", {}, "things", taken) == "lid_entry"
    assert propose_model("LID", {}, "things", taken) == "things_lid"


def test_parameter_is_described_by_its_name() -> None:
    assert described("box_id", "path") == "The box."
    assert described("include_lids", "query") == "Include lids."
