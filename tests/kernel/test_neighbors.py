from __future__ import annotations

import json
import socket
from ipaddress import ip_address

import pytest
from pyroute2 import IPRoute  # type: ignore[import-untyped]

from l2exporter.errors import KernelError
from l2exporter.kernel.links import read_links
from l2exporter.kernel.neighbors import STATES, Neighbors, read_neighbors
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from tests.kernel.build import attr, packet
from tests.kernel.entries import DST, LLADDR, entry, mac, recorded
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until

DONE = packet(3, bytes(4))
MANY = 3_000
STATE_NAMES = {number: name for name, number in STATES.items()}

Row = tuple[str, str, str, str | None]
"""(device, address, state, MAC)."""


def rows(neighbors: Neighbors, names: dict[int, str]) -> set[Row]:
    size = 4 if neighbors.family == "ipv4" else 16
    columns = (neighbors.index, neighbors.state, neighbors.mac, neighbors.has_mac)
    return {
        (
            names[index],
            str(ip_address(bytes(ip[:size]))),
            STATE_NAMES.get(state, "none"),
            text(number) if has_mac else None,
        )
        for index, state, number, has_mac, ip in zip(
            *(column.tolist() for column in columns), neighbors.ip, strict=True
        )
    }


def text(number: int) -> str:
    return number.to_bytes(6, "big").hex(":")


def read(namespace: Namespace, family: str) -> tuple[set[Row], Tally]:
    tally = Tally()
    with namespace.entered(), Netlink() as netlink:
        names = {index: link.name for index, link in read_links(netlink).items()}
        return rows(read_neighbors(netlink, family, tally), names), tally


def iproute(namespace: Namespace, family: str) -> set[Row]:
    told = json.loads(namespace.ip(f"-{family[-1]}", "-j", "neigh", "show", "nud", "all"))
    return {(t["dev"], t["dst"], t["state"][0].lower(), t.get("lladdr")) for t in told}


@pytest.fixture
def furnished(wired: Namespace) -> Namespace:
    """Neighbours of both families in every state that stays, one of them without an answer."""
    wired.address("v0", "192.0.2.1/24")
    wired.address("v0", "2001:db8::1/64")
    states = ("permanent", "noarp", "stale", "reachable")
    for n, state in enumerate(states, 2):
        for ip in (f"192.0.2.{n}", f"2001:db8::{n}"):
            wired.ip(
                "neigh", "add", ip, "lladdr", f"02:00:00:00:00:0{n}", "dev", "v0", "nud", state
            )
    wired.ip("neigh", "add", "192.0.2.99", "dev", "v0", "nud", "failed")
    wired.ip("neigh", "add", "proxy", "192.0.2.77", "dev", "v0")
    return wired


@pytest.mark.root
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_rows_equal_those_of_iproute2(furnished: Namespace, family: str) -> None:
    found, tally = read(furnished, family)
    assert found == iproute(furnished, family)
    assert {"permanent", "noarp", "stale", "reachable"} <= {state for _, _, state, _ in found}
    assert tally == Tally(dumps=1)


@pytest.mark.root
def test_rows_equal_those_of_pyroute2(furnished: Namespace) -> None:
    with furnished.entered(), IPRoute() as reference, Netlink() as netlink:
        told = reference.get_neighbours(family=socket.AF_INET)
        ours = read_neighbors(netlink, "ipv4", Tally())
    theirs = {(m["ifindex"], m["state"], m.get("dst"), m.get("lladdr")) for m in told}
    names = {index: str(index) for index in ours.index.tolist()}
    assert {
        (int(index), STATES.get(state, 0), ip, hardware)
        for index, ip, state, hardware in rows(ours, names)
    } == theirs
    assert theirs


@pytest.mark.root
def test_an_unanswered_neighbour_has_no_mac(furnished: Namespace) -> None:
    assert ("v0", "192.0.2.99", "failed", None) in read(furnished, "ipv4")[0]
    furnished.run("ping", "-c1", "-W1", "192.0.2.50", check=False)
    wait_until(
        lambda: ("v0", "192.0.2.50", "failed", None) in read(furnished, "ipv4")[0],
        "nobody has answered",
    )


@pytest.mark.root
def test_proxies_are_no_neighbours(furnished: Namespace) -> None:
    assert "192.0.2.77" in furnished.ip("neigh", "show", "proxy")
    assert "192.0.2.77" not in {ip for _, ip, _, _ in read(furnished, "ipv4")[0]}


@pytest.mark.root
def test_a_table_of_many_datagrams_is_complete(wired: Namespace) -> None:
    # Permanent entries alone do not count towards gc_thresh3, which the whole kernel shares.
    wired.batch(
        "ip",
        (
            f"neigh add 10.0.{n >> 8}.{n & 255} lladdr {text(n)} dev v0 nud permanent"
            for n in range(MANY)
        ),
    )
    found = {ip: hardware for _, ip, _, hardware in read(wired, "ipv4")[0]}
    expected = {f"10.0.{n >> 8}.{n & 255}": text(n) for n in range(MANY)}
    assert expected.items() <= found.items()


@pytest.mark.root
def test_a_device_that_goes_takes_its_entries_along(furnished: Namespace) -> None:
    furnished.ip("link", "del", "v0")
    assert read(furnished, "ipv4")[0] == iproute(furnished, "ipv4")
    assert "v0" not in {device for device, *_ in read(furnished, "ipv4")[0]}


def test_hardware_with_other_addresses_has_no_mac() -> None:
    ip = attr(DST, bytes([192, 0, 2, 1]))
    infiniband = entry(ip, attr(LLADDR, bytes(range(20))), family=2, state=0x80)
    found = read_neighbors(recorded(infiniband + entry(ip, family=2) + DONE), "ipv4", Tally())
    assert found.has_mac.tolist() == [False, False]
    assert found.mac.tolist() == [0, 0]
    assert found.state.tolist() == [0x80, 0x02]


def test_what_is_of_another_family_or_has_no_address_is_left_out() -> None:
    four, six = attr(DST, bytes([10, 0, 0, 1])), attr(DST, bytes(range(16)))
    messages = [
        entry(four, mac(1), family=2, index=1),
        entry(four, mac(1), family=7, index=2),
        entry(six, mac(1), family=2, index=3),
        entry(mac(1), family=2, index=4),
        entry(six, mac(1), family=10, index=5),
        entry(four, mac(1), family=10, index=6),
    ]
    tally = Tally()
    netlink = recorded(b"".join(messages), DONE)
    four_found = read_neighbors(netlink, "ipv4", tally)
    six_found = read_neighbors(netlink, "ipv6", tally)
    assert (four_found.index.tolist(), six_found.index.tolist()) == ([1], [5])
    assert four_found.ip.tolist() == [[10, 0, 0, 1, *[0] * 12]]
    assert six_found.ip.tolist() == [list(range(16))]
    assert tally == Tally()


def test_malformed_messages_are_counted() -> None:
    tally = Tally()
    found = read_neighbors(recorded(packet(28, b"short") + packet(28, bytes(16))), "ipv4", tally)
    assert len(found.index) == len(found.ip) == 0
    assert tally == Tally(malformed=2)


def test_a_table_that_cannot_be_read_is_an_error_and_a_failure() -> None:
    netlink, tally = Netlink(), Tally()
    netlink.close()
    with pytest.raises(KernelError):
        read_neighbors(netlink, "ipv4", tally)
    assert tally == Tally(failures=1)
