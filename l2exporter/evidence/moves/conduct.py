"""How the MACs between which an address moved have behaved: the questions that rules ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .behavior import Behavior, ClaimFigures
from .cause_windows import (
    CROSSING_SECONDS,
    CROWD,
    DEFENCE_SECONDS,
    HOLD_SLACK_SECONDS,
    PROXY_TURNS,
    UNASKED_CONFLICT_SECONDS,
    UNASKED_REPLIES,
    UNASKED_STEADY_SECONDS,
)
from .knowledge import HoldSeen, Knowledge


class Window:
    """What is asked of an address's window, for all of its pairs.

    contenders  MACs that take the address from each other: at least two, or none. One that has
                lost it and is heard again after the crossing time has come back; two such are a
                conflict, one is a handover there and back.
    """

    def __init__(self, behavior: Behavior, knowledge: Knowledge, now: float) -> None:
        self.behavior = behavior
        self.knowledge = knowledge
        self.now = now
        self.key = behavior.key

    @cached_property
    def holds(self) -> list[HoldSeen]:
        """Return holds that are more than a guess, contested ones among them."""
        return [hold for hold in self._around if hold.confidence != "low"]

    @cached_property
    def impostors(self) -> frozenset[int]:
        """Return proxies that the owner of the address has contradicted lately."""
        return frozenset(hold.proxy_mac for hold in self._around if hold.contested)

    @cached_property
    def _around(self) -> Sequence[HoldSeen]:
        return self.knowledge.holds.around(self.key, self.now)

    @cached_property
    def contenders(self) -> frozenset[int]:
        """Return who takes the address from whom."""
        macs = {mac for pair in self.behavior.pairs for mac in pair}
        if len(macs) >= CROWD:
            return frozenset(macs)
        returned = {mac for mac in macs if self.has_returned(mac)}
        return frozenset(returned) if len(returned) > 1 else self._defence()

    @cached_property
    def is_forced(self) -> bool:
        """Tell whether one of the contenders shows a spoofer's pattern, or all of a crowd do."""
        claims = [self._claims(mac) for mac in self.contenders]
        if any(_is_unasked(one) and one.seconds >= UNASKED_CONFLICT_SECONDS for one in claims):
            return True
        return len(claims) >= CROWD and sum(one.unsolicited for one in claims) >= UNASKED_REPLIES

    @cached_property
    def is_lived_in(self) -> bool:
        """Tell whether two of the contenders do more with the address than answer for it."""
        return sum(map(self.lives, self.contenders)) > 1

    def lives(self, mac: int) -> bool:
        """Tell whether it announces the address, or asks for others in its name."""
        claims = self._claims(mac)
        return claims.count > claims.replies

    def has_returned(self, mac: int) -> bool:
        """Tell whether the MAC is heard again after it has lost the address."""
        lost = self._lost(mac)
        return lost is not None and self._claims(mac).last > lost + CROSSING_SECONDS

    def is_quiet(self, mac: int) -> bool:
        """Tell whether the MAC let the address go, as far as all packets were looked at."""
        return not self.behavior.others and not self.has_returned(mac)

    def is_steady(self, mac: int) -> bool:
        """Tell whether it keeps on sending replies that nobody asked for."""
        claims = self._claims(mac)
        return _is_unasked(claims) and claims.last - claims.first >= UNASKED_STEADY_SECONDS

    def turns(self, mac_a: int, mac_b: int) -> int:
        """Return how often the address moved between the two, and moves not told apart."""
        pairs = self.behavior.pairs
        both = (pairs.get((mac_a, mac_b)), pairs.get((mac_b, mac_a)))
        return self.behavior.others + sum(figures.count for figures in both if figures)

    def answers(self, mac: int) -> bool:
        """Tell whether a virtual router's adverts say that the MAC answers for the address."""
        return self.knowledge.virtual_routers.answers(self.key, mac, self.now)

    def is_proxy(self, mac: int) -> bool:
        """Tell whether it is a known sleep proxy."""
        return self.knowledge.proxies.is_proxy(self.key[0], mac, self.now)

    def _claims(self, mac: int) -> ClaimFigures:
        return self.behavior.claims.get(mac) or ClaimFigures(self.behavior.began, float("-inf"))

    def _lost(self, mac: int) -> float | None:
        lost = [figures.first for pair, figures in self.behavior.pairs.items() if pair[0] == mac]
        return min(lost, default=None)

    def _defence(self) -> frozenset[int]:
        """Return two of whom one claimed the address and the other announced it at once."""
        for (old, new), taken in self.behavior.pairs.items():
            back = self.behavior.pairs.get((new, old))
            if (
                back is not None
                and 0 <= back.first - taken.first <= DEFENCE_SECONDS
                and self._claims(old).announcements
                and self.lives(new)
            ):
                return frozenset((old, new))
        return frozenset()


def _is_unasked(claims: ClaimFigures) -> bool:
    return claims.unsolicited >= UNASKED_REPLIES


@dataclass(frozen=True, slots=True)
class Case:
    """One pair of a window; `first` and `last` of its moves, monotonic."""

    window: Window
    from_mac: int
    to_mac: int
    first: float
    last: float

    @property
    def protected(self) -> bool:
        """Tell whether no identity may excuse a move of the address."""
        return self.window.behavior.protected

    @property
    def in_conflict(self) -> bool:
        """Tell whether both ends are among those who take the address from each other."""
        return {self.from_mac, self.to_mac} <= self.window.contenders

    @property
    def is_handover(self) -> bool:
        """Tell whether the old one let go."""
        return self.window.is_quiet(self.from_mac)

    def fits(self, hold: HoldSeen) -> bool:
        """Tell whether the hold may excuse this move: uncontested, and there at that time."""
        ended = float("inf") if hold.ended_at is None else hold.ended_at
        return (
            not self.protected
            and hold.proxy_mac not in self.window.impostors
            and hold.since_at - HOLD_SLACK_SECONDS <= self.last
            and self.first <= ended + HOLD_SLACK_SECONDS
        )

    def explains(self, hold: HoldSeen, owner: int, proxy: int) -> bool:
        """Tell whether owner and proxy of the move are those of the hold, and behave like them."""
        window = self.window
        forced = window.is_steady(proxy) and window.has_returned(owner)
        return (
            self.fits(hold)
            and owner in (hold.owner_mac, *hold.owner_macs)
            and (proxy == hold.proxy_mac or self.hands_off(proxy, hold.proxy_mac))
            and window.turns(owner, proxy) < PROXY_TURNS
            and not forced
        )

    @property
    def is_lone(self) -> bool:
        """Tell whether it is the window's only pair, and nobody else claims the address."""
        behavior, pair = self.window.behavior, {self.from_mac, self.to_mac}
        return not behavior.others and len(behavior.pairs) == 1 and behavior.claims.keys() <= pair

    def hands_off(self, old: int, new: int) -> bool:
        """Tell whether one proxy leaves the address to another in this window."""
        window = self.window
        passed = (old, new) in window.behavior.pairs
        return passed and old not in window.impostors and window.is_proxy(old)
