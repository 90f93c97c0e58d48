# SPDX-License-Identifier: MIT
"""What the main resources do beyond being kept: assets, collections and their contents, files, metadata, jobs."""

from __future__ import annotations

from typing import Any, Iterable

import search
from exchange import Answer, Request, World
from resources import Handler, Resource, answer_page, born, bound, create, replace, update, writable
from state import ASSETS, COLLECTIONS, FIELDS, FILES, JOBS, OBJECTS, VIEWS, Entity
from validate import Refusal

ACTIONS = {"ABORT": "ABORTED", "PAUSE": "PAUSED", "RESUME": "STARTED", "RESTART": "READY"}


def special(resources: dict[str, Resource]) -> dict[str, Handler]:
    """By operation id; they go before the resources' own."""
    assets, collections, views = resources[ASSETS], resources[COLLECTIONS], resources[VIEWS]
    made: dict[str, Handler] = {
        "assets_list": list_assets,
        "assets_create": bound(create_asset, assets),
        "collections_create": bound(create_collection, collections),
        "collections_contents_list": list_contents,
        "collections_contents_create": add_content,
        "collections_contents_delete": remove_content,
        "collections_content_info_get": content_info,
        "collections_subcollections_create": bound(add_subcollection, collections),
        "files_by_checksum_list": files_by_checksum,
        "files_file_set_files_list": files_of_set,
        "files_asset_file_set_files_list": files_of_set,
        "files_asset_format_file_sets_list": file_sets_of_format,
        "metadata_views_create": lambda world, request: create(views, world, with_whole_fields(world, request)),
        "metadata_views_replace": lambda world, request: replace(views, world, with_whole_fields(world, request)),
        "metadata_views_update": lambda world, request: update(views, world, with_whole_fields(world, request)),
        "jobs_state_replace": change_jobs,
        "jobs_priority_replace": change_jobs,
        "jobs_bulk_delete": delete_jobs,
        "search": search.search,
    }
    for kind in ("formats", "file_sets", "files", "proxies", "keyframes"):
        made[f"files_asset_version_{kind}_list"] = files_of_version
    for noun, path in (("assets", ASSETS), ("collections", COLLECTIONS)):
        made[f"{noun}_restore"] = _queue("restore", path)
        made[f"{noun}_purge"] = _queue("purge", path)
    for kind in ("object", "object_view", "asset_object_view", "asset_version_view", "asset_object_version_view"):
        made[f"metadata_{kind}_get"] = read_values
        made[f"metadata_{kind}_replace"] = write_values
    return made


# ---- assets and collections ----


def list_assets(world: World, request: Request) -> Answer:
    entities = list(world.store.folder(ASSETS).values())
    if not entities and world.any_id:
        return world.documented(request)
    return answer_page(world, request, entities, lambda entity: search.document(world, "assets", entity))


def _given_collection(world: World, request: Request, name: str) -> str | None:
    """The collection a new object goes into, if the body names one."""
    key = request.fields.get(name)
    if not isinstance(key, str) or not key:
        return None
    if world.store.get(COLLECTIONS, key) is None and not world.lenient and not world.any_id:
        raise Refusal(400, {name: [f"collection {key} not found"]})
    return key


def create_asset(resource: Resource, world: World, request: Request) -> Answer:
    collection_id = _given_collection(world, request, "collection_id")
    answer = create(resource, world, request)
    if collection_id:
        _hold(world, collection_id, "assets", answer.value["id"])
    return answer


def create_collection(resource: Resource, world: World, request: Request) -> Answer:
    parent_id = _given_collection(world, request, "parent_id")
    answer = create(resource, world, request)
    if parent_id:
        _hold(world, parent_id, "collections", answer.value["id"])
    return answer


def _hold(world: World, collection_id: str, kind: str, key: str) -> None:
    contents = world.store.contents.setdefault(collection_id, {})
    contents.setdefault((kind, key), world.store.now())
    entity = world.store.get(OBJECTS[kind], key) if kind in OBJECTS else None
    if entity is not None and collection_id not in entity.setdefault("in_collections", []):
        entity["in_collections"].append(collection_id)
        if kind == "collections":
            entity["parents"] = list(entity["in_collections"])
            entity["is_root"] = False


def _collection(world: World, request: Request) -> Entity | None:
    key = request.values["collection_id"]
    entity = world.store.get(COLLECTIONS, key)
    if entity is None and not world.any_id:
        raise Refusal(404, [f"collection {key} not found"])
    return entity


def held(world: World, collection_id: str) -> list[Entity]:
    """The documents of what a collection holds; what was deleted since is left out."""
    documents = []
    for position, (kind, key) in enumerate(world.store.contents.get(collection_id, {})):
        entity = world.store.get(OBJECTS[kind], key) if kind in OBJECTS else None
        if entity is not None:
            documents.append({**search.document(world, kind, entity), "position": position})
    return documents


