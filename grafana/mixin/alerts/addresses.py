"""Addresses that others take, and what else goes wrong in ARP and neighbour discovery."""

from __future__ import annotations

from ..rules import Alert, Group
from ..thresholds import Thresholds

WHERE = "on {{ $labels.segment }}{{ with $labels.vlan }}, VLAN {{ . }}{{ end }}"
"""The segment of an alert, in words."""

ADDRESS = "$labels.segment $labels.vlan $labels.ip"
_THERE = "segment=%q, vlan=%q"

_PROTECTED = "{{ $labels.ip }} ({{ $labels.role }})"

_LAST_MOVES = (
    f"{{{{ range query (printf `topk(5, segment:l2_last_move:moves{{{_THERE}, alert_ip=%q}})`"
    f" {ADDRESS}) | sortByLabel `to_mac` }}}} {{{{ .Labels.ip }}}} moved from"
    " {{ .Labels.from_mac }} to {{ .Labels.to_mac }} ({{ .Labels.cause }}).{{ end }}"
)


def group(t: Thresholds) -> Group:
    """Return the alerts about addresses."""
    alerts = (
        _claimed(t),
        _moved(t),
        _spoofing(t),
        _duplicate(t),
        _unexplained(t),
        _storm(t),
        _router(t),
    )
    return Group("l2_addresses", alerts)


def _claimed(t: Thresholds) -> Alert:
    return Alert(
        name="L2ProtectedAddressClaimed",
        expr="segment:l2_protected_address_claims:unexplained",
        pending=t.claimed_pending,
        because=(
            "A claim counts when it is seen; that it was a failover, and that the new MAC is"
            " expected, is known half a minute later, and here a scrape and an evaluation later."
        ),
        severity="critical",
        summary=f"Somebody else claims {_PROTECTED} {WHERE}.",
        description=(
            "Claims by MACs that should not have {{ $labels.ip }}, since the exporter's start:"
            f' {{{{ $value | printf "%.0f" }}}}, within {t.protected_window} for no reason that is'
            " known."
            f"{{{{ range query (printf `segment:l2_protected_address_last_claim:info{{{_THERE},"
            f" ip=%q}}` {ADDRESS}) | sortByLabel `mac` }}}} The last claim was by"
            " {{ .Labels.mac }}; the MAC should be {{ .Labels.expected_mac }}.{{ end }}"
        ),
    )


def _moved(t: Thresholds) -> Alert:
    return Alert(
        name="L2ProtectedAddressMoved",
        expr="segment:l2_protected_address_moves:increase > 0",
        pending="0s",
        because="The verdict has taken half a minute already, and has seen what both MACs did.",
        severity="critical",
        summary=f"{_PROTECTED} has moved {WHERE}.",
        description=(
            f"Moves of {{{{ $labels.ip }}}} within {t.protected_window}, for no harmless reason:"
            f' {{{{ $value | printf "%.0f" }}}}.{_LAST_MOVES}'
        ),
    )


def _spoofing(t: Thresholds) -> Alert:
    return _judged(
        t,
        "L2SuspectedSpoofing",
        "suspected_spoofing",
        "Somebody takes {{ with $labels.ip }}{{ . }}{{ else }}addresses of others{{ end }}"
        f" {WHERE}, as a spoofer does.",
    )


def _duplicate(t: Thresholds) -> Alert:
    return _judged(
        t,
        "L2DuplicateAddress",
        "duplicate_address",
        "Two machines use {{ with $labels.ip }}{{ . }}{{ else }}one address{{ end }} at the same"
        f" time {WHERE}.",
    )


