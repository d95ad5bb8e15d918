"""What every bounded table tells of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """How full a table is, and what its cap has cost since the start."""

    table: str
    entries: int
    limit: int
    evictions: int
    refusals: int
