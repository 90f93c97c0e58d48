#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Starts the mock, runs the contract test against it, ends the mock.

    run_contract.py PROGRAM FOLDER

FOLDER holds what make_calls.py wrote. The mock is Prism, from npm; its answers at random
come from a fixed seed. Its log is FOLDER/mock.log.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from npm import Missing, tool

START_S = 60
STOP_S = 10


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    program, folder = sys.argv[1], Path(sys.argv[2])
    port = free_port()
    try:
        prism = tool("prism")
    except Missing as missing:
        print(f"contract: {missing}", file=sys.stderr)
        return 1
    command = [prism, "mock", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--seed", "1", "--verboseLevel", "error", "--cors", "false"]
    log = folder / "mock.log"
    with log.open("wb") as out:
        mock = subprocess.Popen(
            [*command, str(folder / "merged.json")], stdout=out, stderr=out
        )
        try:
            if not wait_until_open(mock, port):
                print(f"contract: the mock does not start; {log} says", file=sys.stderr)
                print(log.read_text("utf-8", "replace")[-2000:], file=sys.stderr)
                return 1
            url = f"http://127.0.0.1:{port}"
            if not mock_refuses(url, folder / "merged.json"):
                print("contract: the mock takes anything", file=sys.stderr)
                return 1
            cases = str(folder / "cases.txt")
            return subprocess.run([program, url, cases], check=False).returncode
        finally:
            mock.terminate()
            try:
                mock.wait(STOP_S)
            except subprocess.TimeoutExpired:
                mock.kill()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_open(mock: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the mock takes connections before its time is up."""
    end = time.monotonic() + START_S
    while mock.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def mock_refuses(url: str, merged: Path) -> bool:
    """Whether the mock says no to a call without credentials, and to one whose
    parameters are missing. If it did not, what it accepts would prove nothing."""
    paths = json.loads(merged.read_text(encoding="utf-8"))["paths"]
    path, security = next(
        (path, item["get"]["security"][0])
        for path, item in paths.items()
        if "{" not in path and "get" in item
        if item["get"]["parameters"] and item["get"]["security"]
    )
    headers = {"AppID": "App-ID", "AuthToken": "Auth-Token"}
    known = {headers[scheme]: "x" for scheme in security if scheme in headers}
    return (status_of(url + path, {}), status_of(url + path, known)) == (401, 422)


def status_of(url: str, headers: dict[str, str]) -> int:
    """What a GET is answered with."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


if __name__ == "__main__":
    sys.exit(main())