def list_contents(world: World, request: Request) -> Answer:
    if _collection(world, request) is None:
        return world.documented(request)
    documents = held(world, request.values["collection_id"])
    kinds = request.query.get("object_types")
    if kinds:
        documents = [document for document in documents if document["object_type"] in kinds.split(",")]
    return answer_page(world, request, documents)


def add_content(world: World, request: Request) -> Answer:
    if _collection(world, request) is None:
        return world.documented(request)
    kind, key = request.fields.get("object_type", ""), request.fields.get("object_id", "")
    if kind in OBJECTS and world.store.get(OBJECTS[kind], key) is None and not world.any_id:
        raise Refusal(404, [f"{kind.rstrip('s')} {key} not found"])
    if (kind, key) == ("collections", request.values["collection_id"]):
        raise Refusal(400, ["a collection cannot hold itself"])
    _hold(world, request.values["collection_id"], kind, key)
    return Answer(request.operation.status)


def remove_content(world: World, request: Request) -> Answer:
    if _collection(world, request) is None:
        return world.documented(request)
    kind, key, collection_id = (request.values[name] for name in ("object_type", "object_id", "collection_id"))
    if world.store.contents.get(collection_id, {}).pop((kind, key), None) is None:
        raise Refusal(404, [f"{kind} {key} is not in collection {collection_id}"])
    entity = world.store.get(OBJECTS[kind], key) if kind in OBJECTS else None
    if entity is not None and collection_id in entity.get("in_collections", []):
        entity["in_collections"].remove(collection_id)
    return Answer(request.operation.status)


def content_info(world: World, request: Request) -> Answer:
    entity = _collection(world, request)
    if entity is None:
        return world.documented(request)
    documents = held(world, request.values["collection_id"])
    assets = [document for document in documents if document["object_type"] == "assets"]
    files = [file for asset in assets for file in world.store.folder(f"{FILES}{asset['id']}/files/").values()]
    info: Entity = {
        "title": entity.get("title"),
        "assets_count": len(assets),
        "collections_count": len(documents) - len(assets),
        "storage_info": [],
        "total_duration_milliseconds": sum(_whole(asset.get("duration_milliseconds")) for asset in assets),
        "total_size": sum(_whole(file.get("size")) for file in files),
    }
    return Answer(request.operation.status, world.fit(request.operation.schema, info))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def add_subcollection(resource: Resource, world: World, request: Request) -> Answer:
    parent = _collection(world, request)
    if parent is None:
        return world.documented(request)
    title = request.fields.get("title", "Subcollection")
    entity = {**born(resource, world, request), "title": title, "parent_id": parent["id"]}
    world.store.put(COLLECTIONS, entity["id"], entity)
    _hold(world, parent["id"], "collections", entity["id"])
    return Answer(request.operation.status, world.fit(request.operation.schema, entity))


def _queue(verb: str, path: str) -> Handler:
    """Restoring and purging of what was deleted."""

    def run(world: World, request: Request) -> Answer:
        key = next(iter(request.values.values()))
        done = world.store.restore(path, key) if verb == "restore" else world.store.purge(path, key)
        if not done:
            return world.absent(request, "in the delete queue,", key)
        return world.documented(request)

    return run


# ---- files ----


def _all(world: World, name: str) -> Iterable[Entity]:
    for folder in world.store.folders_below(FILES, name):
        yield from folder.values()


def files_by_checksum(world: World, request: Request) -> Answer:
    checksum = request.values["checksum"].lower()
    return answer_page(
        world, request, [file for file in _all(world, "files") if str(file.get("checksum")).lower() == checksum]
    )


def files_of_set(world: World, request: Request) -> Answer:
    key = request.values["file_set_id"]
    if not world.any_id and not any(entity["id"] == key for entity in _all(world, "file_sets")):
        raise Refusal(404, [f"file set {key} not found"])
    return answer_page(world, request, [file for file in _all(world, "files") if file.get("file_set_id") == key])


def _asset(world: World, request: Request) -> None:
    if not world.any_id and world.store.get(ASSETS, request.values["asset_id"]) is None:
        raise Refusal(404, [f"asset {request.values['asset_id']} not found"])


def file_sets_of_format(world: World, request: Request) -> Answer:
    _asset(world, request)
    folder = world.store.folder(f"{FILES}{request.values['asset_id']}/file_sets/")
    key = request.values["format_id"]
    return answer_page(world, request, [entity for entity in folder.values() if entity.get("format_id") == key])


def files_of_version(world: World, request: Request) -> Answer:
    """Those of a version, and those that name none: an asset with one version has them all."""
    _asset(world, request)
    kind = request.path.rstrip("/").rpartition("/")[2]
    folder = world.store.folder(f"{FILES}{request.values['asset_id']}/{kind}/")
    version_id = request.values["version_id"]
    return answer_page(
        world, request, [entity for entity in folder.values() if entity.get("version_id") in (None, version_id)]
    )


