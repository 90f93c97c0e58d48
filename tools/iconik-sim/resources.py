# SPDX-License-Identifier: MIT
"""The resources of the spec, found by their shape: a path that lists and creates, and the path of one of them below it.
Whatever is created is kept and given back, by every service alike."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Callable

from exchange import NOTHING, Answer, Request, World
from paging import CONTROLS, narrowed, only_declared, page
from spec import Operation, Schema, Spec
from state import ASSETS, COLLECTIONS, FIELDS, FILES, JOBS, VIEWS, Entity
from validate import Refusal

Handler = Callable[[World, Request], Answer]

STRICT = {ASSETS, COLLECTIONS, JOBS, FIELDS, VIEWS} | {
    FILES + "{asset_id}/" + name + "/" for name in ("formats", "file_sets", "files", "proxies", "keyframes")
}
"""Here an id that was never made is an error; elsewhere it gets an example."""

DEFAULTS: dict[str, Entity] = {
    ASSETS: {
        "type": "ASSET",
        "status": "ACTIVE",
        "archive_status": "NOT_ARCHIVED",
        "analyze_status": "N/A",
        "face_recognition_status": "N/A",
        "is_blocked": False,
        "is_online": True,
        "favoured": False,
        "in_collections": [],
        "versions": [],
    },
    COLLECTIONS: {
        "status": "ACTIVE",
        "custom_order_status": "DISABLED",
        "favoured": False,
        "in_collections": [],
        "is_root": True,
        "object_type": "collections",
        "parents": [],
    },
    JOBS: {"progress": 0, "priority": 5, "steps": [], "has_children": False},
    FILES + "{asset_id}/files/": {"status": "OPEN"},
    FILES + "{asset_id}/formats/": {"status": "ACTIVE", "archive_status": "NOT_ARCHIVED", "is_online": True},
    FILES + "{asset_id}/file_sets/": {"status": "ACTIVE", "is_archive": False, "file_count": 0},
}


@dataclass(eq=False)
class Resource:
    prefix: str
    key: str
    """The name of the path's last parameter."""
    schema: Schema
    noun: str

    @property
    def strict(self) -> bool:
        return self.prefix in STRICT


def discover(spec: Spec) -> dict[str, Resource]:
    """Resources by their prefix."""
    made: dict[str, Resource] = {}
    paths = {(operation.method, operation.path) for operation in spec.operations.values()}
    for operation in spec.operations.values():
        prefix, _, last = operation.path.rstrip("/").rpartition("/")
        prefix += "/"
        if operation.method != "GET" or not last.startswith("{") or operation.schema is None or prefix in made:
            continue
        if ("POST", prefix) in paths or prefix in STRICT:
            noun = prefix.rstrip("/").rpartition("/")[2].replace("_", " ").rstrip("s")
            made[prefix] = Resource(prefix, last[1:-1], operation.schema, noun)
    return made


def handlers(spec: Spec, resources: dict[str, Resource]) -> dict[str, Handler]:
    made: dict[str, Handler] = {}
    for operation in spec.operations.values():
        handler = _handler(operation, resources)
        if handler is not None:
            made[operation.id] = handler
    return made


def _handler(operation: Operation, resources: dict[str, Resource]) -> Handler | None:
    method = operation.method
    if operation.path in resources:
        if method == "GET" and "objects" in (operation.schema or {}).get("properties", {}):
            return bound(list_all, resources[operation.path])
        if method == "POST" and operation.schema is not None:
            return bound(create, resources[operation.path])
        return None
    prefix, _, last = operation.path.rstrip("/").rpartition("/")
    does = {"GET": read, "PUT": replace, "PATCH": update, "DELETE": delete}.get(method)
    if prefix + "/" in resources and last.startswith("{") and does is not None:
        return bound(does, resources[prefix + "/"])
    return None


def bound(does: Callable[[Resource, World, Request], Answer], resource: Resource) -> Handler:
    return lambda world, request: does(resource, world, request)


def folder_of(request: Request) -> str:
    return request.path.rstrip("/").rpartition("/")[0] + "/"


def need_parent(resource: Resource, world: World, request: Request) -> None:
    asset_id = request.values.get("asset_id")
    if resource.strict and resource.key != "asset_id" and asset_id and not world.any_id:
        if world.store.get(ASSETS, asset_id) is None:
            raise Refusal(404, [f"asset {asset_id} not found"])


def list_all(resource: Resource, world: World, request: Request) -> Answer:
    need_parent(resource, world, request)
    folder = world.store.folder(request.path)
    if not folder and (world.any_id or not resource.strict):
        return world.documented(request)
    return answer_page(world, request, list(folder.values()))


def answer_page(
    world: World, request: Request, entities: list[Entity], whole: Callable[[Entity], Entity] = lambda entity: entity
) -> Answer:
    """whole: what an entity is turned into before it is chosen by its members and shown."""
    schema = request.operation.schema or {}
    item = schema.get("properties", {}).get("objects", {}).get("items", {})
    if set(request.query) <= CONTROLS - {"sort"}:  # nothing to choose by: only those of the page need be whole
        made = page(request, entities, lambda entity: world.fit(item, whole(entity)))
    else:
        chosen = narrowed(request, [whole(entity) for entity in entities])
        made = page(request, chosen, lambda entity: world.fit(item, entity))
    return Answer(request.operation.status, only_declared(schema, made))


