from __future__ import annotations

from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from l2exporter import limits
from l2exporter.dissect.dhcp import Dhcp
from l2exporter.dissect.reader import Address
from l2exporter.dissect.router_advertisement import RouterAdvertisement
from l2exporter.evidence.hosts.routers import Routers
from l2exporter.evidence.seen import Seen

A, B = 0x02_00_00_00_00_0A, 0x02_00_00_00_00_0B
ONE = IPv6Address("fe80::1")


class Wire:
    """Routers, those of them that are protected, and a clock."""

    def __init__(self, *protected: Address) -> None:
        self.now = 0.0
        self.routers = Routers(lambda key: key[1] in protected)

    def advertise(
        self,
        source: IPv6Address = ONE,
        mac: int | None = A,
        lifetime: int = 1_800,
        segment: int = 0,
        frame_mac: int = B,
        preference: str = "medium",
    ) -> None:
        message = RouterAdvertisement(source, mac, lifetime, False, False, preference, (), ())
        self.routers.observe(self.seen(message, segment, frame_mac))

    def seen(self, message: RouterAdvertisement | Dhcp, segment: int, mac: int) -> Seen:
        wall = 1_000 + self.now
        return Seen(0, segment, mac, 0, None, None, 0, 0, False, wall, self.now, message)

    def shown(self) -> set[tuple[int, str]]:
        self.routers.settle(self.now)
        return {(router.segment, str(router.ip)) for router in self.routers.entries()}

    def flood(self, count: int, segment: int = 0) -> None:
        for n in range(count):
            self.advertise(IPv6Address(int(IPv6Address("fe80::bad:0")) + n), segment=segment)


def test_a_router_is_what_its_last_advertisement_said() -> None:
    wire = Wire()
    wire.advertise()
    wire.now = 5
    wire.advertise(lifetime=900, preference="high")
    (router,) = wire.routers.entries()
    assert (router.ip, router.mac, router.lifetime, router.time) == (ONE, A, 900, 1_005)
    assert (router.preference, router.segment) == ("high", 0)


def test_without_an_option_the_mac_is_the_frames() -> None:
    wire = Wire()
    wire.advertise(mac=None)
    assert wire.routers.entries()[0].mac == B


def test_other_messages_make_no_router() -> None:
    wire = Wire()
    wire.routers.observe(wire.seen(Dhcp("ack", 1, A), 0, A))
    assert wire.shown() == set()


def test_a_router_is_shown_until_its_lifetime_has_passed() -> None:
    wire = Wire()
    wire.advertise(lifetime=1_800)
    wire.now = 1_000
    wire.advertise(lifetime=1_800)
    wire.now = 2_799
    assert wire.shown() == {(0, "fe80::1")}
    wire.now = 2_800
    assert wire.shown() == set()


def test_one_that_withdraws_or_is_short_lived_is_still_seen_by_a_few_scrapes() -> None:
    for lifetime in (0, 1):
        wire = Wire()
        wire.advertise(lifetime=lifetime)
        wire.now = limits.ROUTER_SHOWN_SECONDS - 1
        assert wire.shown() == {(0, "fe80::1")}
        assert wire.routers.entries()[0].lifetime == lifetime
        wire.now = limits.ROUTER_SHOWN_SECONDS
        assert wire.shown() == set()


def test_the_same_address_on_two_segments_is_two_routers() -> None:
    wire = Wire()
    wire.advertise(segment=0, mac=A)
    wire.advertise(segment=1, mac=B)
    assert wire.shown() == {(0, "fe80::1"), (1, "fe80::1")}


def test_a_flood_pushes_out_nobody_and_is_counted() -> None:
    wire = Wire()
    wire.advertise()
    wire.flood(1_000)
    assert (0, "fe80::1") in wire.shown()
    usage = wire.routers.usage()
    assert usage.entries == limits.ROUTERS_PER_SEGMENT
    assert usage.refusals == 1_001 - limits.ROUTERS_PER_SEGMENT
    wire.advertise(segment=1)
    assert (1, "fe80::1") in wire.shown()


def test_one_that_is_protected_finds_a_place_and_keeps_it() -> None:
    wire = Wire(ONE)
    wire.flood(limits.ROUTERS_PER_SEGMENT)
    wire.advertise()
    assert (0, "fe80::1") in wire.shown()
    wire.now = limits.ROUTER_SILENT_SECONDS - 1
    wire.flood(1_000)
    assert (0, "fe80::1") in wire.shown()
    assert wire.routers.usage().evictions == 1


def test_one_that_has_been_silent_for_long_gives_way() -> None:
    wire = Wire()
    for n in range(limits.ROUTERS_PER_SEGMENT):
        wire.advertise(IPv6Address(f"fe80::a:{n:x}"), lifetime=65_535)
    wire.now = limits.ROUTER_SILENT_SECONDS - 1
    wire.advertise()
    assert (0, "fe80::1") not in wire.shown()
    wire.now += 1
    wire.advertise()
    assert (0, "fe80::1") in wire.shown()
    assert wire.routers.usage().entries == limits.ROUTERS_PER_SEGMENT


def test_routers_that_come_and_go_are_shown_at_a_bounded_rate() -> None:
    wire = Wire()
    shown: set[tuple[int, str]] = set()
    for _ in range(20):
        for segment in range(8):
            for n in range(16):
                source = IPv6Address(int(ONE) + int(wire.now) * 100 + n)
                wire.advertise(source, lifetime=0, segment=segment)
        shown |= wire.shown()
        wire.now += limits.ROUTER_SHOWN_SECONDS
    assert limits.ROUTERS < len(shown) <= limits.ROUTERS + limits.ROUTER_RATE * wire.now


def test_macs_that_change_with_each_frame_are_shown_at_a_bounded_rate() -> None:
    wire = Wire()
    macs = set()
    for n in range(1_000):
        wire.advertise(mac=n + 1)
        macs.add(wire.routers.entries()[0].mac)
    assert len(macs) == limits.ROUTERS + 1
    wire.now = 1 / limits.ROUTER_RATE
    wire.advertise(mac=9_999)
    assert wire.routers.entries()[0].mac == 9_999


def test_routers_follow_their_segment() -> None:
    wire = Wire()
    wire.advertise(segment=1)
    wire.advertise(IPv6Address("fe80::2"), segment=2)
    wire.routers.change_segment(1, 3)
    wire.routers.change_segment(2, None)
    assert wire.shown() == {(3, "fe80::1")}
    wire.advertise(segment=3)
    assert wire.routers.usage().entries == 1


advertised = st.tuples(
    st.integers(0, 12), st.integers(0, 60), st.integers(0, 65_535), st.integers(0, 900)
)


@given(st.lists(advertised, max_size=300))
def test_the_table_keeps_to_its_caps_and_to_those_that_are_protected(
    wire_of: list[tuple[int, int, int, int]],
) -> None:
    wire = Wire(ONE)
    wire.advertise(lifetime=65_535)
    for segment, n, lifetime, seconds in wire_of:
        wire.now = min(wire.now + seconds, 65_000)
        wire.advertise(IPv6Address(int(ONE) + 1 + n), lifetime=lifetime, segment=segment)
        shown = wire.shown()
        assert (0, "fe80::1") in shown
        assert len(shown) <= limits.ROUTERS
        assert sum(at == segment for at, _ in shown) <= limits.ROUTERS_PER_SEGMENT
