# SPDX-License-Identifier: MIT
"""The migration table: every method of pythonik that calls the API has its C function."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

TABLE = Path(__file__).parents[2] / "generated" / "pythonik.md"

# pythonik 1.15.0 has 104 public methods on six classes; one of them, get_upload_id_for_keyframe,
# talks to an object store alone.
METHODS = {
    "assets": 22,
    "collections": 6,
    "files": 45,
    "metadata": 27,
    "search": 1,
    "jobs": 2,
}


def test_each_method_of_pythonik_has_a_function() -> None:
    rows = re.findall(r"^\| `([\w:.-]+)` \| (.+) \|$", TABLE.read_text(), re.M)
    own = [method for method, _ in rows if ":" not in method]
    assert len(own) == len(set(own)), "a method stands twice"
    assert Counter(method.split(".")[0] for method in own) == METHODS
    for method, functions in rows:
        assert re.fullmatch(
            r"`iconik_\w+`(, `iconik_\w+`)*", functions
        ), f"{method}: {functions}"
