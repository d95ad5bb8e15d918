"""What tells that two MACs are of one host, and what does not."""

from __future__ import annotations

import pytest

from l2exporter.dissect.dns import Owner
from l2exporter.dissect.mdns import HostAddress, Mdns
from l2exporter.evidence.hosts.identities import Identities
from l2exporter.evidence.seen import Seen
from l2exporter.limits import IDENTIFIED_MACS, IDENTITIES_PER_MAC

from .scenes import BEGAN, IP, IP6, NEW, OLD, SEGMENT, THIRD, dhcp, named, seen, woken

HOST = 0x0200_0000_00AA


def same(*packets: Seen) -> str | None:
    return told(*packets).same_host(SEGMENT, OLD, NEW, BEGAN + 30)


def told(*packets: Seen) -> Identities:
    identities = Identities()
    for packet in packets:
        identities.observe(packet)
    return identities


def client_ids(old: bytes, new: bytes) -> tuple[Seen, Seen]:
    return (
        dhcp("discover", OLD, -600, client_id=old),
        dhcp("request", NEW, -1, client_id=new),
    )


def test_nothing_known() -> None:
    assert same() is None


def test_one_owner() -> None:
    assert same(woken(OLD, HOST), woken(NEW, HOST)) == "owner"
    assert same(woken(OLD, HOST), woken(NEW, HOST + 1)) is None
    assert same(woken(NEW, OLD)) == "owner"
    assert same(woken(OLD, NEW)) == "owner"


def test_an_owner_that_speaks_through_another_sender_tells_nothing_of_that() -> None:
    relayed = seen(Mdns(True, owner=Owner(1, HOST, THIRD)), NEW)

    assert same(woken(OLD, HOST), relayed) is None


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"\xff1111\x00\x02abcdef", b"\xff2222\x00\x02abcdef", "client_id"),
        (b"\xff1111\x00\x02abcdef", b"\xff1111\x00\x02abcdeX", None),
        (b"\x00some machine", b"\x00some machine", "client_id"),
        (b"\x01" + OLD.to_bytes(6, "big"), b"\x01" + NEW.to_bytes(6, "big"), None),
        (b"", b"\x01" + OLD.to_bytes(6, "big"), "client_id"),
        (b"\x01" + HOST.to_bytes(6, "big"), b"\x01" + HOST.to_bytes(6, "big"), "client_id"),
        (b"", b"", None),
        (b"\x01" + bytes(6), b"\x01" + bytes(6), None),
        (b"\xff1111", b"\xff1111", None),
        (b"\x00", b"\x00", None),
    ],
    ids=[
        "one DUID, two interfaces",
        "two DUIDs",
        "one name",
        "each its own address",
        "the other's address",
        "one third address",
        "none",
        "zeros",
        "no DUID behind the interface",
        "type only",
    ],
)
def test_client_identifiers(old: bytes, new: bytes, found: str | None) -> None:
    assert same(*client_ids(old, new)) == found


def test_a_server_tells_nothing_of_itself() -> None:
    relayed = dhcp("request", OLD, source_mac=THIRD, client_id=b"\x00some machine")
    answer = dhcp("ack", OLD, source_mac=OLD, client_id=b"\x00some machine")
    own = dhcp("request", NEW, client_id=b"\x00some machine")

    assert same(relayed, own) is None
    assert same(answer, own) is None
    assert told(relayed).same_host(SEGMENT, THIRD, NEW, BEGAN) is None


def test_one_host_name() -> None:
    assert same(named(OLD, "Host.local", 0), named(NEW, "host.local", 1)) == "host_name"
    assert same(named(OLD, "host.local", 0), named(NEW, "host-2.local", 1)) is None


def test_long_names_are_told_apart_to_the_end_and_take_little_room() -> None:
    long = "x" * 1000

    assert same(named(OLD, long, 0), named(NEW, long, 1)) == "host_name"
    assert same(named(OLD, long, 0), named(NEW, long[1:] + "y", 1)) is None


@pytest.mark.parametrize(
    "packet",
    [
        named(NEW, "host.local", 1, source=IP6),
        seen(Mdns(True, addresses=(HostAddress("host.local", IP, 0, True),)), NEW, 1, IP),
        seen(Mdns(False, addresses=(HostAddress("host.local", IP, 9, True),)), NEW, 1, IP),
        dhcp("request", NEW, host_name="host.local"),
    ],
    ids=["for another", "goodbye", "query", "DHCP host name"],
)
def test_names_that_do_not_count(packet: Seen) -> None:
    assert same(named(OLD, "host.local", 0), packet) is None


def test_the_best_evidence_is_named() -> None:
    packets = [named(OLD, "a", 0), named(NEW, "a", 0), *client_ids(b"\x00same", b"\x00same")]

    assert same(*packets) == "client_id"
    assert same(*packets, woken(OLD, HOST), woken(NEW, HOST)) == "owner"


def test_segments_are_apart_until_one_becomes_part_of_the_other() -> None:
    identities = told(woken(OLD, HOST), woken(NEW, HOST))

    assert identities.same_host(SEGMENT + 1, OLD, NEW, BEGAN) is None

    identities.change_segment(SEGMENT, SEGMENT + 1)

    assert identities.same_host(SEGMENT + 1, OLD, NEW, BEGAN) == "owner"


def test_a_mac_has_few_identities() -> None:
    """Whoever claims to be everybody is nobody of long ago."""
    packets = [woken(OLD, HOST + number, number) for number in range(IDENTITIES_PER_MAC + 1)]

    assert same(*packets, woken(NEW, HOST)) is None
    assert same(*packets, woken(NEW, HOST + 1)) == "owner"


def test_a_flood_spares_who_was_heard_twice() -> None:
    identities = told(
        *(woken(mac, HOST, at) for mac in (OLD, NEW) for at in (0, 61)), woken(THIRD, HOST, 70)
    )
    for number in range(2 * IDENTIFIED_MACS):
        identities.observe(woken(0x0A00_0000_0000 + number, HOST, 80))

    assert identities.same_host(SEGMENT, OLD, NEW, BEGAN + 90) == "owner"
    assert identities.same_host(SEGMENT, OLD, THIRD, BEGAN + 90) is None
    assert identities.usage().entries == IDENTIFIED_MACS