def writable(world: World, schema: Schema | None, body: Entity) -> Entity:
    """What a client may set; all of it where the simulator is lenient."""
    if world.lenient:
        return dict(body)
    properties = (schema or {}).get("properties", {})
    return {name: value for name, value in body.items() if not properties.get(name, {}).get("readOnly")}


def born(resource: Resource, world: World, request: Request) -> Entity:
    """A new entity before what the client says of it."""
    store = world.store
    now = store.now()
    system = {
        "date_created": now,
        "date_modified": now,
        "created_by_user": store.user_id,
        "updated_by_user": store.user_id,
        "created_by": store.user_id,
        "user_id": store.user_id,
        "system_domain_id": store.system_domain_id,
        **request.values,
    }
    entity: Entity = {"id": store.new_id()} if "id" in resource.schema.get("properties", {}) else {}
    for name, part in resource.schema.get("properties", {}).items():
        if name in system:
            entity[name] = system[name]
        elif "default" in part and part["default"] is not None:
            entity[name] = deepcopy(part["default"])
    return {**entity, **deepcopy(DEFAULTS.get(resource.prefix, {}))}


def create(resource: Resource, world: World, request: Request) -> Answer:
    need_parent(resource, world, request)
    entity = born(resource, world, request)
    entity.update(writable(world, request.operation.body_schema, request.fields))
    key = key_of(resource, world, entity)
    if world.store.get(request.path, key) is not None:
        raise Refusal(409, [f"{resource.noun} {key} exists already"])
    world.store.put(request.path, key, entity)
    status = 201 if 201 in request.operation.responses else request.operation.status
    return Answer(status, world.fit(request.operation.schema, entity))


def key_of(resource: Resource, world: World, entity: Entity) -> str:
    """The id; for what has none, the member its path is made with."""
    if "id" not in resource.schema.get("properties", {}):
        for name in (resource.key, "name", resource.key.rpartition("_")[2]):
            if isinstance(entity.get(name), str):
                return str(entity[name])
    if not isinstance(entity.get("id"), str):
        entity["id"] = world.store.new_id()
    return str(entity["id"])


def last_value(request: Request) -> str:
    return list(request.values.values())[-1]


def found(resource: Resource, world: World, request: Request) -> Entity | None:
    """By id, or by what else its path may be made with: paths that differ in that alone cannot be told apart."""
    wanted = last_value(request)
    folder = world.store.folder(folder_of(request))
    entity = folder.get(wanted)
    if entity is None:
        named = (one for one in folder.values() if wanted in (one.get(resource.key), one.get("name")))
        entity = next(named, None)
    if entity is None and resource.strict and not world.any_id:
        need_parent(resource, world, request)
        raise Refusal(404, [f"{resource.noun} {wanted} not found"])
    return entity


def read(resource: Resource, world: World, request: Request) -> Answer:
    entity = found(resource, world, request)
    if entity is None:
        return world.documented(request)
    return Answer(request.operation.status, world.fit(request.operation.schema, entity))


def _written(world: World, request: Request, entity: Entity) -> Answer:
    schema = request.operation.schema
    return Answer(request.operation.status, NOTHING if schema is None else world.fit(schema, entity))


def replace(resource: Resource, world: World, request: Request) -> Answer:
    """PUT: what the client may set is what he sends, the rest stays."""
    entity = found(resource, world, request)
    if entity is None:
        return world.documented(request)
    properties = resource.schema.get("properties", {})
    kept = {name: value for name, value in entity.items() if _server_owned(name, properties.get(name, {}))}
    sent = writable(world, request.operation.body_schema, request.fields)
    defaults = {name: value for name, value in entity.items() if name in DEFAULTS.get(resource.prefix, {})}
    entity.clear()
    entity.update({**defaults, **kept, **sent, **_touched(world, properties)})
    return _written(world, request, entity)


def _server_owned(name: str, part: Schema) -> bool:
    return bool(part.get("readOnly")) or name in ("id", "asset_id", "date_created", "created_by_user", "user_id")


def _touched(world: World, properties: dict[str, Any]) -> Entity:
    return {"date_modified": world.store.now()} if "date_modified" in properties else {}


def update(resource: Resource, world: World, request: Request) -> Answer:
    """PATCH: members that are sent replace those that are there."""
    entity = found(resource, world, request)
    if entity is None:
        return world.documented(request)
    entity.update(writable(world, request.operation.body_schema, request.fields))
    entity.update(_touched(world, resource.schema.get("properties", {})))
    return _written(world, request, entity)


def delete(resource: Resource, world: World, request: Request) -> Answer:
    entity = found(resource, world, request)
    if entity is not None:
        world.store.discard(folder_of(request), key_of(resource, world, entity))
    if 204 in request.operation.responses:
        return Answer(204)
    return world.documented(request)
