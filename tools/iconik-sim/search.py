# SPDX-License-Identifier: MIT
"""The index: documents of assets and collections as lists and searches show them, and the search itself."""

from __future__ import annotations

from typing import Any

from exchange import Answer, Request, World
from jsontext import Number
from paging import matches_text, only_declared, page
from state import FILES, OBJECTS, Entity


def document(world: World, kind: str, entity: Entity) -> Entity:
    """An entity as the index has it: with what hangs on it."""
    if kind != "assets":
        return {"keyframes": [], "metadata": {}, "parents": [], "permissions": ["read", "write"], **entity, **_as(kind)}
    store = world.store
    key = str(entity.get("id"))
    files = list(store.folder(f"{FILES}{key}/files/").values())
    proxies = store.folder(f"{FILES}{key}/proxies/").values()
    keyframes = store.folder(f"{FILES}{key}/keyframes/").values()
    return {
        "ancestor_collections": entity.get("in_collections", []),
        "category": None,
        "comments_count": 0,
        "custom_keyframe": None,
        "custom_poster": None,
        "created_by_user_info": {"id": store.user_id, "first_name": "Demo", "last_name": "User"},
        "date_imported": entity.get("date_created"),
        "date_viewed": entity.get("date_modified"),
        "description": "",
        "duration_milliseconds": 0,
        "external_id": None,
        "external_link": None,
        "files": [_some(file, "id", "name", "size", "status", "format_id", "storage_id") for file in files],
        "format": None,
        "has_unconfirmed_persons": False,
        "keyframes": [_some(keyframe, "id", "name", "type", "status") for keyframe in keyframes],
        "media_type": "video" if files else None,
        "metadata": metadata_of(world, f"assets/{key}"),
        "permissions": ["read", "write", "delete", "change-acl"],
        "position": 0,
        "person_ids": [],
        "proxies": [_some(proxy, "id", "name", "status", "resolution") for proxy in proxies],
        "relations": [],
        "site_name": None,
        "size": sum(file["size"] for file in files if isinstance(file.get("size"), int)),
        "system_domain_id": store.system_domain_id,
        "subtitles": [],
        "time_end_milliseconds": 0,
        "time_start_milliseconds": 0,
        "transcriptions": [],
        "versions_number": len(entity.get("versions") or [0]),
        "warning": None,
        **entity,
        **_as(kind),
    }


def _as(kind: str) -> Entity:
    return {"object_type": kind}


def _some(entity: Entity, *names: str) -> Entity:
    return {name: entity[name] for name in names if name in entity}


def metadata_of(world: World, path: str) -> Entity:
    """Field names and lists of values, all views of the object together."""
    found: Entity = {}
    for (other, _), values in world.store.values.items():
        if other == path and isinstance(values.get("metadata_values"), dict):
            for name, field in values["metadata_values"].items():
                listed = field.get("field_values") if isinstance(field, dict) else None
                found[name] = [value.get("value") for value in listed or [] if isinstance(value, dict)]
    return found


def search(world: World, request: Request) -> Answer:
    criteria = request.fields
    hits = _hits(world, criteria)
    schema = request.operation.schema or {}
    item = schema["properties"]["objects"]["items"]
    after = criteria.get("search_after")
    if after:
        ids = [hit["_sort"][-1] for hit in hits]
        hits = hits[ids.index(after[-1]) + 1 :] if after[-1] in ids else []
    made = page(request, hits, lambda hit: world.fit(item, _narrow(hit, criteria)))
    if isinstance(criteria.get("facets"), list):
        made["facets"] = {name: _facet(hits, name) for name in criteria["facets"] if isinstance(name, str)}
    return Answer(request.operation.status, only_declared(schema, made))


def _hits(world: World, criteria: Entity) -> list[Entity]:
    kinds = criteria.get("doc_types") or list(OBJECTS)
    documents = [
        document(world, kind, entity)
        for kind, path in OBJECTS.items()
        if kind in kinds
        for entity in world.store.folder(path).values()
    ]
    query, condition = criteria.get("query") or "", criteria.get("filter")
    fields = criteria.get("search_fields")
    hits = [
        hit
        for hit in documents
        if matches_text(_some(hit, *fields) if fields else hit, query) and (not condition or _holds(hit, condition))
    ]
    return _in_order(hits, criteria.get("sort") or [])


def _in_order(hits: list[Entity], order: list[Any]) -> list[Entity]:
    """Sorted; each hit says where it stands, in the form search_after takes: the values sorted by, and the id."""
    names: list[str] = []
    for part in reversed([part for part in order if isinstance(part, dict) and part.get("name")]):
        name = part["name"]
        names.insert(0, name)
        hits = sorted(hits, key=lambda hit: _order_key(member(hit, name)), reverse=part.get("order") == "desc")
    return [{**hit, "_sort": [*(member(hit, name) for name in names or ["date_created"]), hit["id"]]} for hit in hits]


def _order_key(value: Any) -> tuple[int, Any]:
    value = value.value if isinstance(value, Number) else value
    if value is None or isinstance(value, (dict, list)):
        return (2, "")
    return (1, value.lower()) if isinstance(value, str) else (0, value)


def member(hit: Entity, name: str) -> Any:
    """A member by its name, or by names with dots between."""
    if name in hit:
        return hit[name]
    value: Any = hit
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _holds(hit: Entity, condition: Any) -> bool:
    if not isinstance(condition, dict):
        return True
    results = [_term(hit, term) for term in condition.get("terms") or [] if isinstance(term, dict)]
    results += [_holds(hit, inner) for inner in condition.get("filters") or []]
    operator = condition.get("operator", "AND")
    if operator == "NOT":
        return not any(results)
    return not results or (any(results) if operator == "OR" else all(results))


def _term(hit: Entity, term: Entity) -> bool:
    value = member(hit, str(term.get("name")))
    values = value if isinstance(value, list) else [value]
    if term.get("missing"):
        return value is None
    if term.get("exists"):
        return value is not None
    bounds = term.get("range")
    if isinstance(bounds, dict):
        low, high = bounds.get("min"), bounds.get("max")
        return all((low is None or str(one) >= str(low)) and (high is None or str(one) <= str(high)) for one in values)
    wanted = [term["value"]] if term.get("value") is not None else term.get("value_in") or []
    return not wanted or any(_same(one, other) for one in values for other in wanted)


def _same(one: Any, other: Any) -> bool:
    def text(value: Any) -> str:
        return str(value).lower()

    return one is not None and text(one) == text(other)


def _narrow(hit: Entity, criteria: Entity) -> Entity:
    included, excluded = criteria.get("include_fields"), criteria.get("exclude_fields") or []
    always = ("id", "title", "object_type", "_sort")
    return {
        name: value
        for name, value in hit.items()
        if name in always or (name not in excluded and (not included or name in included))
    }


def _facet(hits: list[Entity], name: str) -> Entity:
    counts: dict[str, int] = {}
    for hit in hits:
        value = member(hit, name)
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                counts[str(one)] = counts.get(str(one), 0) + 1
    return {"buckets": [{"key": key, "doc_count": count} for key, count in sorted(counts.items())]}
