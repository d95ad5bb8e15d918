"""Frames as the batch that the dissectors take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from l2exporter.dissect.frames import SNAPLEN, UNTAGGED, Frames, Whole

JUNK = bytes(range(0x40, 0x40 + SNAPLEN))
"""Lies behind every frame in its row, where nobody may look."""


def batch(
    frames: Sequence[bytes],
    *,
    tci: int | Sequence[int] = UNTAGGED,
    sent: bool | Sequence[bool] = False,
    time: float | Sequence[float] = 0.0,
    now: float = 0.0,
    junk: bytes = JUNK,
    whole: tuple[Whole, ...] = (),
) -> Frames:
    """One batch; `tci`, `sent`, `time` are one for all frames or one for each."""
    count = len(frames)
    rows = [(frame + junk)[:SNAPLEN] if len(frame) < SNAPLEN else frame for frame in frames]
    data = b"".join(row[:SNAPLEN] for row in rows)
    return Frames(
        data=np.frombuffer(data, np.uint8).reshape(count, SNAPLEN),
        captured=np.array([min(len(frame), SNAPLEN) for frame in frames], np.int32),
        tci=np.array(np.broadcast_to(tci, count), np.int32),
        sent=np.array(np.broadcast_to(sent, count), np.bool_),
        time=np.array(np.broadcast_to(time, count), np.float64),
        now=now,
        whole=whole,
    )
