"""What the alerts rest on, by segment: however many exporters see a move, it counts once."""

from __future__ import annotations

from .rules import Group, Recording
from .segments import by_segment, indented, seconds
from .thresholds import Thresholds

JUDGED = ("suspected_spoofing", "duplicate_address")
"""Causes that alert by address."""

BENIGN = "failover|dhcp_reassignment|same_host_interface"
"""Causes for which a protected address may move."""

_FAMILIES = ("arp", "ndp")
_PAIR = "from_mac, to_mac, cause"
_CLAIMED = "l2_protected_address_last_claim_timestamp_seconds"


def recordings(t: Thresholds) -> tuple[Group, ...]:
    """Return the one group of them."""
    rules = *_moves(t), *_protected(t), *_gratuitous(t), *_routers(t), *_holds(t)
    return (Group("l2_recordings", rules),)


def _moves(t: Thresholds) -> tuple[Recording, ...]:
    """A last move's cause is `pending` while its address goes on to move, so at most scrapes: the
    counters by cause miss none, but have no address.
    """
    return (
        Recording("segment:l2_last_move:moves", _told(t)),
        *(
            Recording(
                f"segment:l2_moves_{cause}:by_ip",
                by_segment("vlan, ip", _last_moves(f',cause="{cause}"', t.judged_window)),
            )
            for cause in JUDGED
        ),
        *(_by_cause(cause, t.judged_window) for cause in JUDGED),
        Recording(
            "segment:l2_moves_unknown:by_pair",
            by_segment(
                "vlan, ip, from_mac, to_mac", _last_moves(',cause="unknown"', t.last_moves_window)
            ),
        ),
        _by_cause("unknown", t.unexplained_window),
    )


def _told(t: Thresholds) -> str:
    """What alerts tell of the moves of their address, which is `alert_ip` here. One that knows no
    address has none, and finds the moves that are pending.
    """
    labels = f"vlan, ip, {_PAIR}"
    every = by_segment(labels, _last_moves("", t.last_moves_window))
    pending = by_segment(labels, _last_moves(',cause="pending"', t.last_moves_window))
    return (
        f'label_replace(\n{indented(every, 2)},\n  "alert_ip", "$1", "ip", "(.*)"\n)\nor\n{pending}'
    )


def _last_moves(matcher: str, window: str) -> str:
    """How often addresses have moved whose last move was in the window."""
    return "\nor\n".join(
        f"l2_{family}_moves_total{{SEGMENT}} * ignoring ({_PAIR}) group_right ()\n"
        f"  {_moved(family, matcher, window)}"
        for family in _FAMILIES
    )


def _moved(family: str, matcher: str, window: str) -> str:
    """Addresses whose last move was in the window: far fewer than have a counter of moves."""
    return (
        f"l2_{family}_last_move_info{{SEGMENT{matcher}}}\n"
        f"and ignoring ({_PAIR})\n"
        f"  time() - l2_{family}_last_move_timestamp_seconds{{SEGMENT}} < {seconds(window):g}"
    )


def _by_cause(cause: str, window: str) -> Recording:
    moves = f'l2_moves_by_cause_total{{SEGMENT,cause="{cause}"}}'
    return Recording(
        f"segment:l2_moves_{cause}:increase",
        by_segment("vlan", f"sum without (family) (increase({moves}[{window}]))"),
    )


