from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import given, settings
from hypothesis import strategies as st

from l2exporter.collectors.base import ipv4, ipv6, mac
from tests.collectors.scene import Scene
from tests.lab.frames import announcement, tagged

A = "02:00:00:00:00:0a"
zeros_between = st.builds(lambda high, low: high << 96 | low, *[st.integers(0, 2**32 - 1)] * 2)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_addresses_are_written_as_the_standard_library_does(number: int) -> None:
    assert ipv4(number) == str(IPv4Address(number))


@settings(deadline=None)
@given(st.integers(0, 2**128 - 1) | st.integers(0, 2**48 - 1) | zeros_between)
def test_ipv6_addresses_are_written_as_the_standard_library_does(number: int) -> None:
    assert ipv6(number) == str(IPv6Address(number))


@settings(deadline=None)
@given(st.integers(0, 2**48 - 1))
def test_macs_are_six_pairs_of_lower_case(number: int) -> None:
    assert mac(number) == number.to_bytes(6, "big").hex(":")


def test_labels_follow_a_devices_name() -> None:
    scene = Scene("arp_moves", "arp", "stations", "gratuitous_arp")
    scene.feed(announcement(A, "192.0.2.1"), tagged(announcement(A, "192.0.2.2"), 7))
    number = scene.pipeline.device("eth0")
    assert number is not None
    scene.pipeline.rename({number: "lan"})
    assert scene.samples("l2_arp_moves_total") == {
        ("lan", "", "192.0.2.1"): 0,
        ("lan", "7", "192.0.2.2"): 0,
    }
    assert scene.nonzero("l2_arp_new_stations_total") == {("lan", ""): 1, ("lan", "7"): 1}
    assert scene.total("l2_gratuitous_arp_total") == 2
