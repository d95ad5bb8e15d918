"""The filters, run by the kernel: on a pair of local sockets, which takes no privilege."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.capture import filters
from l2exporter.dissect.arp import ETHERTYPE_ARP
from l2exporter.dissect.ethernet import TPIDS
from l2exporter.kernel import bpf
from l2exporter.limits import GUEST_MACS

ADDRESSES = bytes.fromhex("ffffffffffff 020000000001")
SNAPLEN = 64
ARP = ETHERTYPE_ARP
IPV4, RARP = 0x0800, 0x8035
Q, SERVICE, OLD = TPIDS


class Sieve:
    """What the filter lets through, and how much of it."""

    def __init__(self, program: bpf.Program) -> None:
        self._inlet, self._outlet = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        bpf.attach(self._outlet, program)
        self._outlet.setblocking(False)

    def __call__(self, frame: bytes) -> bytes | None:
        self._inlet.send(frame)
        try:
            return self._outlet.recv(2048)
        except BlockingIOError:
            return None

    def close(self) -> None:
        self._inlet.close()
        self._outlet.close()


@pytest.fixture(scope="module")
def sieve() -> Iterator[Sieve]:
    made = Sieve(filters.arp(SNAPLEN))
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


@given(
    types=st.lists(st.sampled_from([ARP, IPV4, *TPIDS]) | st.integers(0, 0xFFFF), max_size=5),
    payload=st.binary(max_size=80),
)
def test_it_decides_as_the_definition_does(types: list[int], payload: bytes) -> None:
    sieve = Sieve(filters.arp(SNAPLEN))
    sent = ADDRESSES + b"".join(struct.pack("!HH", kind, 7) for kind in types) + payload
    expected = sent[:SNAPLEN] if is_arp(sent) else None
    assert sieve(sent) == expected
    sieve.close()


def is_arp(sent: bytes) -> bool:
    for offset in (12, 16, 20):
        if len(sent) < offset + 2:
            return False
        kind = int.from_bytes(sent[offset : offset + 2])
        if kind not in TPIDS:
            return kind == ARP
    return False


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
