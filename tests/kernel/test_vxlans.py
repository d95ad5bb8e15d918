from __future__ import annotations

import json

import pytest

from l2exporter.kernel.messages import Message
from l2exporter.kernel.tally import Tally
from l2exporter.kernel.vxlans import Vxlan, read_vxlans
from tests.kernel.answers import Answering, Disturbed, opened
from tests.kernel.build import attr, info, link, name, u32
from tests.lab.namespace import Namespace

MANY = 60


@pytest.fixture
def tunnelled(namespace: Namespace) -> Namespace:
    """One plain, one odd, one whose packets name their network themselves."""
    vxlan = "type vxlan dstport"
    namespace.batch(
        "ip",
        [
            f"link add vx0 {vxlan} 4789 id 5",
            f"link add vx1 {vxlan} 4790 id 16777215 ageing 77 nolearning maxaddress 9",
            f"link add vx2 {vxlan} 4791 external",
            f"link add vx3 {vxlan} 4792 id 0 ageing 0",
            "link add br0 type bridge",
        ],
    )
    return namespace


@pytest.mark.root
def test_devices_have_the_settings_that_they_were_given(tunnelled: Namespace) -> None:
    with opened(tunnelled) as netlink:
        rows = {row.name: row for row in read_vxlans(netlink, Tally())}
    indexes = {name: row.index for name, row in rows.items()}
    assert rows == {
        "vx0": Vxlan(indexes["vx0"], "vx0", 5, 300.0, True, 0),
        "vx1": Vxlan(indexes["vx1"], "vx1", 16777215, 77.0, False, 9),
        "vx2": Vxlan(indexes["vx2"], "vx2", None, 300.0, False, 0),
        "vx3": Vxlan(indexes["vx3"], "vx3", 0, 300.0, True, 0),
    }


@pytest.mark.root
def test_devices_have_the_settings_that_iproute2_shows(tunnelled: Namespace) -> None:
    with opened(tunnelled) as netlink:
        rows = {row.index: row for row in read_vxlans(netlink, Tally())}
    shown = {
        row["ifindex"]: row["linkinfo"]["info_data"]
        for row in json.loads(tunnelled.ip("-d", "-j", "link", "show", "type", "vxlan"))
    }
    assert rows.keys() == shown.keys()
    for index, row in rows.items():
        theirs = shown[index]
        assert row.vni == (None if theirs.get("external") else theirs["id"])
        assert row.ageing_seconds == theirs["ageing"]
        assert row.learning == theirs["learning"]
        assert row.limit == theirs.get("limit", 0)


@pytest.mark.root
def test_a_device_that_goes_meanwhile_is_an_interruption(namespace: Namespace) -> None:
    plain = "type vxlan dstport 4789 id"
    namespace.batch("ip", [f"link add vx{n} {plain} {n}" for n in range(MANY)])
    tally = Tally()
    with Disturbed(namespace, "link", "delete", "vx59") as netlink:
        names = [row.name for row in read_vxlans(netlink, tally)]
    assert sorted(names) == sorted(f"vx{n}" for n in range(MANY - 1))
    assert tally == Tally(dumps=1, interrupted=1)


def vxlan_message(*data: bytes, index: int = 7) -> Message:
    return link(name("vx0"), info("vxlan", attr(2, b"".join(data))), index=index)


NUMBER, LEARNING, AGEING, LIMIT = attr(1, u32(5)), attr(7, b"\1"), attr(8, u32(9)), attr(9, u32(0))


def told(*messages: Message) -> tuple[list[Vxlan], Tally]:
    tally = Tally()
    return read_vxlans(Answering(messages), tally), tally


def test_what_a_kernel_does_not_give_is_absent() -> None:
    rows, tally = told(vxlan_message(NUMBER, LEARNING, AGEING))
    assert rows == [Vxlan(7, "vx0", 5, 9.0, True, None)]
    assert tally == Tally(dumps=1)


def test_other_devices_are_none() -> None:
    other = link(name("br0"), info("bridge", attr(2, NUMBER + LEARNING + AGEING + LIMIT)))
    rows, tally = told(link(name("lo")), other)
    assert (rows, tally) == ([], Tally(dumps=1))


@pytest.mark.parametrize(
    "message",
    [
        vxlan_message(LEARNING, AGEING, LIMIT),
        vxlan_message(NUMBER, AGEING, LIMIT),
        vxlan_message(NUMBER, LEARNING, attr(8, b"\1\2"), LIMIT),
        link(info("vxlan", attr(2, NUMBER + LEARNING + AGEING + LIMIT))),
        Message(16, 0, 0, bytes(8)),
    ],
    ids=["no VNI", "no learning", "short ageing", "no name", "short"],
)
def test_a_device_that_cannot_be_believed_is_counted(message: Message) -> None:
    rows, tally = told(message, vxlan_message(NUMBER, LEARNING, AGEING, LIMIT, index=8))
    assert [row.index for row in rows] == [8]
    assert tally == Tally(dumps=1, malformed=1)
