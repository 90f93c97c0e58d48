# SPDX-License-Identifier: MIT
"""The policies, on a clock that the tests turn."""

from __future__ import annotations

import random

import pytest

from ratelimit import POLICIES, RateLimit, Sliding, Verdict, retry_after_seconds

WINDOW = 20_000.0


class Clock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def limit(policy: str, clock: Clock, requests: int = 1000) -> RateLimit:
    return RateLimit(policy, requests, WINDOW, clock)


def accepted(rate: RateLimit, count: int, credential: str = "a") -> int:
    return sum(rate.take(credential).accepted for _ in range(count))


def test_sliding_is_exact() -> None:
    clock = Clock()
    rate = limit("sliding", clock)
    start = clock.now
    assert accepted(rate, 600) == 600
    clock.now = start + 5_000
    assert [rate.take("a").remaining for _ in range(400)] == list(range(399, -1, -1))
    assert rate.take("a") == Verdict(False, 0, 15_000)
    clock.now = start + WINDOW - 0.001
    assert not rate.take("a").accepted
    clock.now = start + WINDOW
    assert accepted(rate, 1000) == 600
    clock.now = start + WINDOW + 4_999.999
    assert not rate.take("a").accepted
    clock.now = start + WINDOW + 5_000
    assert accepted(rate, 1000) == 400
    assert rate.busiest == 1000


def test_sliding_never_lets_more_through() -> None:
    chance = random.Random(7)
    sliding = Sliding(50, WINDOW)
    now, times = 0.0, list[float]()
    for _ in range(5_000):
        now += chance.expovariate(1 / 200)
        if sliding.take(now).accepted:
            times.append(now)
    assert all(later - earlier >= WINDOW for earlier, later in zip(times, times[50:]))
    assert any(later - earlier < WINDOW + 1_000 for earlier, later in zip(times, times[50:]))


def test_refused_requests_do_not_count() -> None:
    clock = Clock()
    rate = limit("sliding", clock, 2)
    assert accepted(rate, 100) == 2
    clock.now += WINDOW
    assert accepted(rate, 100) == 2


def test_credentials_have_budgets_of_their_own() -> None:
    rate = limit("sliding", Clock(), 3)
    assert accepted(rate, 5, "a") == accepted(rate, 5, "b") == 3


def test_token_bucket_refills_steadily() -> None:
    clock = Clock()
    rate = limit("token-bucket", clock)
    assert accepted(rate, 2000) == 1000
    verdict = rate.take("a")
    assert not verdict.accepted and verdict.retry_after_ms == pytest.approx(20)
    clock.now += 20.001
    assert accepted(rate, 10) == 1
    clock.now += 10_000
    assert accepted(rate, 2000) == 500
    clock.now += 10 * WINDOW
    assert accepted(rate, 2000) == 1000


def test_fixed_windows_follow_one_another() -> None:
    clock = Clock(50 * WINDOW + 19_000)
    rate = limit("fixed", clock)
    assert accepted(rate, 1500) == 1000
    assert rate.take("a") == Verdict(False, 0, 1_000)
    clock.now += 1_000
    assert accepted(rate, 1500) == 1000
    assert rate.busiest == 2000


def test_approximate_weighs_the_window_before() -> None:
    clock = Clock(50 * WINDOW)
    rate = limit("approximate", clock)
    assert accepted(rate, 1500) == 1000
    clock.now += WINDOW
    assert accepted(rate, 10) == 0
    clock.now += WINDOW / 4
    assert accepted(rate, 1500) == 250
    clock.now += 3 * WINDOW
    assert accepted(rate, 1500) == 1000


def test_per_second_is_both() -> None:
    clock = Clock()
    rate = limit("per-second", clock)
    assert accepted(rate, 100) == 50
    verdict = rate.take("a")
    assert (verdict.accepted, verdict.remaining, verdict.retry_after_ms) == (False, 950, 1000)
    clock.now += 1_000
    assert accepted(rate, 100) == 50
    for _ in range(18):
        clock.now += 999.9
        accepted(rate, 100)
    assert rate.busiest <= 1000


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_waiting_as_told_is_enough(policy: str) -> None:
    clock = Clock(50 * WINDOW + 3_456)
    rate = limit(policy, clock, 200)
    for _ in range(1_000):
        verdict = rate.take("a")
        if not verdict.accepted:
            assert verdict.retry_after_ms > 0
            clock.now += verdict.retry_after_ms + 0.001
            assert rate.take("a").accepted
        clock.now += 1


def test_retry_after_is_whole_seconds_and_enough() -> None:
    assert [retry_after_seconds(Verdict(False, 0, ms)) for ms in (0.1, 1000, 1001)] == [1, 1, 2]
