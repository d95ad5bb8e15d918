"""What an address did while its moves waited for their verdict: what causes are judged by."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..seen import Key


@dataclass(slots=True)
class PairFigures:
    """Moves from one MAC to another.

    first  monotonic, in seconds, of the first of them; `last` likewise
    time   wall clock of the last
    """

    count: int
    first: float
    last: float
    time: float


@dataclass(slots=True)
class ClaimFigures:
    """Packets by which one MAC claimed the address, the moves' own among them.

    first          monotonic, in seconds, of the first of them; `last` likewise
    count          all of them; of these:
    announcements  those that nobody need have asked for (`Claim.announces`)
    replies        replies and solicited advertisements
    unsolicited    of the replies, those that no question was seen before
    seconds        distinct seconds with a claim
    """

    first: float
    last: float
    count: int = 0
    announcements: int = 0
    replies: int = 0
    unsolicited: int = 0
    seconds: int = 0


@dataclass(slots=True)
class Behavior:
    """One address from the first move of a window to its end; times are monotonic.

    pairs   by (from, to), in order of their first move; capped
    others  moves of which the pair was not kept
    time    wall clock of the last move
    claims  by MAC, in order of their first claim; capped
    repeaters  MACs that took the protected address in an earlier window, and lost it
    """

    key: Key
    protected: bool
    began: float
    until: float
    time: float
    others: int = 0
    pairs: dict[tuple[int, int], PairFigures] = field(default_factory=dict)
    claims: dict[int, ClaimFigures] = field(default_factory=dict)
    repeaters: frozenset[int] = frozenset()
