"""A storm of spoofed senders against small tables: what is bounded, and what is never lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from tests.lab import frames
from tests.lab.exporter import Exporter, Samples, key
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until
from tests.live.samples import Key, by, eventually
from tests.live.storms import Sender

pytestmark = pytest.mark.root

DEVICE = "eth0"
OWN, GATEWAY, NEXT_GATEWAY, PROTECTED = "10.0.0.2", "10.255.0.1", "10.255.0.2", "10.255.0.9"
A, B = "02:00:00:00:0a:01", "02:00:00:00:0a:02"
SPOOFED, PART = 20_000, 2_000
CAP, BURST, RATE = 32, 64, 100
CONFIG = f"""\
limits: {{addresses: {CAP}, address_burst: {BURST}, address_rate: {RATE}}}
protected_addresses: [{PROTECTED}]
"""


@dataclass(slots=True)
class Scene:
    here: Namespace
    exporter: Exporter
    sender: Sender
    began: float


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A host with a default route, whose own address, gateway and protected one have been seen."""
    file = tmp_path_factory.mktemp("storm") / "l2exporter.yml"
    file.write_text(CONFIG)
    with ExitStack() as stack:
        there, here = stack.enter_context(Namespace()), stack.enter_context(Namespace())
        veth(there, DEVICE, here, DEVICE)
        here.address(DEVICE, f"{OWN}/8")
        here.ip("route", "add", "default", "via", GATEWAY)
        began = time.monotonic()
        exporter = stack.enter_context(Exporter(here, f"--config.file={file}"))
        sender = stack.enter_context(closing(Sender(there, DEVICE)))
        sender.send(frames.announcement(A, GATEWAY), frames.announcement(A, PROTECTED))
        sender.sent += frames.send(here, DEVICE, [frames.announcement(here.mac(DEVICE), OWN)])
        eventually(exporter, {moves(ip): 0 for ip in (OWN, GATEWAY, PROTECTED)})
        yield Scene(here, exporter, sender, began)


def moves(ip: str) -> Key:
    return key("l2_arp_moves_total", device=DEVICE, vlan="", ip=ip)


def addresses(samples: Samples) -> set[str]:
    return set(by(samples, "l2_arp_moves_total", "ip"))


def of_table(samples: Samples, figure: str) -> float:
    return samples[key(f"l2_tracked_{figure}", table="addresses")]


def all_frames(samples: Samples) -> float:
    """Frames handled and frames dropped: whatever was on the wire."""
    lane = {"device": DEVICE, "lane": "fast"}
    handled = samples[key("l2_capture_frames_total", **lane)]
    return handled + samples[key("l2_capture_drops_total", **lane)]


def test_it_stays_within_its_bounds_and_loses_no_count(scene: Scene) -> None:
    ever = addresses(scene.exporter.scrape())
    for part in range(SPOOFED // PART):
        scene.sender.spoof(PART)
        if part == SPOOFED // PART // 2:
            scene.sender.send(frames.announcement(B, PROTECTED))
        ever |= addresses(scene.exporter.scrape())
    wait_until(lambda: all_frames(scene.exporter.scrape()) == scene.sender.sent, "all is counted")
    samples = scene.exporter.scrape()
    ever |= addresses(samples)
    protected = {OWN, GATEWAY, PROTECTED}
    elapsed = time.monotonic() - scene.began
    assert CAP <= len(ever) <= CAP + len(protected) + RATE * elapsed
    assert protected <= addresses(samples)
    assert len(addresses(samples)) == of_table(samples, "entries") == CAP
    assert_every_sighting_has_its_place(samples)


def assert_every_sighting_has_its_place(samples: Samples) -> None:
    """Every packet bound an address anew or was refused, but for the one that made the move."""
    packets = by(samples, "l2_arp_packets_total", "type")
    total = sum(packets.values()) + sum(by(samples, "l2_arp_packets_sent_total", "type").values())
    assert samples[moves(PROTECTED)] == 1
    new = samples[key("l2_arp_new_stations_total", device=DEVICE, vlan="")]
    assert new + of_table(samples, "refusals_total") + 1 == total
    # At least: who enters and gives way within one batch was never a station.
    assert 0 < new - CAP <= of_table(samples, "evictions_total")


def test_a_move_of_a_protected_address_in_its_midst_is_counted(scene: Scene) -> None:
    before = scene.exporter.scrape()[moves(PROTECTED)]
    scene.sender.spoof(PART)
    scene.sender.send(frames.announcement(A, PROTECTED), frames.announcement(B, PROTECTED))
    scene.sender.spoof(PART)
    eventually(scene.exporter, {moves(PROTECTED): before + 2})


def test_a_change_of_the_default_route_is_followed(scene: Scene) -> None:
    scene.here.ip("route", "replace", "default", "via", NEXT_GATEWAY)
    wait_until(lambda: gives_way(scene, GATEWAY), "the old gateway is evicted")
    scene.sender.send(frames.announcement(A, NEXT_GATEWAY))
    before = eventually(scene.exporter, {moves(NEXT_GATEWAY): 0})
    everyone = of_table(before, "evictions_total") + CAP
    wait_until(lambda: rage(scene, everyone), "all that may be evicted has been")
    assert {OWN, NEXT_GATEWAY, PROTECTED} <= addresses(scene.exporter.scrape())


def gives_way(scene: Scene, ip: str) -> bool:
    scene.sender.spoof(CAP)
    return ip not in addresses(scene.exporter.scrape())


def rage(scene: Scene, evictions: float) -> bool:
    scene.sender.spoof(CAP)
    return of_table(scene.exporter.scrape(), "evictions_total") >= evictions
