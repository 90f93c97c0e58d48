# SPDX-License-Identifier: MIT
"""The answers served: an asset of 4 KB, a page of assets of 100 KB. The same bytes each time."""

from __future__ import annotations

import json
import random
import uuid
from typing import Any

Json = dict[str, Any]
ASSET_SIZE = 4096
PAGE_SIZE = 102400
N_OBJECTS = 25

_random = random.Random(20)


def _id() -> str:
    return str(uuid.UUID(int=_random.getrandbits(128), version=4))


def _date() -> str:
    return (
        f"2024-0{_random.randint(1, 9)}-{_random.randint(10, 28)}"
        f"T{_random.randint(10, 23)}:{_random.randint(10, 59)}:07.{_random.randint(100000, 999999)}"
    )


def _user(first: str, last: str) -> Json:
    photo = f"https://assets.example.com/photos/{_id()}"
    return {
        "email": f"{first}.{last}@example.com".lower(),
        "first_name": first,
        "id": _id(),
        "last_name": last,
        "photo": f"{photo}/medium.jpg",
        "photo_big": f"{photo}/big.jpg",
        "photo_small": f"{photo}/small.jpg",
    }


def _version(number: int) -> Json:
    return {
        "analyze_status": "N/A",
        "archive_status": "NOT_ARCHIVED",
        "created_by_user": _id(),
        "created_by_user_info": _user("Ada", "Lindqvist"),
        "date_created": _date(),
        "face_recognition_status": "N/A",
        "has_unconfirmed_persons": False,
        "id": _id(),
        "is_online": True,
        "person_ids": [],
        "status": "ACTIVE",
        "transcribe_status": "N/A",
        "transcribed_languages": ["en", "sv"],
        "version_number": number,
    }


def _members(n_versions: int) -> Json:
    """What one asset and an asset in a page have in common."""
    return {
        "analyze_status": "N/A",
        "archive_status": "NOT_ARCHIVED",
        "category": None,
        "created_by_user": _id(),
        "created_by_user_info": _user("Ada", "Lindqvist"),
        "custom_keyframe": None,
        "custom_poster": None,
        "date_created": _date(),
        "date_deleted": None,
        "date_imported": _date(),
        "date_modified": _date(),
        "date_viewed": _date(),
        "deleted_by_user": None,
        "deleted_by_user_info": None,
        "external_id": f"tape-{_random.randint(1000, 9999)}",
        "external_link": "https://mam.example.com/",
        "face_recognition_status": "DONE",
        "favoured": False,
        "has_unconfirmed_persons": True,
        "id": _id(),
        "in_collections": [_id() for _ in range(3)],
        "is_blocked": False,
        "is_online": True,
        "last_archive_restore_date": None,
        "original_asset_id": None,
        "original_segment_id": None,
        "original_version_id": None,
        "person_ids": [_id(), _id()],
        "site_name": None,
        "status": "ACTIVE",
        "time_end_milliseconds": None,
        "time_start_milliseconds": None,
        "title": "Interview \u201cHarbour, morning\u201d \u2014 camera B, take 3",
        "type": "ASSET",
        "updated_by_user": _id(),
        "updated_by_user_info": _user("Jun", "O\u2019Brien"),
        "versions": [_version(n + 1) for n in range(n_versions)],
        "warning": None,
    }


def _listed() -> Json:
    """An asset as listings and searches return it."""
    asset = _members(1)
    asset.update(
        {
            "ancestor_collections": [_id() for _ in range(4)],
            "comments_count": 4,
            "duration_milliseconds": 754_320,
            "files": [
                {"id": _id(), "name": "A003_C012.mov", "size": 48_318_382_080, "status": "CLOSED"}
            ],
            "keyframes": [{"id": _id(), "type": "KEYFRAME", "status": "CLOSED"} for _ in range(3)],
            "media_type": "video",
            "metadata": {"Location": ["Harbour"], "Camera": ["B"], "Scene": [12], "Rating": 4.5},
            "object_type": "assets",
            "position": None,
            "proxies": [{"id": _id(), "resolution": {"width": 1920, "height": 1080}}],
            "relations": [],
            "versions_number": 1,
        }
    )
    return asset


def _text(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _fill(value: Json, asset: Json, size: int) -> bytes:
    """Makes the text exactly as long as asked for, by the path of a link."""
    missing = size - len(_text(value))
    assert missing >= 0, f"{-missing} bytes too long"
    asset["external_link"] += ("archive/" * (missing // 8 + 1))[:missing]
    return _text(value)


def asset() -> bytes:
    value = _members(2)
    return _fill(value, value, ASSET_SIZE)


def page() -> bytes:
    objects = [_listed() for _ in range(N_OBJECTS)]
    value = {
        "first_url": "/v1/assets/?page=1&per_page=25",
        "last_url": "/v1/assets/?page=40&per_page=25",
        "next_url": "/v1/assets/?page=2&per_page=25",
        "objects": objects,
        "page": 1,
        "pages": 40,
        "per_page": 25,
        "prev_url": None,
        "scroll_id": None,
        "total": 1000,
    }
    per_object = (PAGE_SIZE - len(_text(value))) // N_OBJECTS
    for listed in objects[:-1]:
        _fill(listed, listed, len(_text(listed)) + per_object)
    return _fill(value, objects[-1], PAGE_SIZE)
