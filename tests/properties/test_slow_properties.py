"""Whatever bytes a frame holds: a message, none, or a reason that is known; at a bounded cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.capture.candidates import is_candidate
from l2exporter.dissect.datagrams import Datagram, decode
from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.slow import PROTOCOLS, REASONS, dissect, protocol_of
from tests.dissect.packets import OFFER, ONE, ROUTERS_2, TWO, advertisement, udp, vrrp3, vrrp6
from tests.dissect.samples import EVERY, outcome, repaired

ADDRESSES = [None, *map(ip_address, (ONE, TWO, ROUTERS_2, "fe80::1", "ff02::66"))]
LARGEST = 2048


likely = st.sampled_from([b"", b"\0", b"\xff", b"\xc0\x0c", b"\0\0", b"\xff\xff", b"\x01"])


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A well-formed frame with bytes changed, taken out, put in, cut off; lengths put right."""
    _, frame = draw(st.sampled_from(EVERY))
    data = bytearray(frame)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        gone = draw(st.sampled_from([0, 1, 1, 1, 2, 4]))
        data[place : place + gone] = draw(st.binary(min_size=gone, max_size=gone) | likely)
    cut = draw(st.just(len(data)) | st.integers(0, len(data)))
    whole = bytes(data[:cut])
    return repaired(whole) if draw(st.booleans()) else whole


payloads = st.binary(max_size=200) | st.sampled_from([decode(frame).payload for _, frame in EVERY])
datagrams = st.builds(
    Datagram,
    source_mac=st.just(1),
    destination_mac=st.just(2),
    ethertype=st.sampled_from([0x0800, 0x86DD, 0x0842]),
    source=st.sampled_from(ADDRESSES),
    destination=st.sampled_from(ADDRESSES),
    protocol=st.sampled_from([0, 17, 58, 112]),
    source_port=st.sampled_from([0, 68]),
    destination_port=st.sampled_from([0, 9, 67, 1985, 2029, 5353]),
    ttl=st.sampled_from([1, 255]),
    payload=payloads,
)


@given(spoilt())
def test_a_spoilt_frame_has_a_message_or_a_reason(frame: bytes) -> None:
    outcome(frame)


@given(spoilt())
def test_what_is_dissected_is_what_the_capture_lets_through(frame: bytes) -> None:
    try:
        found = decode(frame)
    except DissectError:
        return
    if protocol_of(found) is not None:
        assert is_candidate(frame)


@given(st.binary(max_size=300))
def test_a_frame_of_any_bytes_has_a_message_or_a_reason(frame: bytes) -> None:
    outcome(frame)


@given(st.sampled_from(PROTOCOLS), datagrams)
def test_any_payload_may_be_given_to_any_dissector(protocol: str, found: Datagram) -> None:
    assert protocol_of(found) in {None, *PROTOCOLS}
    reason = None
    try:
        dissect(protocol, found)
    except DissectError as error:
        reason = error.reason
    assert reason in {None, *REASONS[protocol]}


@given(st.sampled_from(EVERY), st.binary(max_size=60))
def test_padding_tells_nothing(sample: tuple[str, bytes], padding: bytes) -> None:
    protocol, frame = sample
    assert outcome(frame + padding) == outcome(frame)
    assert outcome(frame)[0] == protocol


@given(st.sampled_from(EVERY), st.data())
def test_what_is_cut_off_is_missed(sample: tuple[str, bytes], data: st.DataObject) -> None:
    """All but Wake-on-LAN's own ethertype says how long it is, and that one may end early."""
    _, frame = sample
    cut = frame[: data.draw(st.integers(0, len(frame) - 1))]
    if frame[12:14] != b"\x08\x42":
        assert outcome(cut) == ("datagram", "truncated")
    elif len(cut) < 14 + 102:
        assert outcome(cut)[1] == "truncated"


def calls(work: Callable[[], object]) -> int:
    """How many functions the work calls, Python's and C's: its cost without a clock."""
    count = 0

    def profile(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def filled(frame: bytes, piece: bytes, size: int) -> bytes:
    """The frame, going on with the piece until it has so many bytes."""
    room = size - len(frame)
    return repaired(frame + (piece * (room // len(piece) + 1))[:room])


ENDLESS_OFFER = OFFER[:-1]
MANY_RECORDS = b"\0\0\x84\0\0\0\0\xff\0\0\0\0"

HOSTILE = [
    ("dhcp", ENDLESS_OFFER, b"\x0c\x00"),
    ("dhcp", ENDLESS_OFFER, b"\x3d\x01x"),
    ("dhcp", ENDLESS_OFFER, b"\x06\x04\1\2\3\4"),
    ("dhcp", ENDLESS_OFFER, b"\x00"),
    ("hsrp", udp(b"", 1985, to=ROUTERS_2), b"\x02\x00"),
    ("vrrp", vrrp3((), ipcount=255), b"\1\2\3\4"),
    ("vrrp", vrrp6((), ipcount=255), b"\1\2\3\4"),
    ("router_advertisement", advertisement(), b"\xc8\x01" + bytes(6)),
    ("router_advertisement", advertisement(), b"\x03\x04\x40" + bytes(29)),
    ("router_advertisement", advertisement(), b"\x19\x03" + bytes(22)),
    ("mdns", udp(MANY_RECORDS, 5353), b"\0\0\1\0\1\0\0\0\1\0\4abcd"),
    ("mdns", udp(MANY_RECORDS, 5353), b"\xc0\x0c\0\1\0\1\0\0\0\1\0\0"),
]
CALLS_PER_BYTE = 8


@pytest.mark.parametrize(("protocol", "frame", "piece"), HOSTILE)
def test_cost_grows_with_length_and_no_faster(protocol: str, frame: bytes, piece: bytes) -> None:
    sizes = (LARGEST // 4, LARGEST // 2, LARGEST)
    frames = [filled(frame, piece, size) for size in sizes]
    assert {outcome(whole)[0] for whole in frames} == {protocol}
    low, middle, high = (calls(partial(outcome, whole)) for whole in frames)
    assert low <= middle <= high
    assert high - middle <= 2 * (middle - low) + 50
    assert high <= CALLS_PER_BYTE * LARGEST
