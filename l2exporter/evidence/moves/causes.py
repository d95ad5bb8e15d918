"""Why an address moved: the rules, in order, with their sources; windows are in cause_windows.

docs/causes.md explains each and says what it cannot tell. A cause is claimed only where the
evidence tells it from its benign and its hostile neighbours; all else is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..hosts.virtual_routers import is_virtual, share_load
from .behavior import Behavior
from .cause_windows import LEASE_AFTER_SECONDS, LEASE_BEFORE_SECONDS
from .conduct import Case, Window
from .knowledge import Knowledge

__all__ = ["CAUSES", "RULES", "Knowledge", "Rule", "classify"]

CAUSES: Final = (
    "sleep_proxy_hold",
    "sleep_proxy_release",
    "failover",
    "dhcp_reassignment",
    "same_host_interface",
    "suspected_spoofing",
    "duplicate_address",
    "unknown",
)


def _proxy_takes_protected(case: Case) -> bool:
    """A registration needs no credentials: a proxy can be made to claim the router."""
    window = case.window
    return case.protected and (
        window.is_proxy(case.to_mac)
        or any(hold.proxy_mac in (case.from_mac, case.to_mac) for hold in window.holds)
    )


def _is_hold(case: Case) -> bool:
    holds = case.window.holds
    return any(case.explains(hold, case.from_mac, case.to_mac) for hold in holds)


def _is_hand_off(case: Case) -> bool:
    """From a proxy to the one that holds the address now."""
    return case.hands_off(case.from_mac, case.to_mac) and any(
        case.fits(hold) and hold.proxy_mac == case.to_mac for hold in case.window.holds
    )


def _is_release(case: Case) -> bool:
    holds = case.window.holds
    return any(case.explains(hold, case.to_mac, case.from_mac) for hold in holds)


def _is_late_release(case: Case) -> bool:
    """The owner slept on when the proxy's lease had ended, or when its magic packets came."""
    window = case.window
    return (
        not case.protected
        and case.from_mac not in window.impostors
        and case.is_lone
        and case.is_handover
        and window.knowledge.holds.was_lost(window.key, case.to_mac, case.from_mac)
    )


def _is_advertised(case: Case) -> bool:
    """Adverts from the new MAC; the old one lets go, or advertises too and gives way in turn."""
    window = case.window
    if not window.answers(case.to_mac):
        return False
    if case.is_handover:
        return True
    if case.protected and case.in_conflict:
        return False
    contended = window.knowledge.virtual_routers.contended(window.key, window.now)
    return window.answers(case.from_mac) and not contended


def _is_forced(case: Case) -> bool:
    return case.in_conflict and case.window.is_forced


def _is_shared(case: Case) -> bool:
    return not case.protected and share_load(case.from_mac, case.to_mac)


def _is_shared_conflict(case: Case) -> bool:
    return case.in_conflict and share_load(case.from_mac, case.to_mac)


def _is_protected_conflict(case: Case) -> bool:
    return case.protected and case.in_conflict


def _is_lived_in(case: Case) -> bool:
    return case.in_conflict and case.window.is_lived_in


def _is_in_conflict(case: Case) -> bool:
    return case.in_conflict


def _is_steady(case: Case) -> bool:
    """A host answers questions that a one-sided mirror does not show, but it also asks."""
    window = case.window
    return any(
        window.is_steady(mac) and (case.protected or not window.lives(mac))
        for mac in (case.to_mac, case.from_mac)
    )


def _is_virtual(case: Case) -> bool:
    return not case.protected and case.is_handover and is_virtual(case.to_mac)


def _is_leased(case: Case) -> bool:
    return case.is_handover and case.window.knowledge.leases.assigned(
        case.window.key,
        case.to_mac,
        case.first - LEASE_BEFORE_SECONDS,
        case.last + LEASE_AFTER_SECONDS,
    )


def _is_same_machine(case: Case) -> bool:
    """The same client on another interface asks for its lease too: that gives it to nobody else."""
    return _same_host(case) in ("owner", "client_id")


def _is_same_name(case: Case) -> bool:
    """Names are unique at a time, but a second "raspberrypi" may follow the first."""
    return _same_host(case) == "host_name"


def _same_host(case: Case) -> str | None:
    window = case.window
    identities = window.knowledge.identities
    if not case.is_handover:
        return None
    return identities.same_host(window.key[0], case.from_mac, case.to_mac, window.now)


def _is_repeated(case: Case) -> bool:
    """Slow poisoning: a window has one turn only, and the way back is part of it."""
    repeaters = case.window.behavior.repeaters
    is_one = case.from_mac in repeaters or case.to_mac in repeaters
    return case.protected and is_one and not share_load(case.from_mac, case.to_mac)


@dataclass(frozen=True, slots=True)
class Rule:
    """A cause, where the knowledge comes from, and whether a pair meets it."""

    cause: str
    source: str
    applies: Callable[[Case], bool]


RULES: Final = (
    Rule(
        "suspected_spoofing",
        "draft-cheshire-edns0-owner-option: registrations carry no credentials",
        _proxy_takes_protected,
    ),
    Rule("sleep_proxy_hold", "mDNSResponder: an address is taken for a sleeper", _is_hold),
    Rule("sleep_proxy_hold", "mDNSResponder: a proxy falls asleep itself", _is_hand_off),
    Rule("sleep_proxy_release", "mDNSResponder: the owner returns", _is_release),
    Rule("sleep_proxy_release", "mDNSResponder: the owner returns late", _is_late_release),
    Rule("failover", "RFC 5798, 6.4; RFC 2281, 5; carp(4)", _is_advertised),
    Rule("suspected_spoofing", "dsniff, ettercap, bettercap: replies without end", _is_forced),
    Rule("failover", "Cisco GLBP: forwarders of one group", _is_shared),
    Rule(
        "unknown",
        "GLBP's MACs can be copied, and its hellos are not dissected",
        _is_shared_conflict,
    ),
    Rule("suspected_spoofing", "RFC 5227, 2.4, at its worst", _is_protected_conflict),
    Rule("duplicate_address", "RFC 5227, 2.4: both defend it", _is_lived_in),
    Rule("unknown", "RFC 1027: proxy ARP, or whatever else only answers", _is_in_conflict),
    Rule("suspected_spoofing", "dsniff: a victim that is deaf to it", _is_steady),
    Rule("failover", "RFC 5798, 7.3; RFC 2281, 5.3: virtual MACs", _is_virtual),
    Rule(
        "same_host_interface",
        "RFC 4361; draft-cheshire-edns0-owner-option",
        _is_same_machine,
    ),
    Rule("dhcp_reassignment", "RFC 2131, 4.3.2 and 4.4.1", _is_leased),
    Rule("same_host_interface", "RFC 6762, 9: host names", _is_same_name),
    Rule("suspected_spoofing", "arpspoof, once in a while: ARP entries last minutes", _is_repeated),
)
"""In order: the first that a pair meets is its cause, `unknown` where none is met. Whatever is in
conflict ends at the latest with proxy ARP: a lease or an identity excuses none. Who has taken a
protected address before is asked last: only what nothing explains is a repetition."""


def classify(behavior: Behavior, knowledge: Knowledge, now: float) -> dict[tuple[int, int], str]:
    """Return the cause of each pair of MACs that the address moved between; `now` monotonic."""
    window = Window(behavior, knowledge, now)
    return {
        pair: _cause(Case(window, *pair, figures.first, figures.last))
        for pair, figures in behavior.pairs.items()
    }


def _cause(case: Case) -> str:
    return next((rule.cause for rule in RULES if rule.applies(case)), "unknown")
