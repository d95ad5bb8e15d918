from __future__ import annotations

import socket
import struct
import subprocess
from ipaddress import ip_address

import pytest
from pyroute2 import IPRoute  # type: ignore[import-untyped]

from l2exporter.errors import KernelError, Overrun
from l2exporter.kernel.links import RTM_NEWLINK, read_links
from l2exporter.kernel.messages import Message
from l2exporter.kernel.routes import (
    Gateway,
    _default_route,
    _gateways,
    ignore_other_routes,
    is_default_route,
    read_default_gateways,
)
from l2exporter.kernel.rtnetlink import (
    RTMGRP_IPV4_ROUTE,
    RTMGRP_IPV6_ROUTE,
    RTMGRP_LINK,
    Netlink,
)
from tests.kernel.build import attr, u32
from tests.lab.namespace import Namespace

ROUTES = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE


@pytest.fixture
def routed(wired: Namespace) -> Namespace:
    wired.address("v0", "192.0.2.1/24")
    wired.address("v0", "2001:db8::1/64")
    return wired


def opened(namespace: Namespace, groups: int = 0, receive_buffer: int = 1 << 20) -> Netlink:
    with namespace.entered():
        return Netlink(groups, receive_buffer=receive_buffer)


def gateways_of(namespace: Namespace) -> set[tuple[str, str]]:
    with opened(namespace) as netlink:
        names = {index: link.name for index, link in read_links(netlink).items()}
        return {(names[g.index], str(g.ip)) for g in read_default_gateways(netlink)}


def many_routes(namespace: Namespace, count: int) -> None:
    lines = (f"route add 10.{n >> 8}.{n & 255}.0/24 via 192.0.2.9" for n in range(count))
    command = ["ip", "-n", namespace.name, "-batch", "-"]
    subprocess.run(command, input="\n".join(lines), text=True, check=True)


@pytest.mark.root
def test_gateways_of_both_families_and_of_every_table(routed: Namespace) -> None:
    assert gateways_of(routed) == set()
    routed.ip("route", "add", "default", "via", "192.0.2.2")
    routed.ip("route", "add", "default", "via", "192.0.2.3", "table", "1000")
    routed.ip("-6", "route", "add", "default", "via", "fe80::9", "dev", "v1")
    routed.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.4")
    routed.ip("route", "add", "unreachable", "default", "metric", "99")
    routed.ip("route", "add", "default", "dev", "v1", "metric", "98")
    assert gateways_of(routed) == {("v0", "192.0.2.2"), ("v0", "192.0.2.3"), ("v1", "fe80::9")}


@pytest.mark.root
def test_gateways_of_a_route_with_several_paths(routed: Namespace) -> None:
    paths = ("nexthop", "via", "192.0.2.2", "nexthop", "via", "192.0.2.3")
    routed.ip("route", "add", "default", *paths, "nexthop", "dev", "v1")
    six = ("nexthop", "via", "2001:db8::2", "nexthop", "via", "fe80::3", "dev", "v1")
    routed.ip("-6", "route", "add", "default", *six)
    found = gateways_of(routed)
    assert {("v0", "192.0.2.2"), ("v0", "192.0.2.3")} <= found
    assert found == {*found, ("v0", "2001:db8::2"), ("v1", "fe80::3")}
    assert len(found) == 4


@pytest.mark.root
def test_an_ipv6_gateway_of_an_ipv4_route(routed: Namespace) -> None:
    routed.ip("-4", "route", "add", "default", "via", "inet6", "fe80::1", "dev", "v0")
    assert gateways_of(routed) == {("v0", "fe80::1")}


@pytest.mark.root
@pytest.mark.parametrize("spelt_out", [0, 1])
def test_gateways_behind_nexthop_objects(routed: Namespace, spelt_out: int) -> None:
    """With nexthop_compat_mode 0 the kernel names the object alone, as large routers have it."""
    routed.sysctl("net.ipv4.nexthop_compat_mode", spelt_out)
    for number, gateway in ((7, "192.0.2.2"), (8, "192.0.2.3"), (9, "192.0.2.4")):
        routed.ip("nexthop", "add", "id", str(number), "via", gateway, "dev", "v0")
    routed.ip("nexthop", "add", "id", "20", "group", "8/9")
    routed.ip("nexthop", "add", "id", "30", "via", "fe80::5", "dev", "v1")
    routed.ip("route", "add", "default", "nhid", "7")
    routed.ip("route", "add", "default", "nhid", "20", "metric", "5")
    routed.ip("-6", "route", "add", "default", "nhid", "30")
    expected = {("v0", f"192.0.2.{n}") for n in (2, 3, 4)} | {("v1", "fe80::5")}
    assert gateways_of(routed) == expected


