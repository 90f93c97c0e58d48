# SPDX-License-Identifier: MIT
"""What the simulator remembers: folders of entities by the path that lists them, and how they hang together."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from random import Random
from typing import Any, Callable, Iterator

Entity = dict[str, Any]

ASSETS = "/API/assets/v1/assets/"
COLLECTIONS = "/API/assets/v1/collections/"
JOBS = "/API/jobs/v1/jobs/"
FIELDS = "/API/metadata/v1/fields/"
VIEWS = "/API/metadata/v1/views/"
FILES = "/API/files/v1/assets/"
OBJECTS = {"assets": ASSETS, "collections": COLLECTIONS}


def utc_now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")


class Store:
    def __init__(self, seed: int, now: Callable[[], str] = utc_now) -> None:
        self._random = Random(seed)
        self.now = now
        self.user_id = self.new_id()
        self.system_domain_id = self.new_id()
        self._folders: dict[str, dict[str, Entity]] = {}
        self._trash: dict[str, dict[str, Entity]] = {}
        self.contents: dict[str, dict[tuple[str, str], str]] = {}
        """By collection: what it holds, by kind and id, and since when."""
        self.values: dict[tuple[str, str], Entity] = {}
        """Metadata values by the object's path and the view's id; the id is empty where no view was named."""

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def folder(self, path: str) -> dict[str, Entity]:
        return self._folders.get(path, {})

    def folders_below(self, prefix: str, name: str) -> Iterator[dict[str, Entity]]:
        """The folders of that name of every object: files of all assets, say."""
        ending = f"/{name}/"
        for path, folder in self._folders.items():
            if path.startswith(prefix) and path.endswith(ending):
                yield folder

    def get(self, path: str, key: str) -> Entity | None:
        return self._folders.get(path, {}).get(key)

    def put(self, path: str, key: str, entity: Entity) -> None:
        self._folders.setdefault(path, {})[key] = entity

    def remove(self, path: str, key: str) -> bool:
        return self._folders.get(path, {}).pop(key, None) is not None

    def discard(self, path: str, key: str) -> bool:
        """Removes so that restore() can bring it back."""
        entity = self._folders.get(path, {}).pop(key, None)
        if entity is not None:
            self._trash.setdefault(path, {})[key] = entity
        return entity is not None

    def restore(self, path: str, key: str) -> bool:
        entity = self._trash.get(path, {}).pop(key, None)
        if entity is not None:
            self.put(path, key, entity)
        return entity is not None

    def purge(self, path: str, key: str) -> bool:
        return self._trash.get(path, {}).pop(key, None) is not None

    def counts(self) -> dict[str, int]:
        return {path: len(folder) for path, folder in sorted(self._folders.items()) if folder}
