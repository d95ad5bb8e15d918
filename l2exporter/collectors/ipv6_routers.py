"""`ipv6_routers`: routers that advertise themselves, rogue ones among them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric

from .base import Context, mac

_ROUTER = ["device", "vlan", "ip"]


class Ipv6RoutersCollector:
    """Routers by their advertisements (RFC 4861), each until the lifetime that it gave has passed.

    `ip` is the link-local address that it sends from, `mac` that of its source link-layer address
    option, or of the frame without one. A lifetime of 0 says that it is no default router; it is
    shown for five minutes after its last advertisement all the same. New routers and MACs are
    admitted no faster than series may be made; see l2_tracked_refusals_total.

    l2_ipv6_router_info{device="eth0",vlan="",ip="fe80::1",mac="02:00:00:00:00:01",
        preference="medium"} 1.0
    l2_ipv6_router_lifetime_seconds{device="eth0",vlan="",ip="fe80::1"} 1800.0
    l2_ipv6_router_last_seen_timestamp_seconds{device="eth0",vlan="",ip="fe80::1"} 1288260794.0
    """

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._routers = context.ledger.routers

    def collect(self) -> Iterable[Metric]:
        """Yield three samples for each router."""
        info = InfoMetricFamily(
            "l2_ipv6_router", "A router that advertises itself.", labels=_ROUTER
        )
        lifetime = GaugeMetricFamily(
            "l2_ipv6_router_lifetime_seconds",
            "For how long after its last advertisement the router is a default router.",
            labels=_ROUTER,
        )
        seen = GaugeMetricFamily(
            "l2_ipv6_router_last_seen_timestamp_seconds",
            "When the router last advertised itself.",
            labels=_ROUTER,
        )
        with self._tables.lock:
            names = self._tables.segments.labels()
            for router in self._routers.entries():
                if router.segment not in names:
                    continue
                labels = [*names[router.segment], str(router.ip)]
                info.add_metric(labels, {"mac": mac(router.mac), "preference": router.preference})
                lifetime.add_metric(labels, router.lifetime)
                seen.add_metric(labels, router.time)
        yield from (info, lifetime, seen)
