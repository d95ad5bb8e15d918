"""Sleep proxies that hold an address too long, or lose it; that they take it is their purpose."""

from __future__ import annotations

from ..rules import Alert, Group
from ..segments import seconds
from ..thresholds import Thresholds
from .addresses import ADDRESS, WHERE


def group(t: Thresholds) -> Group:
    """Return the alerts about sleep proxies."""
    return Group("l2_sleep_proxies", (_stuck(t), _lost(t)))


def _stuck(t: Thresholds) -> Alert:
    return Alert(
        name="L2SleepProxyHoldStuck",
        expr=f"time() - segment:l2_sleep_proxy_held_since:max > {seconds(t.hold_longest):g}",
        pending="0s",
        because="It has been held for more than a day.",
        severity="warning",
        summary=f"A sleep proxy holds {{{{ $labels.ip }}}} {WHERE} longer than any lease lasts.",
        description=(
            "{{ $labels.ip }} has been held for {{ $value | humanizeDuration }}; its owner would"
            " have woken to renew the lease."
            "{{ range query (printf `segment:l2_sleep_proxy_held:info{segment=%q, vlan=%q, ip=%q}`"
            f" {ADDRESS}) | sortByLabel `proxy_mac` }}}} The proxy {{{{ .Labels.proxy_mac }}}}"
            " answers for the owner {{ .Labels.owner_mac }}.{{ end }}"
        ),
    )


def _lost(t: Thresholds) -> Alert:
    return Alert(
        name="L2SleepProxyHoldLost",
        expr=f"segment:l2_sleep_proxy_holds_lost:increase > {t.holds_lost}",
        pending="0s",
        because="The owner was waited for, three quarters of a minute after the magic packet.",
        severity="warning",
        summary=f"A sleeping host {WHERE} is out of reach: its sleep proxy has let go of it.",
        description=(
            f'Holds lost within {t.holds_lost_window}: {{{{ $value | printf "%.0f" }}}}. The owner'
            " did not wake, or the proxy has gone."
            "{{ range query (printf `segment:l2_sleep_proxy_held:gone{segment=%q, vlan=%q}`"
            " $labels.segment $labels.vlan) | sortByLabel `ip` }} {{ .Labels.ip }} of"
            " {{ .Labels.owner_mac }} was held by {{ .Labels.proxy_mac }}, and has not been seen to"
            " return.{{ end }}"
        ),
    )
