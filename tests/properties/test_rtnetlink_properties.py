"""Whatever bytes a netlink socket brings: our errors or rows, in time bounded by their length."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from l2exporter.errors import KernelError
from l2exporter.kernel.addresses import _parse
from l2exporter.kernel.links import link_change, parse_link
from l2exporter.kernel.messages import Message, attributes, check, messages
from l2exporter.kernel.routes import _default_route, _gateways, _nexthop, is_default_route
from tests.kernel.build import attr, packet

READERS: tuple[Callable[[Message], object], ...] = (
    check,
    _parse,
    link_change,
    parse_link,
    is_default_route,
    _nexthop,
    lambda message: list(_gateways(_default_route(message) or {})),
)

types = st.sampled_from([2, 3, 16, 17, 20, 21, 24, 25, 104]) | st.integers(0, 0xFFFF)


@st.composite
def nested(draw: st.DrawFn) -> bytes:
    """Attributes of plausible types, some of whose lengths lie."""
    blob = st.recursive(
        st.binary(max_size=20),
        lambda inner: st.lists(st.tuples(st.integers(0, 40), inner), max_size=4).map(
            lambda pairs: b"".join(attr(kind, payload) for kind, payload in pairs)
        ),
        max_leaves=8,
    )
    data = bytearray(draw(blob))
    for place in draw(st.lists(st.integers(0, max(len(data) - 1, 0)), max_size=3)):
        data[place : place + 1] = bytes([draw(st.integers(0, 255))])
    return bytes(data)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A header of zeros or noise, then attributes: routes of length 0 pass the first look."""
    size = draw(st.sampled_from([0, 4, 8, 12, 16]))
    header = draw(st.just(bytes(size)) | st.binary(min_size=size, max_size=size))
    if size == 12 and draw(st.booleans()):
        header = bytes([2, 0, 0, 0, 254, 3, 0, 1]) + bytes(4)
    return header + draw(nested())


@given(types, st.integers(0, 0xFFFF), bodies())
def test_every_reader_gives_a_row_or_an_error_of_ours(kind: int, flags: int, body: bytes) -> None:
    for read in READERS:
        with suppress(KernelError):
            read(Message(kind, flags, 1, body))


@given(st.binary(max_size=300))
def test_any_datagram_is_messages_then_perhaps_an_error(datagram: bytes) -> None:
    taken = 0
    with suppress(KernelError):
        for message in messages(datagram):
            taken += 16 + len(message.body)
    assert taken <= len(datagram)


@given(st.lists(st.tuples(types, st.integers(0, 0xFFFF), st.binary(max_size=40))))
def test_messages_read_back_as_they_were_packed(parts: list[tuple[int, int, bytes]]) -> None:
    datagram = b"".join(packet(kind, body, flags=flags) for kind, flags, body in parts)
    assert [(m.type, m.flags, m.body) for m in messages(datagram)] == parts


@given(st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=40)), st.integers(0, 3))
def test_attributes_read_back_with_any_flag_bits(rows: dict[int, bytes], bits: int) -> None:
    data = b"".join(attr(kind | bits << 14, payload) for kind, payload in rows.items())
    assert attributes(data) == rows


@given(nested(), st.integers(0, 60), st.integers(0, 60))
def test_attributes_never_leave_their_share(data: bytes, offset: int, end: int) -> None:
    found = attributes(data, offset, end)
    assert sum(4 + len(payload) for payload in found.values()) <= max(0, end - offset)
    assert all(payload in data[offset:end] for payload in found.values())


@given(st.lists(st.tuples(st.integers(1, 99), st.binary(min_size=4, max_size=4))), st.binary())
def test_paths_before_a_lie_are_kept(paths: list[tuple[int, bytes]], rest: bytes) -> None:
    good = b"".join(struct.pack("=HBBI", 16, 0, 0, i) + attr(5, ip) for i, ip in paths)
    lie = struct.pack("=HBBI", 3, 0, 0, 1)
    found = [(g.index, g.ip.packed) for g in _gateways({9: good + lie + rest})]
    assert found == paths