def _protected(t: Thresholds) -> tuple[Recording, ...]:
    """Whether a claim is recent is told by its time, not by the counter: that of the first claim on
    an address, or after the exporter's start, may be born above 0.

    A failover's claims are explained once the move that they came with is: no later than this the
    new MAC is expected, and claims no more. Who claims later is explained by nothing. Where routers
    fail over again and again, the last move is pending at most scrapes, and those before it explain
    the claim: one that is no failover alerts by its verdict.

    No DHCP server leases its gateway's address, but anybody can ask for it, by one packet.
    """
    series = "l2_protected_address_moves_total{SEGMENT,%s}[%s]"
    odd = series % (f'cause!~"{BENIGN}"', t.protected_window)
    leased = series % ('cause="dhcp_reassignment",role="gateway"', t.protected_window)
    recent = f"time() - {_CLAIMED} < {seconds(t.protected_window):g}"
    benign = _either(f'last_move_info{{cause=~"{BENIGN}"}}')
    moved = _either("last_move_timestamp_seconds")
    pending = _either('last_move_info{cause="pending"}')
    before = f'l2_protected_address_moves_total{{cause=~"{BENIGN}"}}[{t.protected_window}]'
    expected = (
        'label_replace(l2_protected_address_info{mac!=""}, "expected_mac", "$1", "mac", "(.*)")'
    )
    return (
        Recording(
            "segment:l2_protected_address_moves:increase",
            by_segment(
                "vlan, ip, role",
                f"sum without (cause) (\n  increase({odd})\n  or\n  increase({leased})\n)",
            ),
        ),
        Recording(
            "segment:l2_protected_address_claims:unexplained",
            by_segment(
                "vlan, ip, role",
                f"l2_protected_address_claims_total{{SEGMENT}}\n"
                f"and ignoring (role)\n  {recent}\n"
                f"unless ignoring (role, {_PAIR}) (\n"
                f"  {benign}\n  and ignoring ({_PAIR})\n"
                f"  {_CLAIMED} <= {moved} + {seconds(t.claim_judged_within):g}\n)\n"
                f"unless ignoring (role, {_PAIR}) (\n"
                f"  {pending}\n  and ignoring ({_PAIR})\n"
                f"  sum without (role, cause) (increase({before})) > 0\n)",
            ),
        ),
        Recording(
            "segment:l2_protected_address_last_claim:info",
            by_segment(
                "vlan, ip, mac, expected_mac",
                "l2_protected_address_last_claim_info{SEGMENT}\n"
                "* on (job, instance, ip) group_left (expected_mac)\n"
                f"  topk by (job, instance, ip) (1, {expected})\n"
                f"and ignoring (mac, expected_mac)\n  {recent}",
            ),
        ),
    )


def _either(rest: str) -> str:
    return f"({' or '.join(f'l2_{family}_{rest}' for family in _FAMILIES)})"


def _gratuitous(t: Thresholds) -> tuple[Recording, ...]:
    packets = 'l2_arp_packets_total{SEGMENT,type=~"announcement|gratuitous_reply"}'
    history = f"[{t.storm_baseline}:{t.history_step}] offset {t.storm_baseline_age}"
    return (
        Recording(
            "segment:l2_gratuitous_arp:rate",
            by_segment("vlan", f"sum without (type) (rate({packets}[{t.storm_window}]))"),
        ),
        Recording(
            "segment:l2_gratuitous_arp:baseline",
            f"quantile_over_time({t.storm_quantile:g}, (segment:l2_gratuitous_arp:rate){history})",
        ),
    )


def _routers(t: Thresholds) -> tuple[Recording, ...]:
    """Two that take turns with one address are one at a scrape, hence the window. Of routers that
    have a link-local address between them, a failover makes another one advertise it.
    """
    seen = f"max_over_time(l2_ipv6_router_info{{SEGMENT}}[{t.router_window}])"
    history = f"[{t.router_history}:{t.history_step}] offset {t.router_known_after}"
    heirs = f'l2_ndp_last_move_info{{SEGMENT,ip=~"fe80:.+",cause=~"{BENIGN}"}}'
    return (
        Recording("segment:l2_ipv6_router:info", by_segment("vlan, ip, mac", seen)),
        Recording(
            "segment:l2_ipv6_router:known",
            f"max_over_time((segment:l2_ipv6_router:info){history})",
        ),
        Recording(
            "segment:l2_ipv6_router:heirs",
            by_segment("vlan, ip, mac", f'label_replace({heirs}, "mac", "$1", "to_mac", "(.*)")'),
        ),
    )


def _holds(t: Thresholds) -> tuple[Recording, ...]:
    """Of exporters that differ, the one that saw the hold begin last has missed least."""
    released = ',cause="sleep_proxy_release"'
    returned = "\nor\n".join(_moved(each, released, t.holds_lost_window) for each in _FAMILIES)
    lost = 'l2_sleep_proxy_transitions_total{SEGMENT,transition="lost"}'
    return (
        Recording(
            "segment:l2_sleep_proxy_held_since:max",
            by_segment("vlan, ip", "l2_sleep_proxy_held_since_timestamp_seconds{SEGMENT}"),
        ),
        Recording(
            "segment:l2_sleep_proxy_held:info",
            by_segment("vlan, ip, owner_mac, proxy_mac", "l2_sleep_proxy_held{SEGMENT}"),
        ),
        Recording(
            "segment:l2_sleep_proxy_held:gone",
            f"max_over_time((segment:l2_sleep_proxy_held:info)[{t.holds_lost_window}:])\n"
            "unless on (segment, vlan, ip)\n  segment:l2_sleep_proxy_held:info\n"
            f"unless on (segment, vlan, ip)\n{indented(by_segment('vlan, ip', returned), 2)}",
        ),
        Recording(
            "segment:l2_sleep_proxy_holds_lost:increase",
            by_segment("vlan", f"increase({lost}[{t.holds_lost_window}])"),
        ),
    )
