"""Neighbour discovery that scapy builds and reads: our fields are its fields."""

from __future__ import annotations

from ipaddress import IPv6Address

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    ICMPv6NDOptUnknown,
    IPv6,
)
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Packet

from l2exporter.collectors.base import mac
from l2exporter.dissect.ethernet import untag
from l2exporter.dissect.ndp import Addresses6, decode
from tests.dissect.batch import batch

REDIRECTED = "2001:db8::9"
macs = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))
senders = macs.filter(lambda text: text not in {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"})
link_local = st.integers(1, 2**64 - 1).map(lambda low: str(IPv6Address(0xFE80 << 112 | low)))
addresses = st.ip_addresses(v=6).filter(lambda ip: int(ip) != 0 and not ip.is_multicast).map(str)
flags = st.integers(0, 1)
vids = st.integers(0, 4095)
bodies = st.one_of(
    st.builds(ICMPv6ND_NS, tgt=addresses),
    st.builds(ICMPv6ND_NA, tgt=addresses, R=flags, S=flags, O=flags),
    st.just(ICMPv6ND_RS()),
    st.just(ICMPv6ND_RA()),
    st.builds(ICMPv6ND_Redirect, tgt=link_local, dst=st.just(REDIRECTED)),
)
options = st.lists(
    st.one_of(
        st.builds(ICMPv6NDOptSrcLLAddr, lladdr=senders),
        st.builds(ICMPv6NDOptDstLLAddr, lladdr=senders),
        st.just(ICMPv6NDOptMTU()),
        st.just(ICMPv6NDOptPrefixInfo(prefix="2001:db8::")),
        st.just(ICMPv6NDOptUnknown(type=14, len=1, data=b"nonce!")),
    ),
    max_size=2,
)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A message that goes by whole, with up to two tags."""
    frame: Packet = Ether(src=draw(macs), dst=draw(macs))
    for layer in draw(st.sampled_from([(), (Dot1Q,), (Dot1AD, Dot1Q)])):
        frame /= layer(vlan=draw(vids), prio=draw(st.integers(0, 7)))
    body = draw(bodies)
    to = draw(addresses)
    frame /= IPv6(src=draw(link_local), dst=to, hlim=255) / body
    for option in draw(options):
        if len(frame / option) <= 118:
            frame /= option
    return bytes(frame) + draw(st.binary(max_size=18))


def texts(column: Addresses6) -> list[str]:
    return [str(IPv6Address(high << 64 | low)) for high, low in column.tolist()]


def address(text: str) -> str:
    return str(IPv6Address(text))


def option_of(frame: Packet) -> str:
    """The first link-layer address that the message has to tell."""
    if ICMPv6ND_Redirect in frame:
        return mac(0)
    kind = ICMPv6NDOptDstLLAddr if ICMPv6ND_NA in frame else ICMPv6NDOptSrcLLAddr
    return frame[kind].lladdr if kind in frame else mac(0)


def bound(frame: Packet) -> str:
    if option_of(frame) == mac(0):
        return "::"
    if ICMPv6ND_NA in frame:
        return address(frame[ICMPv6ND_NA].tgt)
    return address(frame[IPv6].src) if ICMPv6ND_NS in frame else "::"


def target(frame: Packet) -> str:
    for kind in (ICMPv6ND_NS, ICMPv6ND_NA):
        if kind in frame:
            return address(frame[kind].tgt)
    return "::"


def vlan(frame: Packet) -> int:
    """The outermost tag that names a VLAN."""
    tags = [layer.vlan for layer in frame.iterpayloads() if isinstance(layer, Dot1Q)]
    return next(filter(None, tags), 0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(frames(), min_size=1, max_size=4))
def test_every_field_of_every_message_is_as_scapy_reads_it(wire: list[bytes]) -> None:
    packets, reasons = decode(untag(batch(wire))[0])
    expected = [Ether(frame) for frame in wire]
    assert reasons == {}
    assert texts(packets.target) == [target(e) for e in expected]
    assert texts(packets.bound) == [bound(e) for e in expected]
    assert [mac(m) for m in packets.mac.tolist()] == [option_of(e) for e in expected]
    assert [mac(m) for m in packets.source.tolist()] == [e.src for e in expected]
    assert packets.vlan.tolist() == [vlan(e) for e in expected]
    overrides = [ICMPv6ND_NA in e and bool(e[ICMPv6ND_NA].O) for e in expected]
    assert packets.override.tolist() == overrides
