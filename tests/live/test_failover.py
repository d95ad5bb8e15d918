"""keepalived moves an address: seen by a third host, and by the backup that becomes master."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.lab.exporter import Exporter, Samples, key
from tests.lab.keepalived import VMAC, Failover
from tests.lab.segment import DEVICE, Segment
from tests.live.samples import Key, by, eventually

pytestmark = pytest.mark.root

SENDS = 2 * Failover.GARP_BURST
"""Who takes over announces itself in one burst at once and in another a second later."""


@dataclass(frozen=True, slots=True)
class Scene:
    segment: Segment
    backup: Exporter
    bystander: Exporter


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """A master, a backup and a bystander, the last two with an exporter."""
    with ExitStack() as stack:
        segment = stack.enter_context(Segment(3))
        backup, bystander = (
            stack.enter_context(Exporter(host.namespace)) for host in segment.hosts[1:]
        )
        yield Scene(segment, backup, bystander)


def of(name: str, vip: str, **labels: str) -> Key:
    return key(name, device=DEVICE, vlan="", ip=vip, **labels)


def sent(kind: str) -> Key:
    return key("l2_arp_packets_sent_total", device=DEVICE, vlan="", type=kind)


def fail_over(scene: Scene, vip: str, *, use_vmac: bool) -> tuple[str, str]:
    """Let the backup take over; the hardware addresses that held `vip` before and after."""
    first, second, _ = scene.segment.hosts
    gratuitous = of("l2_gratuitous_arp_total", vip)
    with Failover(first, second, vip, use_vmac=use_vmac) as vrrp:
        for view in (scene.backup, scene.bystander):
            eventually(view, {gratuitous: SENDS, of("l2_arp_moves_total", vip): 0})
        vrrp.fail()
        eventually(scene.bystander, {gratuitous: 2 * SENDS})
    return vrrp.macs


def assert_moved_once(samples: Samples, vip: str, macs: tuple[str, str]) -> None:
    assert samples[of("l2_arp_moves_total", vip)] == 1
    assert samples[of("l2_arp_flip_flops_total", vip)] == 0
    last = {"from_mac": macs[0], "to_mac": macs[1], "cause": "pending"}
    assert samples[of("l2_arp_last_move_info", vip, **last)] == 1


def test_with_addresses_of_their_own_it_is_one_move_in_either_view(scene: Scene) -> None:
    vip = "192.0.2.100"
    before = scene.backup.scrape().get(sent("announcement"), 0)
    macs = fail_over(scene, vip, use_vmac=False)
    samples = eventually(scene.backup, {sent("announcement"): before + SENDS})
    assert samples[of("l2_gratuitous_arp_total", vip)] == SENDS
    assert_moved_once(samples, vip, macs)
    assert_moved_once(scene.bystander.scrape(), vip, macs)


def test_with_the_virtual_routers_address_there_is_no_move(scene: Scene) -> None:
    vip = "192.0.2.101"
    before = scene.backup.scrape()[sent("announcement")]
    assert fail_over(scene, vip, use_vmac=True) == (VMAC, VMAC)
    samples = eventually(scene.backup, {sent("announcement"): before + SENDS})
    assert samples[of("l2_gratuitous_arp_total", vip)] == SENDS
    for view in (samples, scene.bystander.scrape()):
        assert view[of("l2_arp_moves_total", vip)] == 0
        assert set(by(view, "l2_capture_up", "device")) == {DEVICE}
