# SPDX-License-Identifier: MIT
"""The Python way: requests in a pool of threads over one session, answers read as JSON.

threads.py URL 4k|100k COUNT IN_FLIGHT
"""

import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter

PATH = "/API/assets/v1/assets/"


def memory_of(name: str) -> int:
    """In bytes, as load.c has it."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024


def main() -> None:
    url, body, count, in_flight = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_connections=10, pool_maxsize=max(10, in_flight)))
    session.headers.update(
        {
            "App-ID": "5eed0000-0000-4000-8000-0000000000a1",
            "Auth-Token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6IjVlZWQwMDAwIn0",
            "Accept": "application/json",
        }
    )

    def call(number: int) -> None:
        if body == "100k":
            answer = session.get(f"{url}{PATH}", params={"per_page": 25}, timeout=60)
            assert len(answer.json()["objects"]) >= 20
        else:
            asset_id = f"5eed0000-0000-4000-8000-{number % 1000:012d}"
            answer = session.get(f"{url}{PATH}{asset_id}/", timeout=60)
            assert answer.json()["title"]
        assert answer.status_code == 200

    def run(n: int) -> None:
        for _ in pool.map(call, range(n)):
            pass

    with ThreadPoolExecutor(max_workers=in_flight) as pool:
        run(max(20, 2 * in_flight))
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        run(count)
        after, end = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = f"rss {memory_of('VmHWM:')} private {memory_of('RssAnon:')}"
    print(f"cpu {cpu:.6f} wall {end - start:.6f} {memory}")


main()
