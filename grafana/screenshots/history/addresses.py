"""What an exporter says of the story's moves: of each address, by cause, and of protected ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from l2exporter.evidence.moves.causes import CAUSES

from .samples import Sample
from .story import MINUTE, Move, Story

JUDGED_AFTER: Final = 30
ANNOUNCEMENTS: Final = {"sleep_proxy_hold": 4, "sleep_proxy_release": 3, "failover": 10}

Address = tuple[str, str]
"""VLAN and IP address."""


@dataclass(slots=True)
class _State:
    mac: str
    before: str = ""
    moves: int = 0
    flips: int = 0
    announced: int = 0
    last: Move | None = None
    at: int = 0


@dataclass(slots=True)
class Addresses:
    """The addresses of one device."""

    device: str
    story: Story
    end: int
    protected: dict[str, tuple[str, frozenset[str]]]
    """Role and expected MACs, by address."""
    _states: dict[Address, _State] = field(default_factory=dict)
    _done: int = 0
    _judged: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _claims: Counter[str] = field(default_factory=Counter)
    _claimed: dict[str, tuple[str, int]] = field(default_factory=dict)
    _by_role: Counter[tuple[str, str]] = field(default_factory=Counter)
    _waiting: list[tuple[int, Move]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._states = {key: _State(mac) for key, mac in self.story.homes.items()}

    def at(self, time: int) -> Iterator[Sample]:
        """Everything that follows from the moves up to a time."""
        self._advance(time)
        for (vlan, ip), state in self._states.items():
            yield from self._of_address(vlan, ip, state, time)
        yield from self._by_cause()
        yield from self._protected()
        for protocol in ("arp", "ndp"):
            yield f"l2_{protocol}_last_move_info_withheld", {}, 0.0
        yield "l2_protected_address_last_claim_info_withheld", {}, 0.0

    def _advance(self, time: int) -> None:
        moves: Sequence[Move] = self.story.moves
        while self._done < len(moves) and self._time(moves[self._done]) <= time:
            self._take(moves[self._done])
            self._done += 1
        judged = [each for each in self._waiting if each[0] + JUDGED_AFTER <= time]
        self._waiting = self._waiting[len(judged) :]
        for _, move in judged:
            self._judged[move.vlan, _family(move.ip), move.cause] += 1
            self._by_role[move.ip, move.cause] += move.ip in self.protected

    def _take(self, move: Move) -> None:
        state = self._states[move.vlan, move.ip]
        if state.mac == move.mac:
            return
        state.flips += state.before == move.mac
        state.before, state.mac = state.mac, move.mac
        state.moves += 1
        state.announced += ANNOUNCEMENTS.get(move.cause, 1)
        state.last, state.at = move, self._time(move)
        self._waiting.append((state.at, move))
        if move.ip in self.protected and move.mac not in self.protected[move.ip][1]:
            self._claims[move.ip] += 1
            self._claimed[move.ip] = move.mac, state.at

    def _of_address(self, vlan: str, ip: str, state: _State, time: int) -> Iterator[Sample]:
        where = {"device": self.device, "vlan": vlan, "ip": ip}
        protocol = "ndp" if ":" in ip else "arp"
        yield f"l2_{protocol}_moves_total", where, state.moves
        yield f"l2_{protocol}_flip_flops_total", where, state.flips
        counted = "l2_ndp_overrides_total" if ":" in ip else "l2_gratuitous_arp_total"
        yield counted, where, state.announced + _storm(ip, self.end - time)
        if state.last:
            cause = state.last.cause if time - state.at >= JUDGED_AFTER else "pending"
            macs = {"from_mac": state.before, "to_mac": state.mac, "cause": cause}
            yield f"l2_{protocol}_last_move_info", {**where, **macs}, 1.0
            yield f"l2_{protocol}_last_move_timestamp_seconds", where, state.at

    def _by_cause(self) -> Iterator[Sample]:
        segments = {(vlan, _family(ip)) for vlan, ip in self._states}
        for vlan, family in sorted(segments):
            where = {"device": self.device, "vlan": vlan, "family": family}
            for cause in CAUSES:
                count = self._judged[vlan, family, cause]
                yield "l2_moves_by_cause_total", {**where, "cause": cause}, count
            waiting = [m for _, m in self._waiting if (m.vlan, _family(m.ip)) == (vlan, family)]
            yield "l2_moves_pending", where, len(waiting)

    def _protected(self) -> Iterator[Sample]:
        for ip, (role, macs) in self.protected.items():
            for mac in sorted(macs):
                yield "l2_protected_address_info", {"ip": ip, "mac": mac, "role": role}, 1.0
            where = {"device": self.device, "vlan": "", "ip": ip}
            yield "l2_protected_address_claims_total", {**where, "role": role}, self._claims[ip]
            for cause in CAUSES:
                labels = {**where, "role": role, "cause": cause}
                yield "l2_protected_address_moves_total", labels, self._by_role[ip, cause]
            if ip in self._claimed:
                mac, when = self._claimed[ip]
                yield "l2_protected_address_last_claim_info", {**where, "mac": mac}, 1.0
                yield "l2_protected_address_last_claim_timestamp_seconds", where, when

    def _time(self, move: Move) -> int:
        return self.end - round(move.minutes * MINUTE)


def _family(ip: str) -> str:
    return "ipv6" if ":" in ip else "ipv4"


def _storm(ip: str, left: int) -> int:
    """One host announces itself without end, for ten minutes."""
    begin, end = 312 * MINUTE, 302 * MINUTE
    if ip != "198.51.100.21" or left > begin:
        return 0
    return 30 * (begin - max(left, end))
