# SPDX-License-Identifier: MIT
"""Lists by page, by the last id, by scrolling, and in the order asked for."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Talk

ASSETS = "/API/assets/v1/assets/"
JOBS = "/API/jobs/v1/jobs/"


@pytest.fixture
def many(talk: Talk) -> Talk:
    for number in range(25):
        talk("POST", JOBS, {"title": f"{number:02}", "type": "CUSTOM", "status": "READY" if number % 5 else "FAILED"})
    return talk


def titles(page: Any) -> list[int]:
    return [int(one["title"]) for one in page["objects"]]


def test_first_page_by_default(many: Talk) -> None:
    _, page = many("GET", JOBS)
    assert titles(page) == list(range(10))
    assert (page["page"], page["per_page"], page["pages"], page["total"]) == (1, 10, 3, 25)
    assert page["first_url"] == f"{JOBS}?page=1&per_page=10"
    assert page["last_url"] == f"{JOBS}?page=3&per_page=10"
    assert page["next_url"] == f"{JOBS}?page=2&per_page=10"
    assert "prev_url" not in page


def test_following_next_url_sees_all_once(many: Talk) -> None:
    seen: list[int] = []
    target = JOBS + "?per_page=7&type=CUSTOM"
    while target:
        status, page = many("GET", target)
        assert status == 200 and "type=CUSTOM" in page["first_url"]
        seen += titles(page)
        target = page.get("next_url")
    assert seen == list(range(25))
    assert page["prev_url"] == f"{JOBS}?type=CUSTOM&page=3&per_page=7"


def test_beyond_the_last_page(many: Talk) -> None:
    _, page = many("GET", JOBS + "?page=9")
    assert page["objects"] == [] and page["total"] == 25 and "next_url" not in page


def test_nothing_there(talk: Talk) -> None:
    _, page = talk("GET", ASSETS)
    assert (page["objects"], page["total"], page["pages"], page["page"]) == ([], 0, 1, 1)
    assert "next_url" not in page and "prev_url" not in page


def test_filter_and_order(many: Talk) -> None:
    _, page = many("GET", JOBS + "?status=FAILED&sort=-title")
    assert titles(page) == [20, 15, 10, 5, 0]
    assert titles(many("GET", JOBS + "?query=17")[1]) == [17]


def test_scrolling(many: Talk) -> None:
    _, page = many("GET", JOBS + "?scroll=true&per_page=10")
    seen = titles(page)
    while "scroll_id" in page:
        _, page = many("GET", JOBS + "?per_page=10&scroll_id=" + page["scroll_id"])
        seen += titles(page)
    assert seen == list(range(25))
    assert many("GET", JOBS + "?scroll_id=nonsense")[0] == 400


def test_last_id(demo: tuple[Talk, dict[str, list[str]]]) -> None:
    talk, ids = demo
    path = f"/API/files/v1/assets/{ids['assets'][0]}/files/"
    body = {"original_name": "e", "directory_path": "/", "type": "FILE", "checksum": "aa"}
    made = [talk("POST", path, body)[1]["id"] for _ in range(3)]
    checksum = "/API/files/v1/files/checksum/aa/"
    assert [one["id"] for one in talk("GET", checksum + "?per_page=2")[1]["objects"]] == made[:2]
    assert [one["id"] for one in talk("GET", f"{checksum}?last_id={made[1]}")[1]["objects"]] == made[2:]
    assert talk("GET", checksum + "?last_id=nobody")[0] == 400
