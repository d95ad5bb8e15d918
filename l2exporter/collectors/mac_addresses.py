"""`mac_addresses`: MACs that several addresses are bound to, and what is known of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric

from ..dissect.frames import Flags
from ..evidence.hosts.virtual_routers import is_virtual
from ..evidence.proxy_arp import ProxyArp
from ..limits import MACS_RATE, MACS_REMEMBERED, MACS_SHOWN
from ..tables.addresses import Rows
from ..tables.admission import TokenBucket
from ..tables.bindings import Sightings
from ..tables.sorted_map import within
from .base import Context, mac

Keys = npt.NDArray[np.uint64]

SUSPECT_SECONDS: Final = 10.0
"""How often it is looked up who may answer for others; by the capture's clock, not by scrapes, of
which a replay has one."""

_MAC_BITS = 48
_SEVERAL = 2
_LINK_LOCAL = 0xFE80 >> 6
_Role = tuple[int, int, str]
"""Segment, MAC and role."""


class MacAddressesCollector:
    """MACs with several addresses now, those with most first, and the roles of MACs.

    Where an address was taken before the exporter started there was no move to see, but a host has
    one IPv4 address as a rule, so this is where a spoofer shows; so do sleep proxies, routers that
    answer for others (proxy ARP), and hosts with several addresses. The value is the number of
    IPv4 addresses or that of IPv6 link-local addresses, whichever is larger: of global IPv6
    addresses a host has several. Other MACs with two or more are in l2_mac_addresses_withheld
    only: those beyond the cap, and those that change faster than series may be made.

    Roles: `sleep_proxy` as long as it offers or holds; `router` of senders of router
    advertisements, of MACs that a gateway is expected to have, and of MACs shown that have a
    virtual router's prefix, which anybody may choose; `proxy_arp` of MACs shown that answered for
    at least two addresses for which they never spoke unasked. No role says that all is well.

    l2_mac_addresses{device="eth0",vlan="",mac="02:00:00:00:00:01"} 3.0
    l2_mac_addresses_withheld 0.0
    l2_mac_role_info{device="eth0",vlan="",mac="02:00:00:00:00:01",role="sleep_proxy"} 1.0
    """

    observes = Sightings

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._ledger = context.ledger
        self._monotonic = context.monotonic
        self._proxy_arp = ProxyArp(context.tables)
        self._due = -inf
        self._remembered: dict[int, None] = {}
        self._series = TokenBucket(MACS_REMEMBERED, MACS_RATE)

    def observe(self, event: Sightings) -> Iterable[object]:
        """Keep how addresses came to be bound."""
        now = self._monotonic()
        self._proxy_arp.observe(event, now)
        if now >= self._due:
            self._due = now + SUSPECT_SECONDS
            self._suspect()
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the families."""
        with self._tables.lock:
            names = self._tables.segments.labels()
            counts = self._counts()
            shown = self._admit(counts)
            roles = self._roles(shown)
        addresses = GaugeMetricFamily(
            "l2_mac_addresses",
            "Addresses that are bound to a MAC, of MACs with at least two.",
            labels=["device", "vlan", "mac"],
        )
        for key in shown:
            segment, address = _parts(key)
            addresses.add_metric([*names[segment], mac(address)], counts[key])
        yield addresses
        yield GaugeMetricFamily(
            "l2_mac_addresses_withheld",
            "MACs with at least two addresses that are not shown.",
            value=len(counts) - len(shown),
        )
        family = InfoMetricFamily(
            "l2_mac_role", "What a MAC was seen to be.", labels=["device", "vlan", "mac"]
        )
        for segment, address, role in sorted(roles):
            if segment in names:
                family.add_metric([*names[segment], mac(address)], {"role": role})
        yield family

    def _counts(self) -> dict[int, int]:
        """Return how many addresses each (segment, MAC) with several has."""
        keys = self._bound()[1]
        rows6 = self._tables.addresses6.rows()
        segments, ips = self._tables.addresses6.keys(rows6)
        local = ips["hi"] >> np.uint64(54) == _LINK_LOCAL
        keys6 = _keys(segments[local], self._tables.bindings6.macs[rows6[local]])
        counts = _several(keys)
        for key, count in _several(keys6).items():
            counts[key] = max(count, counts.get(key, 0))
        return counts

    def _bound(self) -> tuple[Rows, Keys]:
        """Return the rows of IPv4 addresses, and the (segment, MAC) each is bound to."""
        rows = self._tables.addresses.rows()
        return rows, _keys(self._tables.addresses.keys(rows)[0], self._tables.bindings.macs[rows])

    def _suspect(self) -> None:
        """Have a look at those who may answer for others from now on."""
        rows, keys = self._bound()
        self._proxy_arp.suspect(rows[_among(keys, _several(keys))], self._monotonic())

    def _admit(self, counts: Mapping[int, int]) -> list[int]:
        """Return those that are shown; of equals, those that were before; new ones take a token."""
        known = self._remembered
        order = sorted(counts, key=lambda key: (-counts[key], key not in known, key))
        new = [key for key in order[:MACS_SHOWN] if key not in known]
        granted = set(new[: self._series.take(len(new), self._monotonic())])
        shown = [key for key in order if key in known or key in granted][:MACS_SHOWN]
        for key in shown:  # the last to be shown is the last to be forgotten
            known.pop(key, None)
            known[key] = None
        for key in list(known)[: max(0, len(known) - MACS_REMEMBERED)]:
            del known[key]
        return shown

    def _roles(self, shown: Collection[int]) -> set[_Role]:
        ledger = self._ledger
        now = self._monotonic()
        roles = {
            (proxy.segment, proxy.mac, "sleep_proxy")
            for proxy in ledger.proxies.entries()
            if proxy.is_shown(now)
        }
        roles |= {(router.segment, router.mac, "router") for router in ledger.routers.entries()}
        roles |= {
            (figures.key[0], address, "router")
            for figures in ledger.protected.figures()
            if figures.role == "gateway"
            for address in figures.expected
        }
        roles |= {(*_parts(key), "router") for key in shown if is_virtual(_parts(key)[1])}
        return roles | {(*_parts(key), "proxy_arp") for key in self._answering(shown)}

    def _answering(self, shown: Collection[int]) -> set[int]:
        """Return those that answer for at least two addresses, and speak unasked for none."""
        rows, keys = self._bound()
        among = _among(keys, shown)
        rows, keys = rows[among], keys[among]
        unasked = set(keys[self._proxy_arp.unasked(rows)].tolist())
        return set(_several(keys[self._proxy_arp.answered(rows)])) - unasked


def _keys(segments: npt.NDArray[np.intp], macs: Keys) -> Keys:
    return segments.astype(np.uint64) << np.uint64(_MAC_BITS) | macs


def _parts(key: int) -> tuple[int, int]:
    return key >> _MAC_BITS, key & (1 << _MAC_BITS) - 1


def _among(keys: Keys, wanted: Collection[int]) -> Flags:
    return within(np.sort(np.fromiter(wanted, np.uint64, len(wanted))), keys)


def _several(keys: Keys) -> dict[int, int]:
    """Return how often each key is there that is there at least twice."""
    unique, counts = np.unique(keys, return_counts=True)
    several = counts >= _SEVERAL
    return dict(zip(unique[several].tolist(), counts[several].tolist(), strict=True))
