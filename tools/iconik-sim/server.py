# SPDX-License-Identifier: MIT
"""The simulator on its socket: counts, records, lets faults happen, and answers for itself below /_sim/."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import time
from collections import Counter, deque
from dataclasses import dataclass
from random import Random
from typing import Any, Callable, Mapping, TextIO

from aiohttp import web

import faults
from app import App
from exchange import NOTHING, Answer, Request
from jsontext import dumps, loads
from ratelimit import RateLimit, Verdict, retry_after_seconds
from seed import Seeder
from spec import Operation
from validate import Refusal

KEPT_REQUESTS = 1000
KEPT_BODY = 256 * 1024
LARGEST_BODY = 256 * 1024 * 1024
SECRETS = {"app-id", "auth-token", "share-auth-token", "temp-auth-token", "authorization", "cookie"}
JSON = "application/json"


@dataclass(frozen=True)
class Options:
    policy: str | None = "sliding"
    requests: int = 1000
    window_ms: float = 20_000
    retry_after: bool = False
    latency_ms: float = 0
    jitter_ms: float = 0
    seed_data: str = "none"
    faults: tuple[str, ...] = ()


def monotonic_ms() -> float:
    return time.monotonic_ns() / 1e6


class Simulator:
    def __init__(
        self,
        app: App,
        options: Options = Options(),
        log: TextIO | None = None,
        clock: Callable[[], float] = monotonic_ms,
    ) -> None:
        self.app = app
        self.options = options
        self._log = log
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        options = self.options
        self.app.clear()
        self.seeder = Seeder(self.app)
        if options.seed_data == "demo":
            self.seeder.demo()
        self.limit = (
            RateLimit(options.policy, options.requests, options.window_ms, self._clock) if options.policy else None
        )
        self.faults = faults.Faults()
        for text in options.faults:
            self.faults.add(faults.from_text(text))
        self._random = Random(self.app.rules.seed)
        self.by_operation: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.accepted = 0
        self.refused = 0
        self.kept: deque[tuple[str, str, str, Mapping[str, str], bytes]] = deque(maxlen=KEPT_REQUESTS)

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        target, _, query = http.raw_path.partition("?")  # as sent, percent-encoding and all
        if target.startswith("/_sim/"):
            return await self._control(http, target)
        verdict = self._count(http)
        body = await _body(http) if http.body_exists else b""
        self.kept.append((http.method, target, query, http.headers, body))
        answer, request, fault = self._answer(http, target, query, verdict, body)
        if self.options.latency_ms or self.options.jitter_ms:
            await asyncio.sleep((self.options.latency_ms + self._random.random() * self.options.jitter_ms) / 1000)
        self.by_status[answer.status] += 1
        if self._log is not None:
            self._write_log(http, target, answer, request, fault)
        headers = answer.headers
        if verdict is not None:
            headers["RateLimit-Remaining"] = str(verdict.remaining)
        payload = _payload(answer)
        if fault is not None and fault.kind in ("reset", "stall", "truncate", "slow", "bad-json"):
            return await _misbehave(http, fault, answer, payload)
        if fault is not None and fault.kind == "retry-after":
            headers["Retry-After"] = str(fault.value or 1)
        return web.Response(status=answer.status, body=payload, headers=headers)

    def _count(self, http: web.BaseRequest) -> Verdict | None:
        if self.limit is None:
            self.accepted += 1
            return None
        headers = http.headers
        verdict = self.limit.take(headers.get("App-ID", "") + "\n" + headers.get("Auth-Token", ""))
        if verdict.accepted:
            self.accepted += 1
        else:
            self.refused += 1
        return verdict

    def _answer(
        self, http: web.BaseRequest, path: str, query: str, verdict: Verdict | None, body: bytes
    ) -> tuple[Answer, Request | None, faults.Fault | None]:
        request: Request | None = None
        fault: faults.Fault | None = None
        try:
            operation, values = self._routed(http.method, path)
            if verdict is not None and not verdict.accepted:
                headers = {"Retry-After": str(retry_after_seconds(verdict))} if self.options.retry_after else {}
                return _refusal(Refusal(429, ["Rate limit exceeded"]), headers), None, None
            request = self.app.check(operation, path, values, query, http.headers, body)
            fault = self.faults.take(request) if self.faults.active else None
            if fault is not None and fault.replaces:
                return _faulty(fault, Answer(200, {})), request, fault
            answer = self.app.handle(request)
            if fault is not None:
                if fault.kind in ("wrong-type", "unknown-member", "unknown-enum"):
                    answer.value = faults.spoil(fault, operation.schema, answer.value)
                answer = _faulty(fault, answer)
            return answer, request, fault
        except Refusal as refusal:
            return _refusal(refusal, {}), request, fault

    def _routed(self, method: str, path: str) -> tuple[Operation, list[str]]:
        try:
            operation, values = self.app.route(method, path)
        except Refusal:
            self.by_operation["unknown"] += 1
            raise
        self.by_operation[operation.id] += 1
        return operation, values

    def _write_log(
        self, http: web.BaseRequest, path: str, answer: Answer, request: Request | None, fault: faults.Fault | None
    ) -> None:
        assert self._log is not None
        line = {
            "ms": round(self._clock(), 3),
            "method": http.method,
            "path": path,
            "query": http.raw_path.partition("?")[2],
            "operation": request.operation.id if request is not None else None,
            "status": answer.status,
            "fault": fault.kind if fault is not None else None,
        }
        print(json.dumps(line), file=self._log, flush=True)

    # ---- control ----

    async def _control(self, http: web.BaseRequest, path: str) -> web.Response:
        actions: dict[tuple[str, str], Callable[[bytes], Any]] = {
            ("GET", "/_sim/stats"): lambda _: self.stats(),
            ("GET", "/_sim/requests"): lambda _: self.requests(),
            ("GET", "/_sim/seed"): lambda _: self.seeded(),
            ("GET", "/_sim/faults"): lambda _: {"faults": self.faults.as_json()},
            ("GET", "/_sim/object"): lambda _: {"object": "what a redirect leads to"},
            ("POST", "/_sim/faults"): self._add_faults,
            ("POST", "/_sim/reset"): self._reset,
        }
        action = actions.get((http.method, path))
        if action is None:
            return web.Response(status=404, body=dumps({"errors": [f"{path}: no such control"]}), content_type=JSON)
        try:
            value = action(await http.read())
        except (ValueError, faults.BadFault) as error:
            return web.Response(status=400, body=dumps({"errors": [str(error)]}), content_type=JSON)
        return web.Response(body=dumps(value), content_type=JSON)

    def stats(self) -> dict[str, Any]:
        return {
            "operations": dict(sorted(self.by_operation.items())),
            "statuses": {str(status): count for status, count in sorted(self.by_status.items())},
            "accepted": self.accepted,
            "refused": self.refused,
            "busiest_window": self.limit.busiest if self.limit is not None else None,
            "policy": self.options.policy,
            "requests_per_window": self.options.requests if self.options.policy else None,
            "window_ms": int(self.options.window_ms) if self.options.policy else None,
        }

    def requests(self) -> dict[str, Any]:
        return {"requests": [_kept_as_json(*kept) for kept in self.kept]}

    def seeded(self) -> dict[str, Any]:
        return {
            "seed": self.app.rules.seed,
            "seed_data": self.options.seed_data,
            "ids": self.seeder.ids,
            "folders": self.app.world.store.counts(),
        }

    def _add_faults(self, body: bytes) -> dict[str, Any]:
        for fault in faults.from_json(loads(body)):
            self.faults.add(fault)
        return {"faults": self.faults.as_json()}

    def _reset(self, _body: bytes) -> dict[str, Any]:
        self.reset()
        return self.seeded()


async def _body(http: web.BaseRequest) -> bytes:
    if http.headers.get("Expect", "").lower() == "100-continue" and http.transport is not None:
        http.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return await http.read()


def _kept_as_json(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    made: dict[str, Any] = {
        "method": method,
        "path": path,
        "query": query,
        "headers": {name: "***" if name.lower() in SECRETS else value for name, value in headers.items()},
        "body": body[:KEPT_BODY].decode("utf-8", "replace"),
    }
    if len(body) > KEPT_BODY:
        made["body_bytes"] = len(body)
    return made


def _refusal(refusal: Refusal, headers: dict[str, str]) -> Answer:
    return Answer(refusal.status, {"errors": refusal.errors}, headers)


def _faulty(fault: faults.Fault, answer: Answer) -> Answer:
    if fault.kind == "status":
        return Answer(fault.value or 503, {"errors": ["made to fail by the simulator"]})
    if fault.kind == "retry-after":
        return Answer(429, {"errors": ["Rate limit exceeded"]})
    return answer


def _payload(answer: Answer) -> bytes:
    if answer.text is not None:
        return answer.text.encode("utf-8")
    if answer.value is NOTHING:
        return b""
    answer.headers.setdefault("Content-Type", JSON)
    return dumps(answer.value)


async def _misbehave(http: web.BaseRequest, fault: faults.Fault, answer: Answer, payload: bytes) -> web.StreamResponse:
    if fault.kind == "stall":
        await asyncio.sleep(1e9 if fault.value is None else fault.value / 1000)
    if fault.kind == "reset":
        return _cut(http, reset=True)
    if fault.kind == "bad-json":
        payload = payload[: max(1, len(payload) // 2)] + b"\x01,]"
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(payload)
    await response.prepare(http)
    if fault.kind == "truncate":
        await response.write(payload[: len(payload) // 2 if fault.value is None else fault.value])
        return _cut(http, reset=False)
    if fault.kind == "slow":
        size = max(1, len(payload) // 20)
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep((2000 if fault.value is None else fault.value) / 1000 / len(pieces))
    else:
        await response.write(payload)
    await response.write_eof()
    return response


def _cut(http: web.BaseRequest, reset: bool) -> web.Response:
    """Ends the connection. aiohttp writes nothing to one that is closing."""
    transport = http.transport
    if transport is not None:
        if reset:  # with no time to linger, closing sends RST
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
    raise asyncio.CancelledError


class Listener:
    """A simulator that listens; stop() ends it."""

    def __init__(self, simulator: Simulator, tls: ssl.SSLContext | None = None) -> None:
        server = web.Server(
            simulator.handle,
            request_factory=_request,
            access_log=None,
            keepalive_timeout=75,
            tcp_keepalive=False,
        )
        self._runner = web.ServerRunner(server)
        self._tls = tls
        self.url = ""

    async def start(self, host: str, port: int) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=self._tls, backlog=1024, shutdown_timeout=0.2)
        await site.start()
        bound = self._runner.addresses[0][1]
        name = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if self._tls else 'http'}://{name}:{bound}"

    async def stop(self) -> None:
        await self._runner.cleanup()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)
