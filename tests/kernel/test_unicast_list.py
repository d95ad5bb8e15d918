"""Which MACs a device takes in, on real devices and from messages made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from l2exporter.kernel.links import read_links
from l2exporter.kernel.messages import Message
from l2exporter.kernel.neighbors import NDA_LLADDR, NDMSG
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.unicast_list import read_unicast_list
from tests.kernel.build import attr
from tests.lab.namespace import Namespace, veth

MAC = 0x0200_0000_0A01
SELF, MASTER = 0x02, 0x04


def index_of(netlink: Netlink, device: str) -> int:
    return next(link.index for link in read_links(netlink).values() if link.name == device)


@pytest.mark.root
def test_it_has_what_is_stacked_and_up_and_what_an_operator_adds() -> None:
    with Namespace() as here:
        veth(here, "eth0", here, "far0")
        here.bridge("br0", "far0")
        with here.entered(), Netlink() as netlink:
            index = index_of(netlink, "eth0")
            assert read_unicast_list(netlink, index) == frozenset()
            stacked = ("name", "mv0", "address", "02:00:00:00:0a:01", "type", "macvlan")
            here.ip("link", "add", "link", "eth0", *stacked)
            assert read_unicast_list(netlink, index) == frozenset(), "it is down"
            here.ip("link", "set", "mv0", "up")
            here.run("bridge", "fdb", "add", "02:00:00:00:0a:02", "dev", "eth0", "self")
            here.run("bridge", "fdb", "add", "02:00:00:00:0a:03", "dev", "far0", "master", "static")
            assert read_unicast_list(netlink, index) == {MAC, MAC + 1}
            assert read_unicast_list(netlink, index_of(netlink, "far0")) == frozenset()
            assert read_unicast_list(netlink, 99_999) == frozenset()


def body(index: int = 7, flags: int = SELF, mac: int = MAC) -> bytes:
    return NDMSG.pack(7, index, 0x80, flags, 0) + attr(NDA_LLADDR, mac.to_bytes(6))


class Answers:
    """A netlink socket that answers every dump with these bodies."""

    def __init__(self, *bodies: bytes) -> None:
        self._bodies = bodies

    def dump(self, _: int, __: bytes, parse: Callable[[Message], int | None]) -> list[int]:
        rows = [parse(Message(28, 0, 0, each)) for each in self._bodies]
        return [row for row in rows if row is not None]


def read(*bodies: bytes) -> set[int]:
    return set(read_unicast_list(cast(Netlink, Answers(*bodies)), 7))


def test_entries_of_other_devices_and_tables_and_of_groups_are_left_out() -> None:
    others = [body(index=8), body(flags=MASTER), body(mac=0x3333_0000_0001)]
    assert read(*others, body(), body(flags=SELF | MASTER, mac=MAC + 1)) == {MAC, MAC + 1}


@pytest.mark.parametrize("size", range(len(body()) - 2))  # the last two are padding
def test_a_message_cut_short_is_none(size: int) -> None:
    assert read(body()[:size]) == set()


def test_an_address_of_another_length_is_none() -> None:
    assert read(NDMSG.pack(7, 7, 0x80, SELF, 0) + attr(NDA_LLADDR, bytes(8))) == set()
