"""Frames that scapy builds and reads: our fields are its fields."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether

from l2exporter.collectors.base import ipv4, mac
from l2exporter.dissect.arp import decode
from l2exporter.dissect.ethernet import untag
from tests.dissect.batch import batch

macs = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))
senders = macs.filter(lambda text: text not in {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"})
ips = st.ip_addresses(v=4).map(str)
vids = st.integers(0, 4095)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    ether = Ether(src=draw(macs), dst=draw(macs))
    for layer in draw(st.sampled_from([(), (Dot1Q,), (Dot1AD, Dot1Q), (Dot1Q, Dot1Q)])):
        ether /= layer(vlan=draw(vids), prio=draw(st.integers(0, 7)))
    packet = ARP(
        op=draw(st.integers(0, 65535)),
        hwsrc=draw(senders),
        psrc=draw(ips),
        hwdst=draw(macs),
        pdst=draw(ips),
    )
    return bytes(ether / packet) + draw(st.binary(max_size=18))


def vlan(frame: Ether) -> int:
    """The outermost tag that names a VLAN."""
    tags = [layer.vlan for layer in frame.iterpayloads() if isinstance(layer, Dot1Q)]
    return next(filter(None, tags), 0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(frames(), min_size=1, max_size=4))
def test_every_field_of_every_packet_is_as_scapy_reads_it(wire: list[bytes]) -> None:
    packets, reasons = decode(untag(batch(wire))[0])
    expected = [Ether(frame) for frame in wire]
    assert reasons == {}
    assert [ipv4(ip) for ip in packets.sender_ip.tolist()] == [e[ARP].psrc for e in expected]
    assert [mac(m) for m in packets.sender_mac.tolist()] == [e[ARP].hwsrc for e in expected]
    assert [mac(m) for m in packets.source.tolist()] == [e.src for e in expected]
    assert packets.vlan.tolist() == [vlan(e) for e in expected]
