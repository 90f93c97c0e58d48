# SPDX-License-Identifier: MIT
"""An iconik server for tests and demonstrations, on this machine alone."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import signal
import ssl
import sys
from pathlib import Path
from typing import TextIO

import faults
from app import App, Rules
from ratelimit import POLICIES
from seed import DATA
from server import Listener, Options, Simulator
from spec import SpecError, load

SPEC = Path(__file__).resolve().parents[2] / "spec"


def loopback(text: str) -> str:
    if text == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(text).is_loopback:
            return text
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text} is not this machine's loopback, such as 127.0.0.1 or ::1")


def fault(text: str) -> str:
    try:
        faults.from_text(text)
    except faults.BadFault as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def not_negative(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is not a number of milliseconds")
    return number


def arguments() -> argparse.ArgumentParser:
    kinds = "\n".join(f"  {kind:15}{does}" for kind, does in faults.KINDS.items())
    parser = argparse.ArgumentParser(
        prog="iconik-sim",
        description=__doc__,
        epilog=f"faults, as KIND[=VALUE][@OPERATION OR PATH][#COUNT], COUNT 1 unless given, or all:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", type=loopback, default="127.0.0.1", help="a loopback address (127.0.0.1)")
    add("--port", type=int, default=0, help="0, the default, chooses a free one; the line printed says which")
    add("--spec", type=Path, default=SPEC, help="folder of the OpenAPI documents and sdk.yaml")
    add("--app-id", default="", help="the only App-ID that is good (any)")
    add("--auth-token", default="", help="the only Auth-Token that is good (any)")
    add("--policy", choices=sorted(POLICIES), default="sliding", help="how requests are counted (sliding)")
    add("--requests", type=positive, default=1000, help="how many in a window (1000)")
    add("--window-ms", type=positive, default=20_000, help="the window (20000)")
    add("--no-rate-limit", action="store_true", help="count nothing, refuse nothing")
    add("--retry-after", action="store_true", help="send Retry-After with each 429")
    add("--latency-ms", type=not_negative, default=0, help="how long each answer takes (0)")
    add("--jitter-ms", type=not_negative, default=0, help="and up to how much longer, at random (0)")
    add("--seed", type=int, default=1, help="of ids and of chance: same seed, same ids (1)")
    add("--seed-data", choices=DATA, default="none", help="what is there at the start (none)")
    add("--lenient", action="store_true", help="store bodies as they come, whatever the spec says of their values")
    add("--any-id", action="store_true", help="answer an example for an id nobody made, instead of 404")
    add("--fault", type=fault, action="append", default=[], help="make something go wrong; may be repeated")
    add("--log", metavar="FILE", help="write a line of JSON for each request; - for standard output")
    add("--tls-cert", type=Path, help="certificate, PEM; needs --tls-key")
    add("--tls-key", type=Path, help="its private key, PEM")
    return parser


def tls_of(parser: argparse.ArgumentParser, given: argparse.Namespace) -> ssl.SSLContext | None:
    if not given.tls_cert and not given.tls_key:
        return None
    if not given.tls_cert or not given.tls_key:
        parser.error("--tls-cert and --tls-key go together")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(given.tls_cert, given.tls_key)
    except (OSError, ssl.SSLError) as error:
        parser.error(f"--tls-cert, --tls-key: {error}")
    return context


async def serve(simulator: Simulator, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    listener = Listener(simulator, tls)
    await listener.start(host, port)
    print(f"iconik-sim listening on {listener.url}", flush=True)
    await stopped.wait()
    await listener.stop()


def main() -> int:
    parser = arguments()
    given = parser.parse_args()
    tls = tls_of(parser, given)
    expected = {"App-ID": given.app_id, "Auth-Token": given.auth_token}
    options = Options(
        policy=None if given.no_rate_limit else given.policy,
        requests=given.requests,
        window_ms=given.window_ms,
        retry_after=given.retry_after,
        latency_ms=given.latency_ms,
        jitter_ms=given.jitter_ms,
        seed_data=given.seed_data,
        faults=tuple(given.fault),
    )
    log: TextIO | None = None
    try:
        if given.log:
            log = sys.stdout if given.log == "-" else open(given.log, "a", encoding="utf-8")
        app = App(load(given.spec), Rules(given.lenient, given.any_id, expected, given.seed))
        asyncio.run(serve(Simulator(app, options, log), given.host, given.port, tls))
    except (SpecError, OSError) as error:
        print(f"iconik-sim: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
