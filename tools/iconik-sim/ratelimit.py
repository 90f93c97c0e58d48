# SPDX-License-Identifier: MIT
"""The rules by which a server counts requests and refuses what is too much. The clock is given in milliseconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil, floor
from typing import Callable, Protocol

Clock = Callable[[], float]


@dataclass(frozen=True)
class Verdict:
    accepted: bool
    remaining: int
    retry_after_ms: float
    """When the same request would be accepted if nothing else came; 0 if it is."""


class Policy(Protocol):
    def take(self, now: float) -> Verdict:
        ...


class Sliding:
    """Exact: at most so many accepted in any window, open at its older end."""

    def __init__(self, requests: int, window_ms: float) -> None:
        self._requests = requests
        self._window = window_ms
        self._times: deque[float] = deque()

    def peek(self, now: float) -> Verdict:
        while self._times and self._times[0] <= now - self._window:
            self._times.popleft()
        left = self._requests - len(self._times)
        return Verdict(left > 0, left, 0 if left > 0 else self._times[0] + self._window - now)

    def take(self, now: float) -> Verdict:
        verdict = self.peek(now)
        if not verdict.accepted:
            return verdict
        self._times.append(now)
        return Verdict(True, verdict.remaining - 1, 0)


class TokenBucket:
    """Full at first, and filled steadily: a window's worth in a window."""

    def __init__(self, requests: int, window_ms: float) -> None:
        self._size = requests
        self._rate = requests / window_ms
        self._tokens = float(requests)
        self._at: float | None = None

    def take(self, now: float) -> Verdict:
        if self._at is not None:
            self._tokens = min(float(self._size), self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return Verdict(False, 0, (1 - self._tokens) / self._rate)
        self._tokens -= 1
        return Verdict(True, int(self._tokens), 0)


class Fixed:
    """Windows that follow one another, each counted for itself."""

    def __init__(self, requests: int, window_ms: float) -> None:
        self._requests = requests
        self._window = window_ms
        self._number: int | None = None
        self._count = 0

    def take(self, now: float) -> Verdict:
        number = floor(now / self._window)
        if number != self._number:
            self._number, self._count = number, 0
        if self._count >= self._requests:
            return Verdict(False, 0, (number + 1) * self._window - now)
        self._count += 1
        return Verdict(True, self._requests - self._count, 0)


class Approximate:
    """Two counters: this window's and, by how much of it is still in view, the one before."""

    def __init__(self, requests: int, window_ms: float) -> None:
        self._requests = requests
        self._window = window_ms
        self._number: int | None = None
        self._count = 0
        self._before = 0

    def take(self, now: float) -> Verdict:
        number = floor(now / self._window)
        if number != self._number:
            self._before = self._count if self._number == number - 1 else 0
            self._number, self._count = number, 0
        into = now - number * self._window
        used = self._count + self._before * (1 - into / self._window)
        if used + 1 > self._requests:
            return Verdict(False, 0, self._wait(used + 1 - self._requests, self._window - into))
        self._count += 1
        return Verdict(True, int(self._requests - used - 1), 0)

    def _wait(self, over: float, to_next: float) -> float:
        """Until so many of the window before are out of view; else into the next window, where this one is before."""
        if self._before and over * self._window / self._before < to_next:
            return over * self._window / self._before
        return to_next + max(0, self._count + 1 - self._requests) * self._window / max(1, self._count)


class PerSecond:
    """The exact window, and beside it the same rate within each second."""

    def __init__(self, requests: int, window_ms: float) -> None:
        self._long = Sliding(requests, window_ms)
        self._short = Sliding(max(1, int(requests * 1000 / window_ms)), 1000)

    def take(self, now: float) -> Verdict:
        short = self._short.peek(now)
        if not short.accepted:
            return Verdict(False, self._long.peek(now).remaining, short.retry_after_ms)
        verdict = self._long.take(now)
        if verdict.accepted:
            self._short.take(now)
        return verdict


POLICIES: dict[str, Callable[[int, float], Policy]] = {
    "sliding": Sliding,
    "token-bucket": TokenBucket,
    "fixed": Fixed,
    "approximate": Approximate,
    "per-second": PerSecond,
}


class RateLimit:
    """One policy a credential, and what the busiest window of each held."""

    def __init__(self, policy: str, requests: int, window_ms: float, clock: Clock) -> None:
        self._policy = policy
        self._requests = requests
        self._window = window_ms
        self._clock = clock
        self._policies: dict[str, Policy] = {}
        self._accepted: dict[str, deque[float]] = {}
        self.busiest = 0

    def take(self, credential: str) -> Verdict:
        now = self._clock()
        if credential not in self._policies:
            self._policies[credential] = POLICIES[self._policy](self._requests, self._window)
            self._accepted[credential] = deque()
        verdict = self._policies[credential].take(now)
        if verdict.accepted:
            times = self._accepted[credential]
            times.append(now)
            while times[0] <= now - self._window:
                times.popleft()
            self.busiest = max(self.busiest, len(times))
        return verdict


def retry_after_seconds(verdict: Verdict) -> int:
    return max(1, ceil(verdict.retry_after_ms / 1000))
