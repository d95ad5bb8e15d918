"""Waiting for something real to happen: by polling, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.02
"""Seconds between two looks: short beside any process start, cheap beside any look."""


def wait_until(true: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Return as soon as `true()`; TimeoutError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(PAUSE)