def _judged(t: Thresholds, name: str, cause: str, summary: str) -> Alert:
    """By address where it is known; else by segment, so that no verdict is missed."""
    return Alert(
        name=name,
        expr=f"""
            max_over_time((segment:l2_moves_{cause}:by_ip)[{t.judged_window}:])
            or on (segment, vlan)
            segment:l2_moves_{cause}:increase > 0
        """,
        pending="0s",
        because="The verdict has taken half a minute already, and has seen what both MACs did.",
        severity="warning",
        summary=summary,
        description=(
            "{{ if $labels.ip }}Moves of {{ $labels.ip }} since the exporter's start:"
            ' {{ $value | printf "%.0f" }}.{{ else }}'
            f'Such moves within {t.judged_window}: {{{{ $value | printf "%.0f" }}}},'
            " of addresses that go on to move, so that at each scrape the cause is pending of"
            f" those that may be meant.{{{{ end }}}}{_LAST_MOVES}"
        ),
    )


def _unexplained(t: Thresholds) -> Alert:
    return Alert(
        name="L2UnexplainedMoves",
        expr=f"segment:l2_moves_unknown:increase > {t.unexplained_moves}",
        pending="0s",
        because=f"It counts over {t.unexplained_window} already.",
        severity="warning",
        summary=f"Many addresses move {WHERE}, and nothing tells why.",
        description=(
            f"Moves within {t.unexplained_window} without a known cause:"
            ' {{ $value | printf "%.0f" }}. Of those addresses the ones that move most:'
            f"{{{{ range query (printf `topk(5, segment:l2_moves_unknown:by_pair{{{_THERE}}})`"
            " $labels.segment $labels.vlan) }} {{ .Labels.ip }} from {{ .Labels.from_mac }} to"
            " {{ .Labels.to_mac }};{{ end }} all of them: l2_arp_last_move_info,"
            " l2_ndp_last_move_info."
        ),
    )


def _storm(t: Thresholds) -> Alert:
    return Alert(
        name="L2GratuitousArpStorm",
        expr=f"""
            segment:l2_gratuitous_arp:rate > {t.storm_packets_per_second:g}
            and
            segment:l2_gratuitous_arp:rate
              > {t.storm_factor:g} * segment:l2_gratuitous_arp:baseline
        """,
        pending=t.storm_pending,
        because="When the power is back all hosts announce their addresses, but for a minute.",
        severity="warning",
        summary=f"A storm of gratuitous ARP {WHERE}.",
        description=(
            "{{ $value | humanize }} gratuitous ARP packets a second, more than"
            f" {t.storm_factor:g} times as many as are usual there by the last"
            f" {t.storm_baseline}. Each is work for every host of the segment. Who sends them:"
            " topk(5, rate(l2_gratuitous_arp_total[5m]))."
        ),
    )


def _router(t: Thresholds) -> Alert:
    """A router is known that was there a while ago; one that comes first knows no other. An heir is
    remembered until it is known, also where the exporter that saw it was started anew since.
    """
    settled = f"[{t.router_settled}:] offset {t.router_settled}"
    heirs = f"(segment:l2_ipv6_router:heirs)[{t.router_known_after}:{t.history_step}]"
    return Alert(
        name="L2RogueRouterAdvertisement",
        expr=f"""
            segment:l2_ipv6_router:info
            unless on (segment, vlan, ip, mac)
              segment:l2_ipv6_router:known
            unless on (segment, vlan, ip, mac)
              (segment:l2_ipv6_router:heirs or max_over_time({heirs}))
            and on (segment, vlan)
              max_over_time((segment:l2_ipv6_router:known){settled})
        """,
        pending=t.router_pending,
        because="That it is the heir of a known one, by a failover, is known half a minute later.",
        severity="warning",
        summary=f"A new IPv6 router, {{{{ $labels.ip }}}}, advertises itself {WHERE}.",
        description=(
            "{{ $labels.ip }} with the MAC {{ $labels.mac }} was no router there before, and hosts"
            f" send through it from now on. It counts as known after {t.router_known_after}."
            " The routers known are:"
            f"{{{{ range query (printf `segment:l2_ipv6_router:known{{{_THERE}}}` $labels.segment"
            " $labels.vlan) | sortByLabel `mac` }} {{ .Labels.ip }} with {{ .Labels.mac }};"
            "{{ end }} see l2_ipv6_router_info."
        ),
    )
