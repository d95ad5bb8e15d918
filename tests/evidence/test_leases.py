"""What DHCP messages tell of who was given an address."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from l2exporter.evidence.hosts.leases import Leases
from l2exporter.evidence.seen import Seen
from l2exporter.limits import LEASE_CLIENTS

from .scenes import BEGAN, IP, NEW, OLD, SEGMENT, SERVER, dhcp, named

KEY = (SEGMENT, IP)
OTHER = IPv4Address("192.0.2.8")
NOWHERE = IPv4Address("0.0.0.0")


def told(*packets: Seen) -> Leases:
    leases = Leases()
    for packet in packets:
        leases.observe(packet)
    return leases


def assigned(*packets: Seen, mac: int = NEW) -> bool:
    return told(*packets).assigned(KEY, mac, BEGAN - 120, BEGAN + 10)


REQUEST = dhcp("request", NEW, requested_ip=IP)


@pytest.mark.parametrize(
    "packet",
    [
        REQUEST,
        dhcp("request", NEW, requested_ip=IP, client_ip=NOWHERE),
        dhcp("ack", NEW, source_mac=SERVER, your_ip=IP),
        dhcp("request", NEW, source_mac=SERVER, requested_ip=IP),
    ],
    ids=["request", "no client address", "acknowledgement", "relayed"],
)
def test_evidence(packet: Seen) -> None:
    assert assigned(packet)
    assert not assigned(packet, mac=OLD)


@pytest.mark.parametrize(
    "packet",
    [
        dhcp("request", NEW, client_ip=IP),
        dhcp("request", NEW, client_ip=IP, requested_ip=IP),
        dhcp("request", NEW, requested_ip=OTHER),
        dhcp("request", NEW, requested_ip=NOWHERE),
        dhcp("request", NEW),
        dhcp("discover", NEW, requested_ip=IP),
        dhcp("offer", NEW, source_mac=SERVER, your_ip=IP),
        dhcp("ack", NEW, source_mac=SERVER, your_ip=NOWHERE),
        dhcp("ack", NEW, source_mac=SERVER),
        named(NEW, "host.local", -1),
    ],
    ids=[
        "renewal",
        "renewal with both",
        "another address",
        "no address",
        "nothing",
        "discover",
        "offer",
        "answer to inform",
        "empty",
        "mDNS",
    ],
)
def test_no_evidence(packet: Seen) -> None:
    assert not assigned(packet)


@pytest.mark.parametrize(
    "undone",
    [
        dhcp("nak", NEW, 0.0, source_mac=SERVER),
        dhcp("decline", NEW, 0.0, requested_ip=IP),
        dhcp("release", NEW, 0.0, client_ip=IP),
    ],
    ids=lambda packet: packet.message.type,
)
def test_what_is_taken_back_is_none(undone: Seen) -> None:
    other = dhcp("nak", OLD, 0.0, source_mac=SERVER)

    assert not assigned(REQUEST, undone)
    assert assigned(REQUEST, other)
    assert assigned(undone, REQUEST)


def test_one_server_refuses_what_another_gave() -> None:
    given = dhcp("ack", NEW, -0.5, source_mac=SERVER, your_ip=IP)

    assert assigned(REQUEST, given, dhcp("nak", NEW, 0.0, source_mac=SERVER + 1))
    assert assigned(REQUEST, given, dhcp("request", NEW, 0.0, requested_ip=IP))


def test_a_client_goes_on_with_the_other_addresses_that_it_asked_for() -> None:
    leases = told(
        REQUEST,
        dhcp("request", NEW, requested_ip=OTHER),
        dhcp("decline", NEW, requested_ip=OTHER),
    )

    assert leases.assigned(KEY, NEW, BEGAN - 120, BEGAN)
    assert not leases.assigned((SEGMENT, OTHER), NEW, BEGAN - 120, BEGAN)


def test_time_and_place() -> None:
    leases = told(dhcp("request", NEW, -50.0, requested_ip=IP))

    assert leases.assigned(KEY, NEW, BEGAN - 50, BEGAN - 50)
    assert not leases.assigned(KEY, NEW, BEGAN - 49, BEGAN)
    assert not leases.assigned(KEY, NEW, BEGAN - 60, BEGAN - 51)
    assert not leases.assigned((SEGMENT + 1, IP), NEW, BEGAN - 60, BEGAN)

    leases.change_segment(SEGMENT, SEGMENT + 1)

    assert leases.assigned((SEGMENT + 1, IP), NEW, BEGAN - 60, BEGAN)


def test_a_starvation_attack_has_its_cap_and_spares_what_was_acknowledged() -> None:
    leases = told(REQUEST, dhcp("ack", NEW, source_mac=SERVER, your_ip=IP))
    for number in range(2 * LEASE_CLIENTS):
        client = 0x0A00_0000_0000 + number
        leases.observe(dhcp("request", client, 0.0, requested_ip=OTHER))

    assert leases.assigned(KEY, NEW, BEGAN - 120, BEGAN)
    assert leases.usage().entries == LEASE_CLIENTS
    assert leases.usage().evictions == LEASE_CLIENTS + 1


def test_one_sender_cannot_invent_clients_without_end() -> None:
    leases = Leases()
    for number in range(LEASE_CLIENTS):
        client = 0x0A00_0000_0000 + number
        leases.observe(dhcp("request", client, 0.0, source_mac=OLD, requested_ip=OTHER))

    assert leases.usage().entries == LEASE_CLIENTS // 4
    assert leases.usage().evictions == 0
