"""`protected_addresses`: gateways, servers, configured addresses, and who else claims them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from ..dissect.reader import Address
from ..evidence.moves.causes import CAUSES
from ..evidence.protection.guards import GuardFigures
from ..evidence.seen import Key
from ..limits import GUARDED, MAC_PAIR_RATE
from ..tables.admission import TokenBucket
from .base import Context, mac

_ADDRESS = ["device", "vlan", "ip"]
_Unseen = tuple[Address, int | None, str]


class ProtectedAddressesCollector:
    """Protected addresses with the MACs that they should have; moves and claims of each.

    An address has one role: that of the configuration, else `gateway` by the routing table, else
    what DHCP messages named it on its segment (`gateway`, `dhcp_server`, `dns_server`). Its MAC is
    the configuration's, else the first that it was bound to on a segment, then that of benign
    moves: several of a failover group, each a sample; empty while the address was seen nowhere. A
    claim is a packet that binds the address to another MAC, a sleep proxy's too, as is a
    registration at a sleep proxy, a proxy's mDNS announcement or a router advertisement for it.
    Counters are there from the address's first sight on a segment, for every cause. Claimants that
    change faster than series may be made are withheld from l2_protected_address_last_claim_info.

    l2_protected_address_info{ip="192.0.2.1",mac="02:00:00:00:00:01",role="gateway"} 1.0
    l2_protected_address_moves_total{device="eth0",vlan="",ip="192.0.2.1",role="gateway",
        cause="suspected_spoofing"} 2.0
    l2_protected_address_claims_total{device="eth0",vlan="",ip="192.0.2.1",role="gateway"} 3.0
    l2_protected_address_last_claim_info{device="eth0",vlan="",ip="192.0.2.1",
        mac="02:00:00:00:00:66"} 1.0
    l2_protected_address_last_claim_timestamp_seconds{device="eth0",vlan="",
        ip="192.0.2.1"} 1288260794.0
    l2_protected_address_last_claim_info_withheld 0.0
    """

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._protected = context.ledger.protected
        self._monotonic = context.monotonic
        self._shown: dict[Key, int] = {}
        self._claimants = TokenBucket(GUARDED, MAC_PAIR_RATE)

    def collect(self) -> Iterable[Metric]:
        """Yield the families; see the class for what each address has."""
        with self._tables.lock:
            unseen = self._protected.unseen()
            every = self._protected.figures()
            names = self._tables.segments.labels()
            figures = [each for each in every if each.key[0] in names]
            claimed = [each for each in figures if each.claims]
            shown = self._show(claimed)
        labels = {each.key: [*names[each.key[0]], str(each.key[1])] for each in figures}
        yield _info(unseen, every)
        yield _moves(figures, labels)
        yield _claims(figures, labels)
        yield _claimed_by([each for each in claimed if each.key in shown], labels)
        yield _claimed_at(claimed, labels)
        yield GaugeMetricFamily(
            "l2_protected_address_last_claim_info_withheld",
            "Addresses whose claimant is not shown: it changes faster than series may be made.",
            value=len(claimed) - len(shown),
        )

    def _show(self, claimed: Sequence[GuardFigures]) -> set[Key]:
        """Tell whose claimant may be shown; one not shown before takes a token."""
        known = {each.key for each in claimed if self._shown.get(each.key) == each.claimant}
        changed = [each for each in claimed if each.key not in known]
        granted = changed[: self._claimants.take(len(changed), self._monotonic())]
        present = {each.key for each in claimed}
        self._shown = {key: shown for key, shown in self._shown.items() if key in present}
        self._shown |= {each.key: each.claimant for each in granted}
        return known | {each.key for each in granted}


_Labels = Mapping[Key, list[str]]


def _info(unseen: Iterable[_Unseen], figures: Iterable[GuardFigures]) -> Metric:
    """A sample for each address, role and MAC, however many segments it is on."""
    samples = {(str(ip), mac(expected) if expected else "", role) for ip, expected, role in unseen}
    for each in figures:
        macs = [mac(expected) for expected in each.expected] or [""]
        samples |= {(str(each.key[1]), text, each.role) for text in macs}
    family = InfoMetricFamily(
        "l2_protected_address", "A protected address and a MAC that it should have.", labels=["ip"]
    )
    for ip, text, role in sorted(samples):
        family.add_metric([ip], {"mac": text, "role": role})
    return family


def _moves(figures: Iterable[GuardFigures], labels: _Labels) -> Metric:
    family = CounterMetricFamily(
        "l2_protected_address_moves",
        "Moves of a protected address, by cause, once that is known.",
        labels=[*_ADDRESS, "role", "cause"],
    )
    for each in figures:
        for cause in CAUSES:
            family.add_metric([*labels[each.key], each.role, cause], each.moves.get(cause, 0))
    return family


def _claims(figures: Iterable[GuardFigures], labels: _Labels) -> Metric:
    family = CounterMetricFamily(
        "l2_protected_address_claims",
        "Claims on a protected address by MACs that it should not have.",
        labels=[*_ADDRESS, "role"],
    )
    for each in figures:
        family.add_metric([*labels[each.key], each.role], each.claims)
    return family


def _claimed_by(figures: Iterable[GuardFigures], labels: _Labels) -> Metric:
    family = InfoMetricFamily(
        "l2_protected_address_last_claim", "The MAC of the last such claim.", labels=_ADDRESS
    )
    for each in figures:
        family.add_metric(labels[each.key], {"mac": mac(each.claimant)})
    return family


def _claimed_at(figures: Iterable[GuardFigures], labels: _Labels) -> Metric:
    family = GaugeMetricFamily(
        "l2_protected_address_last_claim_timestamp_seconds",
        "When the last such claim was made.",
        labels=_ADDRESS,
    )
    for each in figures:
        family.add_metric(labels[each.key], each.claimed)
    return family
