"""Two bridges in a loop with STP: what a topology change does to what they remember."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.lab.crowd import crowded
from tests.lab.exporter import Exporter, key
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until
from tests.live.samples import Key, by, eventually

pytestmark = pytest.mark.root

ROOT, LEAF = "br0", "br1"
WIRES = (("r0", "l0"), ("r1", "l1"))

AGEING, DELAY = 120, 2
SHORTEST = ("stp_state", "1", "hello_time", "100", "max_age", "600", "forward_delay", f"{DELAY}00")
"""The least that the kernel allows (1/100 s): a change lasts forward delay + max age, 8 s."""

CHANGE_SECONDS = 30.0


@pytest.fixture
def here() -> Iterator[Namespace]:
    """Both bridges up, their ports still down."""
    with Namespace() as made, crowded(made):
        for bridge, priority in ((ROOT, "4096"), (LEAF, "32768")):
            options = (*SHORTEST, "priority", priority, "ageing_time", f"{AGEING}00")
            made.ip("link", "add", bridge, "up", "type", "bridge", *options)
        numbers = itertools.count(1)
        for ends in WIRES:
            macs = (f"02:00:00:00:ff:{next(numbers):02x}", f"02:00:00:00:ff:{next(numbers):02x}")
            veth(made, ends[0], made, ends[1], macs)
            for end, bridge in zip(ends, (ROOT, LEAF), strict=True):
                made.ip("link", "set", end, "down")
                made.ip("link", "set", end, "master", bridge)
        yield made


def of(name: str, bridge: str = ROOT, **labels: str) -> Key:
    return key(name, bridge=bridge, **labels)


def settings(ageing: int, *, change: int) -> dict[Key, float | None]:
    """What the root bridge tells of itself, and what it means for idle neighbours."""
    return {
        of("l2_bridge_ageing_seconds"): ageing,
        of("l2_bridge_forward_delay_seconds"): DELAY,
        of("l2_bridge_topology_change"): change,
        of("l2_bridge_topology_change_detected"): change,
        of("l2_neighbor_outlives_fdb", family="ipv4"): change,
        of("l2_neighbor_outlives_fdb", family="ipv6"): change,
    }


def test_a_topology_change_shortens_the_memory_of_a_bridge(here: Namespace) -> None:
    with Exporter(here) as exporter:
        down = [of("l2_bridge_port_state_info", port="r0", state="disabled")]
        eventually(exporter, settings(AGEING, change=0) | dict.fromkeys(down, 1))
        for bridge in (ROOT, LEAF):
            assert exporter.scrape()[of("l2_bridge_stp_info", bridge, mode="kernel")] == 1

        here.batch("ip", [f"link set {end} up" for wire in WIRES for end in wire])
        seen: list[str] = []
        change = of("l2_bridge_topology_change")

        def changing() -> bool:
            samples = exporter.scrape()
            states = by(samples, "l2_bridge_port_state_info", "state", bridge=ROOT, port="r0")
            seen.extend(state for state in states if state not in seen[-1:])
            return samples[change] == 1 and "forwarding" in seen

        wait_until(changing, "the topology changes", CHANGE_SECONDS)
        assert seen[seen.index("listening") :] == ["listening", "learning", "forwarding"]
        # The kernel takes twice the forward delay for the ageing time, and forgets after one.
        eventually(exporter, settings(2 * DELAY, change=1))
        blocked = [of("l2_bridge_port_state_info", LEAF, port="l1", state="blocking")]
        told = [of("l2_bridge_topology_change", LEAF)]
        found = [of("l2_bridge_topology_change_detected", LEAF)]
        eventually(exporter, dict.fromkeys(blocked + told, 1) | dict.fromkeys(found, 0))

        wait_until(lambda: exporter.scrape()[change] == 0, "the change is over", CHANGE_SECONDS)
        eventually(exporter, settings(AGEING, change=0))
