from __future__ import annotations

import socket
import struct
from ipaddress import ip_address, ip_interface

import pytest
from pyroute2 import IPRoute  # type: ignore[import-untyped]

from l2exporter.errors import KernelError
from l2exporter.kernel.addresses import RTM_DELADDR, RTM_NEWADDR, Address, _parse, read_addresses
from l2exporter.kernel.messages import Message, attributes
from l2exporter.kernel.rtnetlink import RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR, Netlink
from tests.kernel.build import attr
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until


@pytest.fixture
def furnished(wired: Namespace) -> Namespace:
    for cidr in ("192.0.2.1/24", "192.0.2.7/24", "198.51.100.9/30", "2001:db8::5/64"):
        wired.address("v0", cidr)
    # The kernel gives both ends a link-local address when it has noticed their carrier.
    wait_until(
        lambda: wired.ip("-6", "address", "show", "scope", "link").count("fe80::") == 2,
        "link-local addresses",
    )
    return wired


def addresses_of(namespace: Namespace) -> frozenset[Address]:
    with namespace.entered():
        netlink = Netlink()
    with netlink:
        return read_addresses(netlink)


@pytest.mark.root
def test_addresses_equal_those_that_pyroute2_reads(furnished: Namespace) -> None:
    with furnished.entered(), IPRoute() as reference:
        theirs = {
            Address(row["index"], ip_interface(f"{row.get('IFA_ADDRESS')}/{row.get('prefixlen')}"))
            for row in reference.get_addr()
        }
    ours = addresses_of(furnished)
    assert ours == theirs
    texts = {str(address.ip) for address in ours}
    assert {"127.0.0.1/8", "::1/128", "192.0.2.7/24", "2001:db8::5/64"} <= texts
    assert any(text.startswith("fe80::") for text in texts)


@pytest.mark.root
def test_beside_a_peer_the_own_address_stands_alone(furnished: Namespace) -> None:
    furnished.ip("address", "add", "10.0.0.1", "peer", "10.9.0.0/16", "dev", "v1")
    furnished.ip("address", "add", "2001:db8:1::1", "peer", "2001:db8:2::/64", "dev", "v1")
    texts = {str(address.ip) for address in addresses_of(furnished)}
    assert {"10.0.0.1/32", "2001:db8:1::1/128"} <= texts
    assert not [text for text in texts if text.startswith(("10.9", "2001:db8:2"))]


@pytest.mark.root
def test_addresses_that_come_and_go_are_events(furnished: Namespace) -> None:
    with furnished.entered():
        netlink = Netlink(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
    with netlink:
        furnished.address("v0", "203.0.113.1/24")
        furnished.ip("address", "delete", "2001:db8::5/64", "dev", "v0")
        heard = {(m.type, attributes(m.body, 8)[1]) for m in netlink.events()}
    assert (RTM_NEWADDR, ip_address("203.0.113.1").packed) in heard
    assert (RTM_DELADDR, ip_address("2001:db8::5").packed) in heard


def test_other_families_and_wrong_lengths_are_no_addresses() -> None:
    header = struct.pack("=BBBBI", socket.AF_INET, 24, 0, 0, 3)
    assert _parse(Message(RTM_NEWADDR, 0, 0, header)) is None
    assert _parse(Message(RTM_NEWADDR, 0, 0, header + attr(1, bytes(16)))) is None
    other = struct.pack("=BBBBI", socket.AF_APPLETALK, 24, 0, 0, 3)
    assert _parse(Message(RTM_NEWADDR, 0, 0, other + attr(1, bytes(4)))) is None
    with pytest.raises(KernelError, match="7 bytes"):
        _parse(Message(RTM_NEWADDR, 0, 0, header[:7]))


def test_a_prefix_longer_than_the_address_is_cut() -> None:
    body = struct.pack("=BBBBI", socket.AF_INET, 200, 0, 0, 3) + attr(1, bytes([10, 0, 0, 1]))
    assert _parse(Message(RTM_NEWADDR, 0, 0, body)) == Address(3, ip_interface("10.0.0.1/32"))
