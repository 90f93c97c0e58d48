# SPDX-License-Identifier: MIT
"""What is there at the start: a small demonstration account, made by the calls a client would make."""

from __future__ import annotations

from typing import Any

from app import App
from state import ASSETS, COLLECTIONS, FIELDS, FILES, JOBS, VIEWS, Entity

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
DATA = ("none", "demo")


class Seeder:
    """Fills an app and keeps the ids of what it made."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.ids: dict[str, list[str]] = {}

    def _send(self, method: str, path: str, body: Entity) -> Any:
        return self._app.perform(method, path, body).value

    def _make(self, kind: str, path: str, body: Entity) -> str:
        key = str(self._send("POST", path, body)["id"])
        self.ids.setdefault(kind, []).append(key)
        return key

    def demo(self) -> None:
        bunny = self._assets()
        self._files(bunny)
        self._collections()
        self._metadata(bunny)
        self._jobs(bunny)

    def _assets(self) -> str:
        store = self._app.world.store
        for title, milliseconds in (("Big Buck Bunny", 596_458), ("Sintel", 888_000), ("Tears of Steel", 734_167)):
            key = self._make("assets", ASSETS, {"title": title, "type": "ASSET", "external_id": title.replace(" ", "")})
            entity = store.get(ASSETS, key)
            assert entity is not None
            entity["duration_milliseconds"] = milliseconds
            entity["versions"] = [
                {
                    "id": store.new_id(),
                    "version_number": 1,
                    "status": "ACTIVE",
                    "is_online": True,
                    "created_by_user": store.user_id,
                    "date_created": entity["date_created"],
                }
            ]
        return self.ids["assets"][0]

    def _files(self, asset_id: str) -> None:
        base = f"{FILES}{asset_id}/"
        original = self._make("formats", base + "formats/", {"name": "ORIGINAL", "metadata": [{"codec": "h264"}]})
        storage_id = self._app.world.store.new_id()
        members = {"format_id": original, "storage_id": storage_id, "component_ids": [], "base_dir": "/bunny"}
        file_set = self._make("file_sets", base + "file_sets/", {"name": "big_buck_bunny.mov", **members})
        for name, size, checksum in (
            ("big_buck_bunny.mov", 725_106_140, "9e2f8a7d4c1b3e5f60718293a4b5c6d7"),
            ("big_buck_bunny.srt", 4_096, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ):
            self._file(asset_id, file_set, original, storage_id, name, size, checksum)
        self._send("PATCH", f"{base}file_sets/{file_set}/", {"status": "ACTIVE"})
        self._make("proxies", base + "proxies/", {"name": "proxy.mp4", "format": "mp4", "storage_id": storage_id})
        self._make("keyframes", base + "keyframes/", {"name": "poster.jpg", "type": "POSTER", "storage_id": storage_id})
        other = self.ids["assets"][1]
        self._file(other, self._app.world.store.new_id(), original, storage_id, "empty.txt", 0, EMPTY_MD5)

    def _file(
        self, asset_id: str, file_set: str, format_id: str, storage_id: str, name: str, size: int, checksum: str
    ) -> None:
        body = {
            "name": name,
            "original_name": name,
            "directory_path": "/bunny",
            "type": "FILE",
            "status": "CLOSED",
            "size": size,
            "checksum": checksum,
            "file_set_id": file_set,
            "format_id": format_id,
            "storage_id": storage_id,
        }
        self._make("files", f"{FILES}{asset_id}/files/", body)

    def _collections(self) -> None:
        films = self._make("collections", COLLECTIONS, {"title": "Open films"})
        shorts = self._make("collections", COLLECTIONS, {"title": "Shorts", "parent_id": films})
        for asset_id in self.ids["assets"]:
            content = {"object_id": asset_id, "object_type": "assets"}
            self._send("POST", f"{COLLECTIONS}{films}/contents/", content)
        self._send("POST", f"{COLLECTIONS}{shorts}/contents/", {**content, "object_id": self.ids["assets"][0]})

    def _metadata(self, asset_id: str) -> None:
        for name, label, kind in (
            ("director", "Director", "string"),
            ("year", "Year", "integer"),
            ("rights", "Rights", "text"),
        ):
            self._send("POST", FIELDS, {"name": name, "label": label, "field_type": kind})
        for name, fields in (("Film", ["director", "year"]), ("Rights", ["rights"])):
            view_fields = [{"name": field, "label": field.capitalize()} for field in fields]
            self._make("views", VIEWS, {"name": name, "view_fields": view_fields})
        values = {
            "director": {"field_values": [{"value": "Sacha Goedegebure"}]},
            "year": {"field_values": [{"value": 2008}]},
        }
        path = f"/API/metadata/v1/assets/{asset_id}/views/{self.ids['views'][0]}/"
        self._send("PUT", path, {"metadata_values": values})

    def _jobs(self, asset_id: str) -> None:
        about = {"object_id": asset_id, "object_type": "assets"}
        for title, kind, status in (
            ("Transcode Big Buck Bunny", "TRANSCODE", "STARTED"),
            ("Transfer Big Buck Bunny", "TRANSFER", "FINISHED"),
        ):
            self._make("jobs", JOBS, {"title": title, "type": kind, "status": status, **about})
