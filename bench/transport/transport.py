# SPDX-License-Identifier: MIT
"""Compares the library's transport with other ways to make the same calls, against one nginx.

transport.py PROGRAMS [--quick]     PROGRAMS: the folder of the compiled programs

Every round runs each program once, one after the other, so that what the machine does besides hits
all of them alike; a figure is the median over the rounds of a ratio within one round. Progress goes
to stderr, figures come at the end.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median

from server import Server

PROTOCOLS = ("h1", "h2")
BODIES = ("4k", "100k")
IN_FLIGHT = (1, 10, 50, 200)
TIMED_OUT_S = 120
COLD_ROUNDS = 41
DEBIAN_PYTHON = "/usr/bin/python3"  # has requests from python3-requests
HERE = Path(__file__).resolve().parent
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


@dataclass(frozen=True)
class Plan:
    run_s: float  # one run of one program
    python_s: float
    closest_s: float  # all rounds of one case beside the hand-written program
    alone_s: float  # the same with one call under way: what the machine does besides shows most
    others_s: float  # all rounds of one case beside the others, which are far off
    cold_rounds: int


FULL = Plan(0.3, 0.5, closest_s=10.0, alone_s=40.0, others_s=8.0, cold_rounds=COLD_ROUNDS)
QUICK = Plan(0.05, 0.1, closest_s=0.4, alone_s=0.4, others_s=0.4, cold_rounds=5)


@dataclass(frozen=True)
class Case:
    protocol: str
    body: str
    in_flight: int

    @property
    def name(self) -> str:
        return f"transport.{self.protocol}.{self.body}.{self.in_flight}"


@dataclass(frozen=True)
class Sample:
    """What one run used, a call."""

    cpu_s: float
    wall_s: float
    rss: float
    private: float


def environment() -> dict[str, str]:
    """Without proxies: they are no part of the comparison."""
    return {name: v for name, v in os.environ.items() if not name.lower().endswith("_proxy")}


class Runner:
    def __init__(self, programs: Path, server: Server, plan: Plan) -> None:
        self._programs = programs
        self._server = server
        self._plan = plan
        self.figures: list[str] = []

    # ---- running a program ----

    def _command(self, name: str) -> list[str]:
        if name == "python":
            return [DEBIAN_PYTHON, str(HERE / "threads.py")]
        return [str(self._programs / f"bench_transport_{name}")]

    def _run(self, name: str, case: Case, count: int, in_flight: int) -> Sample:
        arguments = [self._server.urls[case.protocol], case.body, str(count), str(in_flight)]
        if case.protocol == "h2":
            arguments.append(self._server.ca_file)
        done = subprocess.run(
            self._command(name) + arguments,
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIMED_OUT_S,
            check=True,
        )
        words = done.stdout.split()
        cpu_s, wall_s, rss, private = map(float, words[1::2])
        return Sample(cpu_s / count, wall_s / count, rss, private)

    def _count(self, name: str, case: Case, in_flight: int) -> int:
        """How many calls fill the time of one run; found by a short one."""
        wanted_s = self._plan.python_s if name == "python" else self._plan.run_s
        count = max(20, 2 * in_flight)
        sample = self._run(name, case, count, in_flight)
        return max(count, int(wanted_s / sample.wall_s))

    def _rounds(
        self, case: Case, programs: dict[str, tuple[str, int]], seconds: float
    ) -> dict[str, list[Sample]]:
        """programs: under which name, which program, how many in flight."""
        counts = {key: self._count(name, case, n) for key, (name, n) in programs.items()}
        samples: dict[str, list[Sample]] = {key: [] for key in programs}
        end = time.monotonic() + seconds
        order = list(programs)
        while time.monotonic() < end or len(samples[order[0]]) < 3:
            for key in order:
                name, n = programs[key]
                samples[key].append(self._run(name, case, counts[key], n))
            order.reverse()
        return samples

    # ---- figures ----

    def _print(self, kind: str, name: str, value: float, digits: int = 3) -> None:
        self.figures.append(f"{kind} {name} {value:.{digits}f}")

    def _compare(self, case: Case, samples: dict[str, list[Sample]], other: str) -> None:
        pairs = list(zip(samples["sdk"], samples[other]))
        digits = 4 if other == "python" else 3
        cpu = median(a.cpu_s / b.cpu_s for a, b in pairs)
        rate = median(b.wall_s / a.wall_s for a, b in pairs)
        self._print("ratio", f"{case.name}.cpu_vs_{other}", cpu, digits)
        self._print("ratio", f"{case.name}.rate_vs_{other}", rate)

    def _say(self, case: Case, samples: dict[str, list[Sample]]) -> None:
        used = ", ".join(
            f"{key} {median(s.cpu_s for s in values) * 1e6:.1f}" for key, values in samples.items()
        )
        rounds = len(samples["sdk"])
        print(f"{case.name}: CPU in microseconds a call: {used}; {rounds} rounds", file=sys.stderr)

    def case(self, case: Case) -> None:
        n = case.in_flight
        ours = {"sdk": ("sdk", n)}
        seconds = self._plan.alone_s if n == 1 else self._plan.closest_s
        samples = self._rounds(case, {**ours, "handwritten": ("handwritten", n)}, seconds)
        self._say(case, samples)
        self._compare(case, samples, "handwritten")
        others = {}
        if case.protocol == "h1":
            others["python"] = ("python", n)
        if n == 1:
            others["blocking"] = ("blocking", 1)
        if not others:
            return
        samples = self._rounds(case, {**ours, **others}, self._plan.others_s)
        self._say(case, samples)
        for other in others:
            self._compare(case, samples, other)
        if "python" in others:
            pairs = list(zip(samples["sdk"], samples["python"], strict=True))
            memory = median(a.rss / b.rss for a, b in pairs)
            self._print("ratio", f"{case.name}.memory_vs_python", memory)
            private = median(a.private / b.private for a, b in pairs)
            self._print("ratio", f"{case.name}.private_memory_vs_python", private)

    def blocking(self) -> None:
        """The blocking twin against a handle that is kept."""
        case = Case("h1", "4k", 0)
        programs = {"sdk": ("sdk", 0), "kept": ("blocking", 0)}
        samples = self._rounds(case, programs, self._plan.alone_s)
        pairs = list(zip(samples["sdk"], samples["kept"], strict=True))
        cpu = median(a.cpu_s / b.cpu_s for a, b in pairs)
        rate = median(b.wall_s / a.wall_s for a, b in pairs)
        self._print("ratio", "transport.h1.4k.blocking.cpu_vs_kept_handle", cpu)
        self._print("ratio", "transport.h1.4k.blocking.rate_vs_kept_handle", rate)

    # ---- cold start ----

    def cold(self, label: str, protocol: str, *arguments: str) -> None:
        """arguments: more for cold.py, "--ca-file FILE" or "--trust FILE"."""
        rounds = str(self._plan.cold_rounds)
        command = [sys.executable, str(HERE / "cold.py"), str(self._programs)]
        command += [self._server.urls[protocol], rounds, *arguments]
        if "--trust" in arguments:
            command = [*NAMESPACE, *command]
        done = subprocess.run(
            command, env=environment(), stdout=subprocess.PIPE, text=True, check=True
        )
        pairs = [(float(a), float(b)) for a, b in map(str.split, done.stdout.splitlines())]
        name = f"transport.cold_start.{label}"
        self._print("ratio", name, median(a / b for a, b in pairs))
        self._print("figure", f"{name}.sdk_ms", median(a for a, _ in pairs) * 1e3)
        self._print("figure", f"{name}.handwritten_ms", median(b for _, b in pairs) * 1e3)

    # ---- waiting calls ----

    def queued(self, quick: bool) -> None:
        command = [*self._command("queued"), *(["--quick"] if quick else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        self.figures += done.stdout.splitlines()


def parts(runner: Runner, server: Server, quick: bool) -> Iterator[tuple[str, Callable[[], None]]]:
    """All there is to measure, by the names --only knows."""
    for protocol, body, n in product(PROTOCOLS, BODIES, IN_FLIGHT):
        case = Case(protocol, body, n)
        yield case.name.removeprefix("transport."), partial(runner.case, case)
    yield "blocking", runner.blocking
    yield "cold.h1", partial(runner.cold, "h1", "h1")
    yield "cold.https_own_ca", partial(
        runner.cold, "https_own_ca", "h2", "--ca-file", server.ca_file
    )
    if subprocess.run([*NAMESPACE, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        yield "cold.https", partial(runner.cold, "https", "h2", "--trust", server.ca_file)
    else:
        print("transport: no namespaces, so no start with system trust", file=sys.stderr)
    yield "queued", partial(runner.queued, quick)


def report_best(figures: list[str]) -> None:
    """Says where the library is cheapest beside Python."""
    found = [f.split() for f in figures if f.split()[1].endswith(".cpu_vs_python")]
    if found:
        _, name, value = min(found, key=lambda words: float(words[2]))
        print(f"transport: best of {len(found)} beside Python: {name} {value}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=Path)
    parser.add_argument("--quick", action="store_true", help="a smoke test; the figures say little")
    parser.add_argument(
        "--only",
        metavar="PATTERN",
        action="append",
        help="parts by name, like h1.4k.* or blocking; again for more of them",
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends, too
    with Server() as server:
        runner = Runner(options.programs.resolve(), server, QUICK if options.quick else FULL)
        for name, run in parts(runner, server, options.quick):
            if options.only is None or any(fnmatch(name, pattern) for pattern in options.only):
                run()
    report_best(runner.figures)
    print("\n".join(runner.figures))


if __name__ == "__main__":
    main()
