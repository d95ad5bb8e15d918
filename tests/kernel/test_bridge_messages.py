"""Messages of bridges and ports that other kernels send, made by hand.

VLAN filtering, cards with a switch inside and older kernels, as br_fill_ifinfo and
ndo_dflt_bridge_getlink of Linux make their messages.
"""

from __future__ import annotations

import struct

import pytest

from l2exporter.kernel.bridges import Bridge, Port, read_bridges, read_ports
from l2exporter.kernel.messages import Message
from l2exporter.kernel.tally import Tally
from tests.kernel.answers import Answering
from tests.kernel.build import NESTED, attr, info, link, name, u32

AF_BRIDGE = 7
IFLA_MASTER, IFLA_PROTINFO, IFLA_AF_SPEC = 10, 12, 26
SELF, PVID, RANGE_BEGIN, RANGE_END = 2, 2, 8, 16


def settings(**changed: bytes | None) -> list[bytes]:
    """IFLA_BR_* of a bridge of Linux 4.20, or some of them with other payloads, or without."""
    usual: dict[str, tuple[int, bytes | None]] = {
        "forward_delay": (1, u32(1500)),
        "ageing_time": (4, u32(30000)),
        "stp_state": (5, u32(0)),
        "vlan_filtering": (7, b"\0"),
        "topology_change": (14, b"\0"),
        "topology_change_detected": (15, b"\1"),
        "default_pvid": (39, None),
    }
    payloads = {kind: changed.get(key, payload) for key, (kind, payload) in usual.items()}
    return [attr(kind, payload) for kind, payload in payloads.items() if payload is not None]


def bridge_message(*data: bytes, index: int = 7) -> Message:
    return link(name("br0"), info("bridge", attr(2, b"".join(data))), index=index)


def port_message(*more: bytes, protinfo: bytes = attr(1, b"\3"), index: int = 3) -> Message:
    return link(
        name("eth0"),
        attr(IFLA_MASTER, u32(7)),
        attr(IFLA_PROTINFO | NESTED, protinfo),
        *more,
        family=AF_BRIDGE,
        index=index,
    )


def told(*answers: list[Message]) -> tuple[list[Bridge], Tally]:
    tally = Tally()
    return read_bridges(Answering(*answers), tally), tally


def told_ports(*messages: Message) -> tuple[list[Port], Tally]:
    tally = Tally()
    return read_ports(Answering(messages), tally), tally


def test_what_an_older_kernel_does_not_give_is_absent() -> None:
    (bridge,), tally = told([bridge_message(*settings())])
    assert bridge == Bridge(
        7, "br0", 300.0, 15.0, "none", False, True, False, None, None, None, None, None, None
    )
    (port,), port_tally = told_ports(port_message())
    assert port == Port(3, "eth0", 7, "forwarding", None, None, None, None, None)
    assert tally == port_tally == Tally(dumps=1)


def test_the_spanning_tree_of_a_program() -> None:
    (bridge,), _ = told([bridge_message(*settings(stp_state=u32(2)))])
    assert bridge.stp == "user"


def vlan(vid: int, flags: int = 0) -> bytes:
    return attr(2, struct.pack("=HH", flags, vid))


def own(*vlans: bytes) -> Message:
    """What the bridge device itself tells of its VLANs: it is its own master."""
    spec = attr(IFLA_AF_SPEC, b"".join(vlans))
    return link(name("br0"), attr(IFLA_MASTER, u32(7)), spec, family=AF_BRIDGE)


@pytest.mark.parametrize(
    ("default", "answer", "pvid"),
    [
        (1, [own(vlan(2), vlan(5, PVID), vlan(9, RANGE_BEGIN), vlan(12, RANGE_END))], 5),
        (1, [own(vlan(2), vlan(9))], None),
        (1, [link(name("br0"), attr(IFLA_MASTER, u32(7)), family=AF_BRIDGE)], None),
        (1, [port_message(attr(IFLA_AF_SPEC, vlan(8, PVID)))], 1),
        (0, [], None),
    ],
    ids=["flagged", "none", "no VLAN at all", "of a port only", "none by default"],
)
def test_the_vlan_of_untagged_frames(default: int, answer: list[Message], pvid: int | None) -> None:
    known = settings(vlan_filtering=b"\1", default_pvid=struct.pack("=H", default))
    (bridge,), tally = told([bridge_message(*known)], answer)
    assert (bridge.vlan_filtering, bridge.pvid, tally.malformed) == (True, pvid, 0)


def test_only_a_bridge_that_filters_has_such_a_vlan() -> None:
    plain = bridge_message(*settings(default_pvid=struct.pack("=H", 1)))
    filtering = bridge_message(*settings(vlan_filtering=b"\1"), index=8)
    elsewhere = link(attr(IFLA_MASTER, u32(8)), attr(IFLA_AF_SPEC, vlan(4, PVID)), index=8)
    rows, _ = told([plain, filtering], [own(vlan(5, PVID)), elsewhere])
    assert [row.pvid for row in rows] == [None, 4]


def test_a_kernel_that_sends_every_device_is_asked_for_bridges() -> None:
    others = [link(name("lo")), link(name("v0"), info("veth")), link(name("b"), info("bridged"))]
    rows, tally = told([*others, bridge_message(*settings())])
    assert [row.name for row in rows] == ["br0"]
    assert tally.malformed == 0


def test_the_switch_inside_a_card_is_no_port() -> None:
    flags = attr(IFLA_AF_SPEC, attr(0, struct.pack("=H", SELF)))
    card = port_message(flags, protinfo=attr(8, b"\1"))
    free = link(name("eth1"), flags, family=AF_BRIDGE)
    rows, tally = told_ports(card, free, port_message())
    assert [row.index for row in rows] == [3]
    assert tally.malformed == 0


@pytest.mark.parametrize(
    "data",
    [
        settings(ageing_time=None),
        settings(ageing_time=b"\1\0"),
        settings(stp_state=u32(3)),
        settings(vlan_filtering=u32(1)),
        settings(topology_change=b""),
        [],
    ],
    ids=["no ageing", "short ageing", "odd STP", "long switch", "empty switch", "nothing"],
)
def test_a_bridge_that_cannot_be_believed_is_counted(data: list[bytes]) -> None:
    rows, tally = told([bridge_message(*data), bridge_message(*settings(), index=8)])
    assert [row.index for row in rows] == [8]
    assert tally == Tally(dumps=1, malformed=1)


@pytest.mark.parametrize(
    "message",
    [
        port_message(protinfo=b""),
        port_message(protinfo=attr(1, b"\5")),
        port_message(protinfo=attr(1, b"\3") + attr(8, u32(1))),
        link(attr(IFLA_MASTER, u32(7)), attr(IFLA_PROTINFO, attr(1, b"\3"))),
        link(name("eth0"), attr(IFLA_MASTER, b"\7"), attr(IFLA_PROTINFO, attr(1, b"\3"))),
        Message(16, 0, 0, bytes(15)),
    ],
    ids=["no state", "odd state", "long switch", "no name", "short master", "short"],
)
def test_a_port_that_cannot_be_believed_is_counted(message: Message) -> None:
    rows, tally = told_ports(message, port_message(index=4))
    assert [row.index for row in rows] == [4]
    assert tally == Tally(dumps=1, malformed=1)


def test_a_vlan_of_another_size_leaves_the_default() -> None:
    known = settings(vlan_filtering=b"\1", default_pvid=struct.pack("=H", 6))
    (bridge,), tally = told([bridge_message(*known)], [own(attr(2, b"\2"), vlan(5, PVID))])
    assert (bridge.pvid, tally.malformed) == (6, 1)
