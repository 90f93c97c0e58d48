# SPDX-License-Identifier: MIT
"""The simulator over HTTP: counting, recording, control, faults on the wire, the command itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from conftest import HEADERS, ROOT

from app import App, Rules
from server import Listener, Options, Simulator
from spec import Spec

ASSETS = "/API/assets/v1/assets/"
TOOL = str(ROOT / "tools" / "iconik-sim")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Peer:
    def __init__(self, url: str, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.url = url
        self.session = session
        self.clock = clock

    async def __call__(self, method: str, target: str, body: Any = None) -> tuple[int, Any, Any]:
        data = None if body is None else json.dumps(body)
        async with self.session.request(method, self.url + target, data=data, headers=HEADERS) as answer:
            text = await answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers


@contextlib.asynccontextmanager
async def running(spec: Spec, options: Options = Options(), rules: Rules = Rules()) -> AsyncIterator[Peer]:
    clock = Clock()
    listener = Listener(Simulator(App(spec, rules), options, clock=clock))
    await listener.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as session:
            yield Peer(listener.url, session, clock)
    finally:
        await listener.stop()


def talk_to(
    spec: Spec, script: Callable[[Peer], Awaitable[None]], options: Options = Options(), rules: Rules = Rules()
) -> None:
    async def run() -> None:
        async with running(spec, options, rules) as peer:
            await asyncio.wait_for(script(peer), 20)

    asyncio.run(run())


def test_quota_over_http(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        for left in (2, 1, 0):
            status, _, headers = await peer("GET", ASSETS)
            assert (status, headers["RateLimit-Remaining"]) == (200, str(left))
        peer.clock.now += 19_001
        status, value, headers = await peer("GET", ASSETS)
        assert (status, value) == (429, {"errors": ["Rate limit exceeded"]})
        assert headers["RateLimit-Remaining"] == "0" and headers["Retry-After"] == "1"
        assert (await peer("GET", "/API/nothing/"))[2]["RateLimit-Remaining"] == "0"
        peer.clock.now += 999
        assert (await peer("GET", ASSETS))[0] == 200
        _, stats, _ = await peer("GET", "/_sim/stats")
        assert stats["operations"] == {"assets_list": 5, "unknown": 1}
        assert (stats["accepted"], stats["refused"], stats["busiest_window"]) == (4, 2, 3)

    talk_to(spec, script, Options(requests=3, retry_after=True))


def test_no_rate_limit(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        for _ in range(5):
            status, _, headers = await peer("GET", ASSETS)
            assert status == 200 and "RateLimit-Remaining" not in headers

    talk_to(spec, script, Options(policy=None, requests=1))


def test_requests_are_recorded_without_secrets(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        await peer("POST", ASSETS, {"title": "sent"})
        await peer("GET", ASSETS + "?page=1")
        _, value, _ = await peer("GET", "/_sim/requests")
        first, second = value["requests"]
        assert (first["method"], first["path"], first["query"]) == ("POST", ASSETS, "")
        assert json.loads(first["body"]) == {"title": "sent"}
        assert first["headers"]["Auth-Token"] == first["headers"]["App-ID"] == "***"
        assert first["headers"]["Content-Type"] == "application/json"
        assert (second["method"], second["query"], second["body"]) == ("GET", "page=1", "")

    talk_to(spec, script)


def test_reset_brings_the_start_back(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        _, before, _ = await peer("GET", "/_sim/seed")
        bunny = before["ids"]["assets"][0]
        assert (await peer("DELETE", f"{ASSETS}{bunny}/"))[0] == 204
        assert (await peer("GET", f"{ASSETS}{bunny}/"))[0] == 404
        await peer("POST", "/_sim/faults", {"kind": "reset", "count": -1})
        _, after, _ = await peer("POST", "/_sim/reset")
        assert after == before
        assert (await peer("GET", f"{ASSETS}{bunny}/"))[1]["title"] == "Big Buck Bunny"
        assert (await peer("GET", "/_sim/stats"))[1]["operations"] == {"assets_get": 1}

    talk_to(spec, script, Options(seed_data="demo"))


def test_control_refuses_what_it_does_not_understand(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        assert (await peer("POST", "/_sim/faults", {"kind": "explode"}))[0] == 400
        assert (await peer("POST", "/_sim/faults"))[0] == 400
        assert (await peer("GET", "/_sim/nothing"))[0] == 404

    talk_to(spec, script)


def test_expected_credentials(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        assert (await peer("GET", ASSETS))[0] == 401

    talk_to(spec, script, rules=Rules(expected={"Auth-Token": "another"}))


def test_faults_that_answer(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        assert (await peer("POST", ASSETS, {"title": "t"}))[0] == 503
        status, _, headers = await peer("GET", ASSETS)
        assert (status, headers["Retry-After"]) == (429, "7")
        assert (await peer("GET", ASSETS))[1]["total"] == 0
        await peer("POST", "/_sim/faults", {"kind": "status", "value": 500, "after": True})
        assert (await peer("POST", ASSETS, {"title": "t"}))[0] == 500
        assert (await peer("GET", ASSETS))[1]["total"] == 1

    talk_to(spec, script, Options(faults=("status=503@POST *", "retry-after=7@assets_list")))


@pytest.mark.parametrize("tls", [False, True])
def test_reset_of_the_connection(spec: Spec, tls: bool, tmp_path: Path) -> None:
    async def script() -> None:
        context = client = None
        if tls:
            context, client = certificate(tmp_path)
        listener = Listener(Simulator(App(spec), Options(faults=("reset@assets_list",))), context)
        await listener.start("127.0.0.1", 0)
        port = int(listener.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
        writer.write(request_text())
        with pytest.raises((ConnectionResetError, OSError)):
            assert await asyncio.wait_for(reader.read(), 5) != b""
            raise AssertionError("the connection ended in order")
        writer.close()
        await listener.stop()

    asyncio.run(script())


def request_text() -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return f"GET {ASSETS} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()


def certificate(folder: Path) -> tuple[Any, Any]:
    import ssl

    names = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-subj", "/CN=localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    client = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    client.check_hostname = False
    return server, client


async def raw_exchange(peer: Peer, fault: str) -> bytes:
    kind, _, value = fault.partition("=")
    await peer("POST", "/_sim/faults", {"kind": kind, **({"value": int(value)} if value else {})})
    reader, writer = await asyncio.open_connection("127.0.0.1", int(peer.url.rpartition(":")[2]))
    writer.write(request_text().replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    text = await reader.read()
    writer.close()
    return text


def split(text: bytes) -> tuple[int, bytes]:
    """The length that was promised, and what came."""
    head, _, body = text.partition(b"\r\n\r\n")
    line = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(line.split(b":")[1]), body


def test_faults_of_the_body(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        promised, body = split(await raw_exchange(peer, "truncate"))
        assert len(body) == promised // 2 > 0
        promised, body = split(await raw_exchange(peer, "truncate=5"))
        assert len(body) == 5 < promised
        promised, body = split(await raw_exchange(peer, "bad-json"))
        assert len(body) == promised
        with pytest.raises(ValueError):
            json.loads(body)
        before = asyncio.get_running_loop().time()
        promised, body = split(await raw_exchange(peer, "slow=200"))
        assert len(body) == promised and json.loads(body)["total"] == 0
        assert asyncio.get_running_loop().time() - before >= 0.2

    talk_to(spec, script)


def test_stall(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        await peer("POST", "/_sim/faults", {"kind": "stall"})
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(peer("GET", ASSETS), 0.2)
        assert (await peer("GET", ASSETS))[0] == 200

    talk_to(spec, script)


def test_spoilt_answers(spec: Spec) -> None:
    async def script(peer: Peer) -> None:
        path = (await peer("GET", "/_sim/seed"))[1]["ids"]["assets"][0]
        for fault, name, value in (
            ({"kind": "wrong-type", "value": "title"}, "title", 12),
            ({"kind": "unknown-member"}, "x_sim_unknown", {"from": "the simulator"}),
            ({"kind": "unknown-enum", "value": "status"}, "status", "SIM_UNKNOWN"),
        ):
            await peer("POST", "/_sim/faults", fault)
            assert (await peer("GET", f"{ASSETS}{path}/"))[1][name] == value
        _, asset, _ = await peer("GET", f"{ASSETS}{path}/")
        assert asset["title"] == "Big Buck Bunny" and asset["status"] == "ACTIVE" and "x_sim_unknown" not in asset

    talk_to(spec, script, Options(seed_data="demo"))


def test_a_body_that_is_announced(spec: Spec) -> None:
    """Expect: 100-continue, which curl sends before large bodies."""

    async def script(peer: Peer) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(peer.url.rpartition(":")[2]))
        body = b'{"title":"' + b"x" * 2_000_000 + b'"}'
        head = request_text().replace(b"GET", b"POST").removesuffix(b"\r\n")
        writer.write(head + f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await reader.readline()).startswith(b"HTTP/1.1 201 ")
        writer.close()

    talk_to(spec, script)


def test_redirect_leads_somewhere(spec: Spec) -> None:
    operation = next(o for o in spec.operations.values() if o.status == 302 and o.method == "GET")
    path = operation.path
    for parameter in operation.parameters:
        if parameter.where == "path":
            path = path.replace(f"{{{parameter.name}}}", "1")

    async def script(peer: Peer) -> None:
        status, value, _ = await peer("GET", path)
        assert status == 200 and "object" in value

    talk_to(spec, script, rules=Rules(any_id=True))


# ---- the command ----


def start(*options: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, TOOL, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("iconik-sim listening on http://127.0.0.1:"), line
    return process, line.split()[-1]


def test_command_starts_logs_and_ends_on_sigterm(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process, url = start("--seed-data", "demo", "--log", str(log), "--fault", "status=500@jobs_list")
    try:
        request = urllib.request.Request(url + ASSETS, headers=HEADERS)
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["objects"][0]["title"] == "Big Buck Bunny"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()
    line = json.loads(log.read_text())
    assert (line["operation"], line["status"], line["fault"]) == ("assets_list", 200, None)


@pytest.mark.parametrize(
    "options, words",
    [
        (["--host", "0.0.0.0"], "loopback"),
        (["--host", "example.com"], "loopback"),
        (["--fault", "explode"], "explode"),
        (["--policy", "none"], "invalid choice"),
        (["--requests", "0"], "above 0"),
        (["--tls-cert", "x"], "go together"),
    ],
)
def test_command_refuses(options: list[str], words: str) -> None:
    done = subprocess.run([sys.executable, TOOL, *options], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and words in done.stderr


def test_command_says_what_is_wrong_with_the_spec(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, TOOL, "--spec", str(tmp_path)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and str(tmp_path) in done.stderr
