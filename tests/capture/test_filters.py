"""The filters, run by the kernel: on a pair of local sockets, which takes no privilege."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.capture import filters
from l2exporter.dissect.arp import ETHERTYPE_ARP
from l2exporter.dissect.ethernet import TPIDS
from l2exporter.kernel import bpf
from l2exporter.limits import GUEST_MACS
from tests.capture.sieve import Sieve
from tests.capture.slow_frames import DISCOVERY, LEFT, TAKEN
from tests.lab.frames import qinq, tagged

ADDRESSES = bytes.fromhex("ffffffffffff 020000000001")
SNAPLEN = 64
ARP = ETHERTYPE_ARP
IPV4, IPV6, RARP = 0x0800, 0x86DD, 0x8035
Q, SERVICE, OLD = TPIDS


@pytest.fixture(scope="module")
def sieve() -> Iterator[Sieve]:
    made = Sieve(filters.fast(SNAPLEN))
    yield made
    made.close()


def frame(*types: int, payload: bytes = bytes(28)) -> bytes:
    """Ethertypes in order: tags (each VID 7), then what is behind them."""
    tags = b"".join(struct.pack("!HH", kind, 7) for kind in types[:-1])
    return ADDRESSES + tags + struct.pack("!H", types[-1]) + payload


@pytest.mark.parametrize(
    "types",
    [(ARP,), (Q, ARP), (SERVICE, ARP), (OLD, ARP), (SERVICE, Q, ARP), (Q, Q, ARP)],
    ids=str,
)
def test_arp_passes_behind_up_to_two_tags(sieve: Sieve, types: tuple[int, ...]) -> None:
    assert sieve(frame(*types)) == frame(*types)


@pytest.mark.parametrize(
    "types",
    [(IPV4,), (RARP,), (0x86DD,), (0x0608,), (28,), (Q, IPV4), (Q, Q, IPV4), (Q, Q, Q, ARP)],
    ids=str,
)
def test_other_frames_do_not(sieve: Sieve, types: tuple[int, ...]) -> None:
    assert sieve(frame(*types)) is None


def test_arp_further_back_in_a_frame_is_none(sieve: Sieve) -> None:
    assert sieve(frame(IPV4, payload=struct.pack("!HHHH", ARP, ARP, ARP, ARP))) is None


def test_no_more_than_the_snap_length_is_kept(sieve: Sieve) -> None:
    long = frame(ARP, payload=bytes(range(200)))
    assert sieve(long) == long[:SNAPLEN]


@pytest.mark.parametrize("size", [1, 12, 13, 14, 15, 17, 18, 21, 22])
def test_a_frame_cut_short_passes_as_far_as_its_type_is_there(sieve: Sieve, size: int) -> None:
    cut = frame(Q, Q, ARP)[:size]
    assert sieve(cut) == (cut if size >= 22 else None)


INLINE: list[Callable[[bytes], bytes]] = [
    lambda plain: plain,
    lambda plain: tagged(plain, 7),
    lambda plain: qinq(plain, 100, 7),
]
inline = pytest.mark.parametrize("tags", INLINE, ids=["plain", "802.1Q", "QinQ"])


@inline
@pytest.mark.parametrize("kind", DISCOVERY)
def test_neighbour_discovery_passes(
    sieve: Sieve, kind: str, tags: Callable[[bytes], bytes]
) -> None:
    sent = tags(bytes(DISCOVERY[kind]))
    assert sieve(sent) == sent[:SNAPLEN]


@pytest.mark.parametrize("kind", LEFT.keys() - DISCOVERY.keys())
def test_nothing_else_does(sieve: Sieve, kind: str) -> None:
    assert sieve(bytes(LEFT[kind])) is None


@pytest.mark.parametrize("number", range(130, 141))
def test_of_icmpv6_the_types_of_neighbour_discovery_pass(sieve: Sieve, number: int) -> None:
    sent = frame(IPV6, payload=bytes(6) + b"\x3a" + bytes(33) + bytes([number]))
    assert (sieve(sent) == sent) == (133 <= number <= 137)
    assert sieve(sent[:-1]) is None


@given(
    types=st.lists(st.sampled_from([ARP, IPV4, IPV6, *TPIDS]) | st.integers(0, 0xFFFF), max_size=5),
    header=st.sampled_from([bytes(6) + b"\x3a" + bytes(33), bytes(40), b""]),
    payload=st.integers(130, 140).map(lambda number: bytes([number])) | st.binary(max_size=80),
)
def test_it_decides_as_the_definition_does(types: list[int], header: bytes, payload: bytes) -> None:
    sieve = Sieve(filters.fast(SNAPLEN))
    tags = b"".join(struct.pack("!HH", kind, 7) for kind in types[:-1])
    sent = ADDRESSES + tags + b"".join(struct.pack("!H", kind) for kind in types[-1:])
    sent += header + payload
    expected = sent[:SNAPLEN] if is_fast(sent) else None
    assert sieve(sent) == expected
    sieve.close()


def is_fast(sent: bytes) -> bool:
    for offset in (12, 16, 20):
        kind, packet = sent[offset : offset + 2], sent[offset + 2 :]
        if kind == IPV6.to_bytes(2):
            return packet[6:7] == b"\x3a" and packet[40:41] in {bytes([n]) for n in range(133, 138)}
        if int.from_bytes(kind) not in TPIDS:
            return kind == ARP.to_bytes(2)
    return False


@pytest.fixture(scope="module")
def slow() -> Iterator[Sieve]:
    made = Sieve(filters.slow(SNAPLEN))
    yield made
    made.close()


@inline
@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_dissected_passes_the_slow_filter(
    slow: Sieve, kind: str, tags: Callable[[bytes], bytes]
) -> None:
    sent = tags(bytes(TAKEN[kind]))
    assert slow(sent) == sent[:SNAPLEN]
    assert slow(tagged(qinq(bytes(TAKEN[kind]), 1, 2), 3)) is None, "a third tag"


@inline
@pytest.mark.parametrize("kind", LEFT)
def test_what_is_not_does_not(slow: Sieve, kind: str, tags: Callable[[bytes], bytes]) -> None:
    assert slow(tags(bytes(LEFT[kind]))) is None


def test_arp_is_of_the_fast_lane_alone(slow: Sieve) -> None:
    assert slow(frame(ARP)) is None


def test_a_program_that_is_none_is_refused() -> None:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock,
        pytest.raises(OSError, match="Invalid argument"),
    ):
        bpf.attach(sock, [(0xFFFF, 0, 0, 0)])


# The kernel gives frames on a pair of local sockets this type; others are in test_flood_socket.py.
PACKET_HOST = 0

MAC = 0x020000000001


def passes(program: bpf.Program, destination: int, size: int = 60) -> bool:
    sieve = Sieve(program)
    sent = (destination.to_bytes(6) + bytes(60))[:size]
    passed = sieve(sent)
    sieve.close()
    assert passed in (None, sent[:1]), "a byte is enough to be counted"
    return passed is not None


@pytest.mark.parametrize("destination", [0xFFFFFFFFFFFF, 0x01005E000001, 0x333300000001])
def test_what_is_for_a_group_is_never_counted(destination: int) -> None:
    assert not passes(filters.unknown_unicast(PACKET_HOST, ()), destination)


@pytest.mark.parametrize("other", [3, 4])
def test_frames_of_another_packet_type_are_not_counted(other: int) -> None:
    assert passes(filters.unknown_unicast(PACKET_HOST, ()), MAC)
    assert not passes(filters.unknown_unicast(other, ()), MAC)


@pytest.mark.parametrize("size", [1, 5, 6])
def test_a_frame_without_a_whole_destination_is_not_counted(size: int) -> None:
    assert passes(filters.unknown_unicast(PACKET_HOST, (MAC,)), MAC ^ 0xFF, size) == (size == 6)


# Few values for each half of a MAC, so that many share one.
UNICAST = st.builds(
    lambda first, rest: first << 32 | rest,
    st.sampled_from([0x0200, 0x0201, 0x5254, 0xFEFF]),
    st.sampled_from([0, 1, 2, 0xFFFFFFFE, 0xFFFFFFFF]) | st.integers(0, 0xFFFFFFFF),
)


@given(known=st.lists(UNICAST, max_size=GUEST_MACS), others=st.lists(UNICAST, max_size=5))
def test_exactly_what_is_for_others_is_counted(known: list[int], others: list[int]) -> None:
    program = filters.unknown_unicast(PACKET_HOST, known)
    for destination in (*known[:5], *known[-5:], *others):
        assert passes(program, destination) == (destination not in known)


@pytest.mark.parametrize("spread", [1, 1 << 33], ids=["of one vendor", "of as many vendors"])
def test_as_many_macs_as_are_remembered_of_a_guest_make_a_program(spread: int) -> None:
    known = [MAC + number * spread for number in range(GUEST_MACS)]
    program = filters.unknown_unicast(PACKET_HOST, known)
    assert len(program) <= 6 + 5 * GUEST_MACS + 1
    assert [passes(program, mac) for mac in known] == [False] * GUEST_MACS
    assert passes(program, MAC + GUEST_MACS * spread)
