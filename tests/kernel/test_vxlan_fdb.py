from __future__ import annotations

import socket

import pytest

from l2exporter.errors import KernelError
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from l2exporter.kernel.vxlan_fdb import VXLAN_KINDS, read_vxlan_fdb
from tests.kernel.build import attr, u32
from tests.kernel.entries import VNI, entry, mac, recorded
from tests.lab.namespace import Namespace


@pytest.mark.root
def test_entries_of_one_vxlan_device_one_for_each_remote(namespace: Namespace) -> None:
    for name, vni in (("vx0", "42"), ("vx1", "43")):
        more = ("id", vni, "dstport", "4789", "local", "127.0.0.1")
        namespace.ip("link", "add", name, "type", "vxlan", *more)
    lines = [
        "fdb append 00:00:00:00:00:00 dev vx0 dst 127.0.0.2",
        "fdb append 00:00:00:00:00:00 dev vx0 dst 127.0.0.3",
        "fdb add 02:00:00:00:00:01 dev vx0 dst 127.0.0.3 vni 77 static",
        "fdb add 02:00:00:00:00:02 dev vx0 dst 127.0.0.3 extern_learn",
        "fdb add 02:00:00:00:00:03 dev vx0 dst 127.0.0.3 dynamic",
        "fdb add 02:00:00:00:00:04 dev vx1 dst 127.0.0.3",
    ]
    namespace.batch("bridge", lines)
    # As a port of a bridge it has entries of that too. All stay down: nobody speaks, none learns.
    namespace.ip("link", "add", "br0", "type", "bridge")
    namespace.ip("link", "set", "vx0", "master", "br0")
    with namespace.entered(), Netlink() as netlink:
        tally = Tally()
        rows = read_vxlan_fdb(netlink, socket.if_nametoindex("vx0"), tally)
        kinds = [VXLAN_KINDS[kind] for kind in rows.kind.tolist()]
        gone = read_vxlan_fdb(netlink, 9999, tally)
    assert sorted(zip(rows.vni.tolist(), kinds, strict=True)) == [
        (0, "extern_learned"),
        (0, "learned"),
        (0, "static"),
        (0, "static"),
        (77, "static"),
    ]
    assert len(gone.vni) == len(gone.kind) == 0
    assert tally == Tally(dumps=2)


def test_vxlan_entries_from_a_kernel_that_does_not_filter() -> None:
    own = [entry(mac(n), attr(VNI, u32(n)), index=5, flags=0x02, state=0x80) for n in (1, 2)]
    strangers = [
        entry(mac(3), attr(VNI, u32(3)), index=6, flags=0x02),
        entry(mac(4), attr(VNI, u32(4)), index=5),
        entry(mac(5), attr(VNI, u32(5)), index=5, flags=0x02, family=2),
    ]
    rows = read_vxlan_fdb(recorded(b"".join(own + strangers)), 5, Tally())
    assert rows.vni.tolist() == [1, 2]


def test_entries_that_cannot_be_read_are_an_error_and_a_failure() -> None:
    netlink, tally = Netlink(), Tally()
    netlink.close()
    with pytest.raises(KernelError):
        read_vxlan_fdb(netlink, 1, tally)
    assert tally == Tally(failures=1)
