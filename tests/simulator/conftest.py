# SPDX-License-Identifier: MIT
"""Makes the simulator's modules importable, and an app to talk to without sockets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "iconik-sim"))

from app import App, Rules  # noqa: E402
from exchange import NOTHING  # noqa: E402
from jsontext import dumps, loads  # noqa: E402
from seed import Seeder  # noqa: E402
from spec import Spec, load  # noqa: E402
from validate import Refusal  # noqa: E402

HEADERS = {"App-ID": "app", "Auth-Token": "token", "Content-Type": "application/json"}


class Talk:
    """Sends requests to an app the way the server does, through text and back."""

    def __init__(self, app: App) -> None:
        self.app = app

    def raw(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        try:
            operation, values = self.app.route(method, path)
            request = self.app.check(operation, path, values, query, HEADERS if headers is None else headers, body)
            answer = self.app.handle(request)
        except Refusal as refusal:
            return refusal.status, dumps({"errors": refusal.errors})
        return answer.status, b"" if answer.value is NOTHING else dumps(answer.value)

    def __call__(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        status, text = self.raw(method, target, b"" if body is None else dumps(body))
        return status, loads(text) if text else None


@pytest.fixture(scope="session")
def spec() -> Spec:
    return load(ROOT / "spec")


@pytest.fixture
def talk(spec: Spec) -> Talk:
    return Talk(App(spec))


@pytest.fixture
def lenient(spec: Spec) -> Talk:
    return Talk(App(spec, Rules(lenient=True)))


@pytest.fixture
def any_id(spec: Spec) -> Talk:
    return Talk(App(spec, Rules(any_id=True)))


@pytest.fixture
def demo(spec: Spec) -> tuple[Talk, dict[str, list[str]]]:
    app = App(spec)
    seeder = Seeder(app)
    seeder.demo()
    return Talk(app), seeder.ids
