"""What several exporters see of one segment, taken together; and the PromQL that this needs."""

from __future__ import annotations

import re

SEGMENT = "SEGMENT"
"""Stands for a matcher in what is given to `by_segment`."""

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def by_segment(labels: str, expr: str) -> str:
    """Return the largest value of each segment and of `labels`, so that what many exporters see
    counts once.

    The label `segment` is the scrape configuration's. What has none is a segment of its own, called
    "<instance>/<device>". Each selector of `expr` that its samples come from has the matcher
    SEGMENT.
    """
    named = indented(expr.replace(SEGMENT, 'segment!=""'), 2)
    other = indented(expr.replace(SEGMENT, 'segment=""'), 4)
    return f"""\
max by (segment, {labels}) (
{named}
  or
  label_join(
{other},
    "segment", "/", "instance", "device"
  )
)"""


def indented(text: str, columns: int) -> str:
    """Return the text with each line moved to the right."""
    return "\n".join(" " * columns + line for line in text.splitlines())


def seconds(duration: str) -> float:
    """Return the seconds of one of Prometheus' durations, as "1h30m"; ValueError if it is none."""
    parts = re.findall(r"(\d+)(ms|[smhdw])", duration)
    if not parts or "".join(map("".join, parts)) != duration:
        raise ValueError(f"not a duration of Prometheus': {duration!r}")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
