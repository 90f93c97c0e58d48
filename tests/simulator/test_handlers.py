# SPDX-License-Identifier: MIT
"""What the main resources remember, and what they say of one another."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Talk

from example import example
from jsontext import dumps, loads
from spec import Spec
from validate import ANSWER, Validator

ASSETS = "/API/assets/v1/assets/"
COLLECTIONS = "/API/assets/v1/collections/"
FILES = "/API/files/v1/assets/"
JOBS = "/API/jobs/v1/jobs/"
VIEWS = "/API/metadata/v1/views/"
NOBODY = "5eed0000-0000-4000-8000-0000000000ff"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"

Demo = tuple[Talk, dict[str, list[str]]]


def test_life_of_an_asset(talk: Talk) -> None:
    status, asset = talk("POST", ASSETS, {"title": "First", "x_own": {"kept": [1, None]}})
    assert status == 201
    path = f"{ASSETS}{asset['id']}/"
    assert asset["title"] == "First" and asset["x_own"] == {"kept": [1, None]}
    assert talk("GET", path) == (200, asset)

    status, renamed = talk("PATCH", path, {"title": "Second"})
    assert status == 200
    assert {**renamed, "date_modified": 0} == {**asset, "title": "Second", "date_modified": 0}

    status, replaced = talk("PUT", path, {"title": "Third"})
    assert status == 200
    assert "x_own" not in replaced and replaced["id"] == asset["id"] and replaced["title"] == "Third"

    assert talk("DELETE", path) == (204, None)
    assert talk("GET", path) == (404, {"errors": [f"asset {asset['id']} not found"]})
    assert talk("PATCH", path, {"title": "x"})[0] == talk("DELETE", path)[0] == 404
    assert talk("PUT", path + "restore/")[0] == 204
    assert talk("GET", path) == (200, replaced)
    assert talk("DELETE", path)[0] == 204
    assert talk("DELETE", path + "purge/")[0] == 204
    assert talk("PUT", path + "restore/")[0] == 404


def test_members_a_client_may_not_set_are_ignored(talk: Talk) -> None:
    _, asset = talk("POST", ASSETS, {"title": "t", "id": NOBODY, "created_by_user": NOBODY})
    assert asset["id"] != NOBODY and asset["created_by_user"] != NOBODY
    _, patched = talk("PATCH", f"{ASSETS}{asset['id']}/", {"id": NOBODY})
    assert patched["id"] == asset["id"]


def test_numbers_keep_their_digits(talk: Talk) -> None:
    numbers = b'{"big":9007199254740993,"exact":1.50,"huge":1E400,"minus":-0,"deep":[0.10]}'
    status, answer = talk.raw("POST", ASSETS, b'{"title":"\\ud83d\\ude00 \xc3\xa9","x":' + numbers + b"}")
    assert status == 201
    assert numbers in answer
    asset_id = loads(answer)["id"]
    assert numbers in talk.raw("GET", f"{ASSETS}{asset_id}/")[1]
    assert "\U0001f600 \u00e9".encode() in answer


def test_no_text_is_taken_for_a_number() -> None:
    value = loads(b'{"a":1.50,"b":"1.50","c":"\\ud800"}')
    assert loads(dumps(value)) == value
    assert dumps(value) == b'{"a":1.50,"b":"1.50","c":"\\ud800"}'


def test_lenient_stores_what_comes(lenient: Talk) -> None:
    body: dict[str, Any] = {
        "title": None,
        "status": "INVENTED",
        "time_end_milliseconds": "x",
        "person_ids": [],
        "id": NOBODY,
    }
    assert lenient("POST", ASSETS, body)[0] == 201
    _, asset = lenient("GET", f"{ASSETS}{NOBODY}/")
    assert {name: asset[name] for name in body} == body


def test_demo_assets(demo: Demo) -> None:
    talk, ids = demo
    _, page = talk("GET", ASSETS)
    assert page["objects"][0]["title"] == "Big Buck Bunny"
    assert page["objects"][0]["id"] == ids["assets"][0]
    assert page["total"] == len(ids["assets"]) == len(page["objects"])
    assert all(one["object_type"] == "assets" for one in page["objects"])
    _, page = talk("GET", f"{JOBS}?ids={ids['jobs'][1]}")
    assert [one["id"] for one in page["objects"]] == ids["jobs"][1:]


def test_demo_answers_fit_the_documents(demo: Demo, spec: Spec) -> None:
    talk, ids = demo
    validator = Validator()
    bunny, films = ids["assets"][0], ids["collections"][0]
    for target in (
        ASSETS,
        f"{ASSETS}{bunny}/",
        COLLECTIONS,
        f"{COLLECTIONS}{films}/",
        f"{COLLECTIONS}{films}/contents/",
        f"{COLLECTIONS}{films}/content/info/",
        *(f"{FILES}{bunny}/{kind}/" for kind in ("formats", "file_sets", "files", "proxies", "keyframes")),
        f"/API/files/v1/files/checksum/{EMPTY_MD5}/",
        VIEWS,
        f"{VIEWS}{ids['views'][0]}/",
        f"/API/metadata/v1/assets/{bunny}/views/{ids['views'][0]}/",
        f"/API/metadata/v1/assets/{bunny}/",
        "/API/metadata/v1/fields/",
        "/API/metadata/v1/fields/director/",
        JOBS,
        f"{JOBS}{ids['jobs'][0]}/",
    ):
        status, value = talk("GET", target)
        schema = talk.app.route("GET", target)[0].schema
        assert status == 200 and schema is not None
        assert validator.problems(schema, value, ANSWER) == [], target


def test_collection_contents(demo: Demo) -> None:
    talk, ids = demo
    films, shorts = ids["collections"]
    _, page = talk("GET", f"{COLLECTIONS}{films}/contents/")
    assert {one["object_type"] for one in page["objects"]} == {"assets", "collections"}
    assert {one["id"] for one in page["objects"]} == {shorts, *ids["assets"]}
    _, page = talk("GET", f"{COLLECTIONS}{films}/contents/?object_types=collections")
    assert [one["id"] for one in page["objects"]] == [shorts]
    _, info = talk("GET", f"{COLLECTIONS}{films}/content/info/")
    assert (info["assets_count"], info["collections_count"]) == (3, 1)
    assert info["total_size"] == 725_106_140 + 4_096


def test_changing_contents(talk: Talk) -> None:
    _, collection = talk("POST", COLLECTIONS, {"title": "c"})
    contents = f"{COLLECTIONS}{collection['id']}/contents/"
    _, asset = talk("POST", ASSETS, {"title": "a"})
    link = {"object_id": asset["id"], "object_type": "assets"}
    assert talk("POST", contents, link) == (201, None)
    assert talk("GET", f"{ASSETS}{asset['id']}/")[1]["in_collections"] == [collection["id"]]
    assert talk("POST", contents, {**link, "object_id": NOBODY})[0] == 404
    assert talk("POST", contents, {"object_id": collection["id"], "object_type": "collections"})[0] == 400
    assert talk("POST", f"{COLLECTIONS}{NOBODY}/contents/", link)[0] == 404
    assert talk("DELETE", f"{contents}assets/{asset['id']}/")[0] == 204
    assert talk("DELETE", f"{contents}assets/{asset['id']}/")[0] == 404
    assert talk("GET", contents)[1]["objects"] == []
    assert talk("GET", f"{ASSETS}{asset['id']}/")[1]["in_collections"] == []


def test_asset_is_made_in_a_collection(talk: Talk) -> None:
    _, collection = talk("POST", COLLECTIONS, {"title": "c"})
    _, asset = talk("POST", ASSETS, {"title": "a", "collection_id": collection["id"]})
    _, page = talk("GET", f"{COLLECTIONS}{collection['id']}/contents/")
    assert [one["id"] for one in page["objects"]] == [asset["id"]]
    status, value = talk("POST", ASSETS, {"title": "a", "collection_id": NOBODY})
    assert (status, list(value["errors"])) == (400, ["collection_id"])


def test_files(demo: Demo) -> None:
    talk, ids = demo
    bunny = f"{FILES}{ids['assets'][0]}/"
    _, page = talk("GET", bunny + "files/")
    assert [one["id"] for one in page["objects"]] == ids["files"][:2]
    _, page = talk("GET", f"/API/files/v1/file_sets/{ids['file_sets'][0]}/files/")
    assert [one["id"] for one in page["objects"]] == ids["files"][:2]
    _, page = talk("GET", f"{bunny}formats/{ids['formats'][0]}/file_sets/")
    assert [one["id"] for one in page["objects"]] == ids["file_sets"]
    assert talk("GET", bunny + "formats/ORIGINAL/")[1]["id"] == ids["formats"][0]
    assert talk("GET", f"{FILES}{NOBODY}/files/") == (404, {"errors": [f"asset {NOBODY} not found"]})
    assert talk("GET", f"{bunny}files/{NOBODY}/")[0] == 404
    assert talk("DELETE", f"{bunny}files/{ids['files'][0]}/")[0] == 204
    assert talk("GET", bunny + "files/")[1]["total"] == 1


def test_files_by_checksum(demo: Demo) -> None:
    talk, ids = demo
    _, page = talk("GET", f"/API/files/v1/files/checksum/{EMPTY_MD5}/")
    assert [one["id"] for one in page["objects"]] == ids["files"][2:]
    assert talk("GET", "/API/files/v1/files/checksum/ffff/")[1]["objects"] == []


def test_metadata(demo: Demo) -> None:
    talk, ids = demo
    film, rights = ids["views"]
    path = f"/API/metadata/v1/assets/{ids['assets'][0]}/"
    _, values = talk("GET", f"{path}views/{film}/")
    assert values["metadata_values"]["year"]["field_values"] == [{"value": 2008}]
    assert talk("GET", f"{path}views/{rights}/")[0] == 404
    assert talk("GET", f"{path}views/{NOBODY}/")[0] == 404
    sent = {"metadata_values": {"rights": {"field_values": [{"value": "CC BY"}]}}}
    assert talk("PUT", f"{path}views/{rights}/", sent)[1]["metadata_values"] == sent["metadata_values"]
    assert set(talk("GET", path)[1]["metadata_values"]) == {"director", "year", "rights"}
    assert talk("PUT", f"/API/metadata/v1/assets/{NOBODY}/views/{rights}/", sent)[0] == 404


@pytest.mark.parametrize(
    "mode, expected", [("append", ["a", "b", "c"]), ("delete", ["a"]), ("overwrite", ["b", "c"]), (None, ["b", "c"])]
)
def test_metadata_modes(demo: Demo, mode: str | None, expected: list[str]) -> None:
    talk, ids = demo
    path = f"/API/metadata/v1/assets/{ids['assets'][1]}/views/{ids['views'][1]}/"

    def field(values: list[str], **more: Any) -> dict[str, Any]:
        return {"metadata_values": {"rights": {"field_values": [{"value": value} for value in values], **more}}}

    talk("PUT", path, field(["a", "b"]))
    _, values = talk("PUT", path, field(["b", "c"], **({"mode": mode} if mode else {})))
    assert values["metadata_values"] == field(expected)["metadata_values"]


def test_view_is_read_with_its_fields(talk: Talk) -> None:
    talk("POST", "/API/metadata/v1/fields/", {"name": "when", "label": "When", "field_type": "date"})
    status, view = talk("POST", VIEWS, {"name": "v", "view_fields": [{"name": "when"}, {"name": "other"}]})
    assert status == 201
    assert [field["field_type"] for field in view["view_fields"]] == ["date", "string"]
    assert talk("POST", "/API/metadata/v1/fields/", {"name": "when", "label": "", "field_type": "date"})[0] == 409


def test_jobs(demo: Demo) -> None:
    talk, ids = demo
    path = f"{JOBS}{ids['jobs'][0]}/"
    assert talk("GET", path)[1]["status"] == "STARTED"
    assert talk("PUT", JOBS + "state/", {"action": "ABORT", "job_ids": [ids["jobs"][0]]}) == (201, None)
    assert talk("GET", path)[1]["status"] == "ABORTED"
    assert talk("PUT", JOBS + "priority/", {"priority": 9, "job_ids": ids["jobs"]})[0] == 201
    assert talk("GET", path)[1]["priority"] == 9
    assert talk("PUT", JOBS + "state/", {"action": "ABORT", "job_ids": [NOBODY]})[0] == 404
    assert talk("DELETE", JOBS, {"job_ids": ids["jobs"]}) == (204, None)
    assert talk("GET", JOBS)[1]["total"] == 0


def search(talk: Talk, **criteria: Any) -> Any:
    status, value = talk("POST", "/API/search/v1/search/", criteria)
    assert status == 200
    return value


def test_search(demo: Demo, spec: Spec) -> None:
    talk, ids = demo
    value = search(talk, query="*")
    schema = spec.operations["search"].schema
    assert schema is not None and Validator().problems(schema, value, ANSWER) == []
    assert value["total"] == 5
    hit = value["objects"][0]
    assert hit["title"] == "Big Buck Bunny" and hit["_sort"][-1] == hit["id"] and len(hit) >= 50
    assert [one["title"] for one in search(talk, query="bunny", doc_types=["assets"])["objects"]] == ["Big Buck Bunny"]
    assert [one["title"] for one in search(talk, query="Goedegebure")["objects"]] == ["Big Buck Bunny"]
    assert search(talk, query="no such thing")["objects"] == []


def test_search_order_filter_and_facets(demo: Demo) -> None:
    talk, _ = demo
    titles = ["Big Buck Bunny", "Sintel", "Tears of Steel"]
    order = [{"name": "title", "order": "desc"}]
    first = search(talk, doc_types=["assets"], sort=order)
    assert [one["title"] for one in first["objects"]] == titles[::-1]
    rest = search(talk, doc_types=["assets"], sort=order, search_after=first["objects"][0]["_sort"])
    assert [one["title"] for one in rest["objects"]] == titles[:2][::-1]
    either = [{"name": "title", "value": "sintel"}, {"name": "metadata.year", "value": "2008"}]
    for operator, expected in (("OR", titles[:2]), ("AND", []), ("NOT", titles[2:])):
        value = search(talk, doc_types=["assets"], filter={"operator": operator, "terms": either})
        assert [one["title"] for one in value["objects"]] == expected
    value = search(talk, facets=["object_type"])
    assert value["facets"]["object_type"]["buckets"] == [
        {"key": "assets", "doc_count": 3},
        {"key": "collections", "doc_count": 2},
    ]
    assert set(search(talk, include_fields=["type"])["objects"][0]) == {"id", "title", "object_type", "_sort", "type"}


def test_same_seed_same_ids(spec: Spec, talk: Talk) -> None:
    first = talk("POST", ASSETS, {"title": "t"})[1]["id"]
    talk.app.clear()
    assert talk("GET", f"{ASSETS}{first}/")[0] == 404
    assert talk("POST", ASSETS, {"title": "t"})[1]["id"] == first


def test_resources_of_other_services_are_kept_too(talk: Talk) -> None:
    path = "/API/files/v1/export_locations/"
    schema = talk.app.spec.operations["files_export_locations_create"].body_schema
    assert schema is not None
    status, made = talk("POST", path, {"name": "Vault", **required(schema)})
    assert status == 201
    assert talk("GET", f"{path}{made['id']}/")[1]["name"] == "Vault"
    assert [one["name"] for one in talk("GET", path)[1]["objects"]] == ["Vault"]


def required(schema: Any) -> dict[str, Any]:
    return {name: example(schema["properties"][name]) for name in schema.get("required", []) if name != "name"}
