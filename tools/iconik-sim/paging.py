# SPDX-License-Identifier: MIT
"""Lists, a page at a time: by number, by the last id seen, or by scrolling."""

from __future__ import annotations

import re
from typing import Any, Callable, Sequence
from urllib.parse import urlencode

from exchange import Request
from state import Entity
from validate import Refusal

PER_PAGE = 10
_WHOLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dt.*")
CONTROLS = {"page", "per_page", "last_id", "scroll", "scroll_id", "sort", "search_after"}


def page(request: Request, entities: Sequence[Entity], show: Callable[[Entity], Any]) -> Entity:
    """The members of a page, all that any list has; fit them to the list's schema by only_declared()."""
    query = request.query
    per_page = max(1, query.get("per_page") or PER_PAGE)
    total = len(entities)
    pages = max(1, -(-total // per_page))
    number = query.get("page") or 1
    start = (number - 1) * per_page
    if "scroll_id" in query:
        start = _scrolled(query["scroll_id"])
        number = start // per_page + 1
    elif query.get("last_id"):
        ids = [entity.get("id") for entity in entities]
        if query["last_id"] not in ids:
            raise Refusal(400, ["query parameter last_id: not an id of this list"])
        start = ids.index(query["last_id"]) + 1
        number = start // per_page + 1
    made: Entity = {
        "objects": [show(entity) for entity in entities[start : start + per_page]],
        "page": number,
        "pages": pages,
        "per_page": per_page,
        "total": total,
        "first_url": _url(request, 1, per_page),
        "last_url": _url(request, pages, per_page),
    }
    more = start + per_page < total
    if more:
        made["next_url"] = _url(request, number + 1, per_page)
    if number > 1:
        made["prev_url"] = _url(request, min(number - 1, pages), per_page)
    if more and (query.get("scroll") or "scroll_id" in query):
        made["scroll_id"] = f"sim-{start + per_page}"
    return made


def only_declared(schema: dict[str, Any], made: Entity) -> Entity:
    declared = schema.get("properties", {})
    return {name: value for name, value in made.items() if name in declared}


def _scrolled(text: str) -> int:
    digits = text.removeprefix("sim-")
    if not digits.isdecimal() or digits == text:
        raise Refusal(400, ["query parameter scroll_id: not one of ours"])
    return int(digits)


def _url(request: Request, number: int, per_page: int) -> str:
    kept = [(name, _text(value)) for name, value in request.query.items() if name not in ("page", "per_page")]
    return f"{request.path}?{urlencode([*kept, ('page', number), ('per_page', per_page)])}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def narrowed(request: Request, entities: Sequence[Entity]) -> list[Entity]:
    """Those a list's other parameters ask for: ids, a text, and members by name. Parameters that name no member of an
    entity do not narrow anything."""
    found = list(entities)
    for name, wanted in request.query.items():
        if name in CONTROLS:
            continue
        choices = set(_text(wanted).split(","))
        if name in ("ids", "object_ids"):
            found = [entity for entity in found if entity.get("id") in choices]
        elif name == "query":
            found = [entity for entity in found if matches_text(entity, _text(wanted))]
        elif any(name in entity for entity in entities):
            found = [entity for entity in found if _text(entity.get(name)) in choices]
    return sort_by_text(found, request.query.get("sort", ""))


def sort_by_text(entities: list[Entity], order: str) -> list[Entity]:
    """By names in one comma-separated text, descending where a minus is before the name or :desc behind it."""
    for part in reversed([part.strip() for part in order.split(",") if part.strip()]):
        name, _, direction = part.lstrip("-+").partition(":")
        descending = part.startswith("-") or direction.lower() == "desc"
        entities = sorted(entities, key=lambda entity: _sort_key(entity.get(name)), reverse=descending)
    return entities


def _sort_key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, (int, float)):
        return (0, value, "")
    return (2, 0, "") if value is None else (1, 0, str(value))


def matches_text(entity: Entity, query: str) -> bool:
    """Whether every word of a query is somewhere in an entity's texts; * is a word that always is."""
    words = [word.strip('"').lower() for word in query.split()]
    wanted = [word.strip("*") for word in words if word.strip("*")]
    if not wanted:
        return True
    every = [text.lower() for text in texts(entity)]
    # Ids and dates are found whole only: nobody who looks for 17 means the middle of an id.
    words_of = "\n".join(text for text in every if not _WHOLE.fullmatch(text))
    return all(word in words_of or word in every for word in wanted)


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for member in value for text in texts(member)] if isinstance(value, list) else []
