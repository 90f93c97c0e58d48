# SPDX-License-Identifier: MIT
"""The simulator without its sockets: a request goes in, checked and counted, and an answer comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping
from urllib.parse import parse_qsl

import handlers
import resources
import validate
from exchange import Answer, Request, World
from jsontext import loads
from spec import Operation, Spec
from state import Store
from validate import Refusal


@dataclass(frozen=True)
class Rules:
    """How strict the server is."""

    lenient: bool = False
    any_id: bool = False
    expected: Mapping[str, str] = field(default_factory=dict)
    """Values of credential headers; any that is not empty will do for those left out."""
    seed: int = 1


class App:
    def __init__(self, spec: Spec, rules: Rules = Rules()) -> None:
        self.spec = spec
        self.rules = rules
        found = resources.discover(spec)
        self._handlers = {**resources.handlers(spec, found), **handlers.special(found)}
        self._validator = validate.Validator()
        self.world = self._new_world()

    def _new_world(self) -> World:
        rules = self.rules
        return World(self.spec, self._validator, Store(rules.seed), rules.lenient, rules.any_id)

    def clear(self) -> None:
        self.world = self._new_world()

    def route(self, method: str, path: str) -> tuple[Operation, list[str]]:
        found = self.spec.find(path)
        if found is None:
            raise Refusal(404, [f"{path}: no such path"])
        by_method, values = found
        operation = by_method.get(method)
        if operation is None:
            raise Refusal(405, [f"{path}: allowed are {', '.join(sorted(by_method))}"])
        return operation, values

    def check(
        self, operation: Operation, path: str, values: list[str], query: str, headers: Mapping[str, str], body: bytes
    ) -> Request:
        """The request with its types. Raises Refusal if it is not as the spec has it."""
        validate.credentials(operation, headers, self.rules.expected)
        validate.headers_of(operation, headers)
        pairs = parse_qsl(query, keep_blank_values=True) if query else []
        return Request(
            operation,
            path,
            validate.path_values(self._validator, operation, values),
            validate.query_values(self._validator, operation, pairs) if pairs or operation.query else {},
            self._body(operation, headers, body),
        )

    def _body(self, operation: Operation, headers: Mapping[str, str], body: bytes) -> Any:
        if not body:
            if operation.body_required and not self.rules.lenient:
                raise Refusal(400, ["a body is required"])
            return None
        if not operation.bodies:
            if self.rules.lenient:
                return None
            raise Refusal(400, [f"{operation.method} {operation.path} takes no body"])
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if operation.body_schema is None or (len(operation.bodies) > 1 and not kind.endswith("json")):
            return None
        if kind != "application/json":
            raise Refusal(400, [f"Content-Type is {kind or 'missing'}, not application/json"])
        try:
            value = loads(body)
        except ValueError as error:
            raise Refusal(400, [f"the body is no JSON: {error}"]) from error
        validate.body_value(self._validator, operation, value, self.rules.lenient)
        return value

    def handle(self, request: Request) -> Answer:
        handler = self._handlers.get(request.operation.id)
        return self.world.documented(request) if handler is None else handler(self.world, request)

    def perform(self, method: str, path: str, body: Any = None) -> Answer:
        """A request from inside: not checked for credentials, but for its body."""
        operation, values = self.route(method, path)
        if operation.body_schema is not None:
            validate.body_value(self._validator, operation, body, self.rules.lenient)
        return self.handle(Request(operation, path, validate.path_values(self._validator, operation, values), {}, body))
