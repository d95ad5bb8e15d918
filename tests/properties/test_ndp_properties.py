"""Whatever messages come off the wire: nothing raises, and every frame is decoded exactly once."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.dissect.ethernet import untag
from l2exporter.dissect.frames import SNAPLEN, UNTAGGED
from l2exporter.dissect.ndp import TYPES, Addresses6, decode
from tests.dissect import ndp_reference as reference
from tests.dissect.batch import batch

words = st.binary(min_size=2, max_size=2)
tag = st.tuples(st.sampled_from([b"\x81\0", b"\x88\xa8", b"\x91\0"]), words).map(b"".join)
MAC = b"\2\0\0\0\0\1"
macs = st.sampled_from([MAC] * 6 + [bytes(6), b"\xff" * 6]) | st.binary(min_size=6, max_size=6)
LOCAL, SITE = b"\xfe\x80" + bytes(13) + b"\1", b"\x20\1\x0d\xb8" + bytes(11) + b"\2"
NODES, GROUP = b"\xff\2" + bytes(13) + b"\1", b"\xff\2" + bytes(9) + b"\1\xff\0\0\2"
unicast = st.sampled_from([LOCAL, LOCAL, LOCAL, SITE])
ips = st.sampled_from([NODES, GROUP, bytes(16)]) | st.binary(min_size=16, max_size=16)
kinds = st.sampled_from([*reference.FIXED, reference.NS, reference.NA, reference.NA])
mostly = st.sampled_from([True] * 30 + [False])


@st.composite
def option(draw: st.DrawFn) -> bytes:
    """Mostly a link-layer address; sometimes of another type, or of a length that lies."""
    size = draw(st.sampled_from([1] * 24 + [2, 4, 0, 40]))
    kind = draw(st.sampled_from([1, 2, 1, 2, 3, 14, 0]))
    body = draw(macs) + bytes(max(0, min(size, 4) - 1) * 8)
    return bytes([kind, size]) + body


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Nearly neighbour discovery: every field likely or not, tags, cut off or padded anywhere."""
    kind = draw(kinds)
    fixed = draw(st.binary(min_size=4, max_size=4))
    if reference.FIXED[kind] == 16:
        fixed += draw(st.binary(min_size=8, max_size=8))
    for _ in range((reference.FIXED[kind] - 8) // 16):
        fixed += draw(unicast if draw(mostly) else ips)
    code = 0 if draw(mostly) else draw(st.integers(0, 255))
    body = fixed + b"".join(draw(st.lists(option(), max_size=6)))
    body += draw(st.sampled_from([b""] * 20 + [b"\1", b"\1\1"]))
    addresses = draw(unicast | ips if draw(mostly) else ips) + draw(unicast | ips)
    length = len(body) + 4 if draw(mostly) else draw(st.integers(0, 0xFFFF))
    message = bytes([kind, code]) + checksum(addresses, kind, code, body) + body
    hops = 255 if draw(mostly) else draw(st.integers(0, 255))
    version = 0x60 if draw(mostly) else draw(st.integers(0, 255))
    ethertype = b"\x86\xdd" if draw(mostly) else draw(words)
    next_header = 58 if draw(mostly) else draw(st.integers(0, 255))
    tags = b"".join(draw(st.lists(tag, max_size=4)))
    frame = draw(macs) + draw(macs) + tags + ethertype + bytes([version, 0, 0, 0])
    frame += length.to_bytes(2, "big") + bytes([next_header, hops]) + addresses + message
    if not draw(mostly):
        place = draw(st.integers(0, len(frame) - 1))
        frame = frame[:place] + bytes([draw(st.integers(0, 255))]) + frame[place + 1 :]
    frame += draw(st.binary(max_size=20))
    return frame if draw(mostly) else frame[: draw(st.integers(0, len(frame)))]


def checksum(addresses: bytes, kind: int, code: int, body: bytes) -> bytes:
    """What makes the message right, by dividing; the reference adds."""
    message = bytes([kind, code, 0, 0]) + body
    padded = addresses + message + bytes(len(message) % 2)
    total = int.from_bytes(padded, "big") + len(message) + 58
    return (0xFFFF - total % 0xFFFF).to_bytes(2, "big")


def numbers(addresses: Addresses6) -> list[int]:
    return [high << 64 | low for high, low in addresses.tolist()]


wire = st.lists(
    st.tuples(messages() | st.binary(max_size=150), st.just(UNTAGGED) | st.integers(0, 0xFFFF)),
    max_size=10,
)
junk = st.binary(min_size=SNAPLEN, max_size=SNAPLEN)


@given(wire, junk)
def test_a_batch_decodes_as_its_frames_one_by_one(
    taken: list[tuple[bytes, int]], behind: bytes
) -> None:
    rows = batch([frame for frame, _ in taken], tci=[tci for _, tci in taken], junk=behind)
    packets, faults = decode(untag(rows)[0])
    one_by_one = [reference.decode(frame, tci) for frame, tci in taken]
    decoded = [
        reference.Message(*row)
        for row in zip(
            [TYPES[kind] for kind in packets.type.tolist()],
            packets.vlan.tolist(),
            numbers(packets.target),
            numbers(packets.bound),
            packets.mac.tolist(),
            packets.source.tolist(),
            packets.override.tolist(),
            strict=True,
        )
    ]
    assert decoded == [one for one in one_by_one if isinstance(one, reference.Message)]
    assert faults == Counter(one for one in one_by_one if isinstance(one, str))


@given(messages())
def test_the_place_in_a_batch_changes_nothing(frame: bytes) -> None:
    alone, fault = decode(untag(batch([frame]))[0])
    many, faults = decode(untag(batch([frame, bytes(60), frame, frame]))[0])
    assert len(many) == 3 * len(alone)
    assert faults == {reason: 3 * count for reason, count in fault.items()}
    assert np.array_equal(many.bound, np.repeat(alone.bound, 3))
