# SPDX-License-Identifier: MIT
"""Seconds from the start of a process to its first answer, a line a round.

cold.py PROGRAMS URL ROUNDS [--ca-file FILE | --trust FILE]

A line: the library's, then that of the program written by hand.

--trust adds a CA to the system's certificates first; for a mount namespace of one's own only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

CERTIFICATES = Path("/etc/ssl/certs")
PROGRAMS = ("bench_transport_sdk", "bench_transport_handwritten")


def trust(ca_file: str) -> None:
    """In both forms that programs read: the directory of hashed names, and the bundle."""
    command = ["openssl", "x509", "-hash", "-noout", "-in", ca_file]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    ca = Path(ca_file).read_text()
    with tempfile.TemporaryDirectory() as copy:
        subprocess.run(["cp", "-aL", f"{CERTIFICATES}/.", copy], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(CERTIFICATES)], check=True)
        subprocess.run(["cp", "-a", f"{copy}/.", str(CERTIFICATES)], check=True)
    (CERTIFICATES / f"{done.stdout.strip()}.0").write_text(ca)
    with (CERTIFICATES / "ca-certificates.crt").open("a") as bundle:
        bundle.write(ca)


def first_answer(arguments: list[str]) -> float:
    reader, writer = os.pipe()
    start = time.monotonic_ns()
    pid = os.posix_spawn(
        arguments[0],
        arguments,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)],
    )
    os.close(writer)
    with os.fdopen(reader) as output:
        words = output.read().split()
    if os.waitpid(pid, 0)[1] != 0 or len(words) != 2:
        raise SystemExit(f"transport: no first answer: {' '.join(arguments)}")
    return (int(words[1]) - start) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=Path)
    parser.add_argument("url")
    parser.add_argument("rounds", type=int)
    parser.add_argument("--ca-file")
    parser.add_argument("--trust")
    options = parser.parse_args()
    if options.trust is not None:
        trust(options.trust)
    rest = [options.url, "4k", "0", "1", *([options.ca_file] if options.ca_file else [])]
    commands = [[str(options.programs / name), *rest] for name in PROGRAMS]
    for command in commands:
        first_answer(command)  # the page cache is warm for everybody
    for number in range(options.rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        seconds = [0.0, 0.0]
        for index in order:
            seconds[index] = first_answer(commands[index])
        print(*seconds)


main()