# ---- metadata ----


def with_whole_fields(world: World, request: Request) -> Request:
    """A view is written with names of fields and read with the fields themselves."""
    fields = request.fields.get("view_fields")
    if isinstance(fields, list):
        request.body = {**request.fields, "view_fields": [_whole_field(world, field) for field in fields]}
    return request


def _whole_field(world: World, field: Any) -> Any:
    if not isinstance(field, dict):
        return field
    name = field.get("name", "")
    known = world.store.get(FIELDS, name) or {"name": name, "label": name, "field_type": "string"}
    named = {member: value for member, value in field.items() if value is not None}
    return world.fit(world.spec.schema("metadata", "MetadataFieldSchema"), {**known, **named})


def _values_key(world: World, request: Request) -> tuple[str, str]:
    values = dict(request.values)
    view_id = values.pop("view_id", "")
    kind = values.get("object_type", "assets")
    asset_id, object_id = values.get("asset_id"), values.get("object_id")
    if not world.any_id:
        if view_id and world.store.get(VIEWS, view_id) is None:
            raise Refusal(404, [f"view {view_id} not found"])
        if asset_id and world.store.get(ASSETS, asset_id) is None:
            raise Refusal(404, [f"asset {asset_id} not found"])
        if object_id and not asset_id and kind in OBJECTS and world.store.get(OBJECTS[kind], object_id) is None:
            raise Refusal(404, [f"{kind.rstrip('s')} {object_id} not found"])
    if asset_id and object_id:
        return f"assets/{asset_id}/{kind}/{object_id}", view_id
    return f"{kind}/{object_id or asset_id}", view_id


def read_values(world: World, request: Request) -> Answer:
    """404 where there are none yet; without a view, those of all views together."""
    path, view_id = _values_key(world, request)
    entity = world.store.values.get((path, view_id))
    if entity is None and not view_id:
        several = [values for (other, _), values in world.store.values.items() if other == path]
        if several:
            entity = {**several[-1], "metadata_values": {}}
            for values in several:
                entity["metadata_values"].update(values.get("metadata_values", {}))
    if entity is None:
        return world.absent(request, "metadata values of", path)
    return Answer(request.operation.status, world.fit(request.operation.schema, entity))


def write_values(world: World, request: Request) -> Answer:
    path, view_id = _values_key(world, request)
    now = world.store.now()
    kind, _, key = path.rpartition("/")
    before = world.store.values.get((path, view_id), {})
    entity = {
        "date_created": before.get("date_created", now),
        "object_id": key,
        "object_type": kind.rpartition("/")[2],
        **writable(world, request.operation.body_schema, request.fields),
        "date_modified": now,
    }
    if not world.lenient:
        fields = {
            name: _combined(before.get("metadata_values", {}).get(name), field)
            for name, field in entity["metadata_values"].items()
        }
        entity["metadata_values"] = fields
    world.store.values[path, view_id] = entity
    _spread(world, path, view_id, entity)
    return Answer(request.operation.status, world.fit(request.operation.schema, entity))


def _combined(before: Entity | None, field: Entity) -> Entity:
    """A field's values as its mode says: put in place of the old ones, added to them, or taken away."""
    mode = field.get("mode", "overwrite")
    made = {name: value for name, value in field.items() if name != "mode"}
    old = list((before or {}).get("field_values", []))
    if mode == "append":
        made["field_values"] = old + [value for value in field.get("field_values", []) if value not in old]
    elif mode == "delete":
        made["field_values"] = [value for value in old if value not in field.get("field_values", [])]
    return made


def _spread(world: World, path: str, view_id: str, entity: Entity) -> None:
    """A field that several views of an object show has one value."""
    for (other, other_view), values in world.store.values.items():
        if other == path and other_view != view_id:
            for name, value in entity.get("metadata_values", {}).items():
                if name in values.get("metadata_values", {}):
                    values["metadata_values"][name] = value


# ---- jobs ----


def _jobs(world: World, request: Request) -> list[Entity]:
    ids = request.fields.get("job_ids", [])
    missing = [key for key in ids if world.store.get(JOBS, key) is None]
    if missing and not world.any_id:
        raise Refusal(404, [f"job {key} not found" for key in missing])
    return [job for key in ids if (job := world.store.get(JOBS, key)) is not None]


def change_jobs(world: World, request: Request) -> Answer:
    """Steers jobs by an action, or gives them a priority."""
    for job in _jobs(world, request):
        if "action" in request.fields:
            job["status"] = ACTIONS.get(request.fields["action"], job.get("status"))
        if "priority" in request.fields:
            job["priority"] = request.fields["priority"]
        job["date_modified"] = world.store.now()
    return Answer(request.operation.status)


def delete_jobs(world: World, request: Request) -> Answer:
    for job in _jobs(world, request):
        world.store.discard(JOBS, job["id"])
    return Answer(request.operation.status)
