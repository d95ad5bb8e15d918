"""How much CPU the slow lane may take, and how its senders share it."""

from __future__ import annotations

import secrets

from .limits import (
    SLOW_CPU_BURST_SECONDS,
    SLOW_CPU_SHARE,
    SLOW_SENDER_BINS,
    SLOW_SENDER_SHARE,
)

KNOWN_FLOOR, RARE_FLOOR, CROWD_FLOOR, FREE = 0.0, 0.2, 0.4, 0.7
"""Shares of the store. Senders that evidence is being gathered of may spend all of it. Of what
anybody can send, protocols that are rare and cheap leave a fifth, multicast DNS two fifths: a
flood of one then never takes what the other lives on. Above FREE nobody's share is looked at."""

_WORD = (1 << 64) - 1


class Budget:
    """CPU seconds to spend on dissection: a store that refills, and a share of it for each sender.

    Senders are told apart by a keyed hash into bins, so that a table of them cannot be filled; who
    shares a bin with a flood shares its fate until the flood ends. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._level = SLOW_CPU_BURST_SECONDS
        # Debts are counted from what all were forgiven so far, so that time costs nothing for each.
        self._forgiven = 0.0
        self._owed = [0.0] * SLOW_SENDER_BINS
        self._key = secrets.randbits(64) | 1
        self._updated: float | None = None

    def refill(self, now: float) -> None:
        """Let time pass; senders' debts go as fast as their share of the store comes back."""
        if self._updated is not None and now > self._updated:
            gained = (now - self._updated) * SLOW_CPU_SHARE
            self._level = min(SLOW_CPU_BURST_SECONDS, self._level + gained)
            self._forgiven += gained * SLOW_SENDER_SHARE
        self._updated = now

    def allows(self, sender: int, floor: float) -> bool:
        """Tell whether a packet of `sender` (a MAC) may be dissected now."""
        share = self._level / SLOW_CPU_BURST_SECONDS
        if share <= floor:
            return False
        if share > FREE:
            return True
        debt = self._owed[self._bin(sender)] - self._forgiven
        return debt < SLOW_SENDER_SHARE * SLOW_CPU_BURST_SECONDS

    def spend(self, sender: int, seconds: float) -> None:
        """A packet of `sender` has cost so much; the store may run into debt by one packet."""
        self._level -= seconds
        place = self._bin(sender)
        self._owed[place] = max(self._owed[place], self._forgiven) + seconds

    def _bin(self, sender: int) -> int:
        # Twice, as consecutive numbers, which makers give out, would otherwise lie in rows.
        mixed = sender * self._key & _WORD
        return ((mixed ^ mixed >> 32) * self._key >> 48) % SLOW_SENDER_BINS
