# SPDX-License-Identifier: MIT
"""Stores an asset full of surprises, has a C program read it, change its title and write it, and compares exactly.

    roundtrip.py COMMAND...      the C program and what runs it (valgrind, say)

Runs inside tools/with-sim. Numbers are compared by their text, so that nothing is rounded on the way to the comparison.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from typing import Any

BASE = os.environ["ICONIK_BASE_URL"]
HEADERS = {
    "App-ID": os.environ["ICONIK_APP_ID"],
    "Auth-Token": os.environ["ICONIK_AUTH_TOKEN"],
    "Content-Type": "application/json",
}
SURPRISES = """{
  "title": "Before",
  "x_unknown": {"deep": [1, {"er": null}]},
  "x_exact": 9007199254740993,
  "status": "NEWLY_INVENTED",
  "time_start_milliseconds": 9007199254740993,
  "time_end_milliseconds": 0,
  "category": null,
  "external_id": "",
  "is_blocked": false,
  "person_ids": []
}"""
READ_ONLY = {
    "created_by_user", "created_by_user_info", "date_imported", "date_modified", "date_viewed", "deleted_by_user",
    "favoured", "id", "in_collections", "updated_by_user", "updated_by_user_info", "versions",
}  # fmt: skip


def exact(text: str) -> Any:
    return json.loads(text, parse_int=lambda digits: ("int", digits), parse_float=lambda digits: ("float", digits))


def ask(method: str, path: str, body: str | None = None) -> str:
    data = None if body is None else body.encode()
    request = urllib.request.Request(BASE + path, data=data, headers=HEADERS, method=method)
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode())


def main() -> None:
    created = json.loads(ask("POST", "/API/assets/v1/assets/", SURPRISES))
    output = subprocess.run([*sys.argv[1:], created["id"], "After"], check=True, capture_output=True, text=True).stdout
    lines = dict(line.split(" ", 1) for line in output.splitlines())
    read, full, diff = (exact(lines[label]) for label in ("READ", "FULL", "DIFF"))

    for name, value in exact(SURPRISES).items():
        assert read[name] == value, f"the server gave back another {name}: {read[name]!r}"
    assert full == {**read, "title": "After"}, "re-encoding changed more than the title"
    assert diff == {"title": "After"}, f"the patch holds more than the title: {diff}"

    sent = [r for r in json.loads(ask("GET", "/_sim/requests"))["requests"] if r["method"] == "PATCH"]
    assert len(sent) == 1, f"{len(sent)} PATCH requests"
    body = exact(sent[0]["body"])
    expected = {name: value for name, value in full.items() if name not in READ_ONLY}
    assert body == expected, f"sent {body}\nexpected {expected}"
    print(f"{len(read)} members read and written back, only the title changed; {len(body)} sent, 1 in the patch")


if __name__ == "__main__":
    main()