@pytest.mark.root
def test_gateways_equal_those_that_pyroute2_reads(routed: Namespace) -> None:
    many_routes(routed, 500)
    routed.ip("route", "add", "default", "via", "192.0.2.2")
    routed.ip("route", "add", "default", "via", "192.0.2.3", "table", "1000")
    routed.ip("-6", "route", "add", "default", "via", "2001:db8::2")
    with routed.entered(), IPRoute() as reference:
        theirs = {
            Gateway(route.get("oif"), ip_address(route.get("gateway")))
            for family in (socket.AF_INET, socket.AF_INET6)
            for route in reference.get_routes(family=family)
            if route["dst_len"] == 0 and route.get("gateway")
        }
    with opened(routed) as netlink:
        assert read_default_gateways(netlink) == theirs
    assert len(theirs) == 3


@pytest.mark.root
def test_default_routes_are_told_from_others_in_events(routed: Namespace) -> None:
    with opened(routed, RTMGRP_IPV4_ROUTE) as netlink:
        routed.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.4")
        assert [is_default_route(m) for m in netlink.events()] == [False]
        routed.ip("route", "add", "default", "via", "192.0.2.2")
        routed.ip("route", "replace", "default", "via", "192.0.2.3")
        routed.ip("route", "delete", "default")
        assert [is_default_route(m) for m in netlink.events()] == [True] * 3


@pytest.mark.root
def test_an_ipv6_default_route_is_one_among_the_kernels_own(routed: Namespace) -> None:
    with opened(routed, RTMGRP_IPV6_ROUTE) as netlink:
        routed.ip("-6", "route", "add", "2001:db8:9::/48", "via", "2001:db8::2")
        routed.ip("-6", "route", "add", "default", "via", "2001:db8::2")
        assert [is_default_route(m) for m in netlink.events()].count(True) == 1


@pytest.mark.root
def test_the_kernel_drops_other_routes_for_us_and_nothing_else(routed: Namespace) -> None:
    with (
        opened(routed, ROUTES | RTMGRP_LINK, receive_buffer=1) as flooded,
        opened(routed, ROUTES | RTMGRP_LINK, receive_buffer=1) as filtered,
    ):
        ignore_other_routes(filtered)
        many_routes(routed, 500)
        with pytest.raises(Overrun):
            flooded.events()
        assert filtered.events() == []
        routed.ip("route", "add", "default", "via", "192.0.2.2")
        assert [is_default_route(m) for m in filtered.events()] == [True]
        routed.ip("link", "set", "v1", "mtu", "1400")
        assert {m.type for m in filtered.events()} == {RTM_NEWLINK}


@pytest.mark.root
def test_a_device_that_goes_down_takes_its_gateways_and_says_so_as_a_link(
    routed: Namespace,
) -> None:
    """Kernels so far send no event for the IPv4 route itself: see is_default_route."""
    routed.ip("route", "add", "default", "via", "192.0.2.2")
    with opened(routed, ROUTES | RTMGRP_LINK) as netlink:
        routed.ip("link", "set", "v0", "down")
        assert RTM_NEWLINK in {message.type for message in netlink.events()}
        assert read_default_gateways(netlink) == frozenset()


def route(*attributes: bytes, dst_len: int = 0, kind: int = 1) -> Message:
    header = struct.pack("=BBBBBBBBI", socket.AF_INET, dst_len, 0, 0, 254, 3, 0, kind, 0)
    return Message(24, 0, 0, header + b"".join(attributes))


def test_only_unicast_default_routes_are_read() -> None:
    assert is_default_route(route())
    assert not is_default_route(route(dst_len=8))
    assert not is_default_route(route(kind=7))
    assert not is_default_route(route()._replace(type=16))
    assert not is_default_route(route()._replace(body=b"\2\0\0\0\0\0\0\1"))
    assert _default_route(route(dst_len=8)) is None


def test_a_route_too_short_for_its_header_is_an_error() -> None:
    with pytest.raises(KernelError, match="11 bytes"):
        _default_route(route()._replace(body=bytes(11)))


@pytest.mark.parametrize("length", [0, 7, 17, 0xFFFF])
def test_a_path_length_that_cannot_be_ends_the_walk(length: int) -> None:
    good = struct.pack("=HBBI", 16, 0, 0, 3) + attr(5, bytes([10, 0, 0, 1]))
    bad = struct.pack("=HBBI", length, 0, 0, 4) + attr(5, bytes([10, 0, 0, 2]))
    assert list(_gateways({9: good + bad})) == [Gateway(3, ip_address("10.0.0.1"))]


def test_a_gateway_needs_a_device_and_an_address() -> None:
    assert list(_gateways({5: bytes([10, 0, 0, 1])})) == []
    assert list(_gateways({4: u32(3)})) == []
    assert list(_gateways({4: u32(3), 5: bytes(5)})) == []
