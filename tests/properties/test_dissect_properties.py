"""Whatever bytes come off the wire: nothing raises, and every frame is counted exactly once."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from l2exporter.dissect.arp import TYPES, decode
from l2exporter.dissect.ethernet import untag
from l2exporter.dissect.frames import SNAPLEN, UNTAGGED
from l2exporter.limits import Limits
from tests.collectors.scene import Scene
from tests.dissect import reference
from tests.dissect.batch import batch

few_macs = st.sampled_from([bytes(6), b"\xff" * 6, b"\x02\0\0\0\0\1", b"\x03\0\0\0\0\2"])
macs = few_macs | st.binary(min_size=6, max_size=6)
ips = st.sampled_from([bytes(4), b"\xc0\0\2\1", b"\xc0\0\2\2"]) | st.binary(min_size=4, max_size=4)
words = st.binary(min_size=2, max_size=2)
tag = st.tuples(st.sampled_from([b"\x81\0", b"\x88\xa8", b"\x91\0"]), words).map(b"".join)
headers = st.sampled_from([b"\0\1\x08\0\6\4", b"\0\6\x08\0\6\4"]) | st.binary(
    min_size=6, max_size=6
)
operations = st.sampled_from([b"\0\1", b"\0\2"]) | words


@st.composite
def plausible(draw: st.DrawFn) -> bytes:
    """Nearly an ARP packet: up to five tags, fields that are likely or not, cut off anywhere."""
    tags = b"".join(draw(st.lists(tag, max_size=5)))
    ethertype = draw(st.sampled_from([b"\x08\6", b"\x08\6", b"\x08\6", b"\x08\0"]) | words)
    fields = [draw(kind) for kind in (headers, operations, macs, ips, macs, ips)]
    frame = draw(macs) + draw(macs) + tags + ethertype + b"".join(fields)
    frame += draw(st.binary(max_size=30))
    return frame[: draw(st.integers(0, len(frame)) | st.just(len(frame)))]


frames = plausible() | st.binary(max_size=SNAPLEN + 40)
tcis = st.just(UNTAGGED) | st.integers(0, 0xFFFF)
junk = st.binary(min_size=SNAPLEN, max_size=SNAPLEN)
wire = st.lists(st.tuples(frames, tcis, st.booleans()), max_size=12)
Wire = list[tuple[bytes, int, bool]]


@given(wire, junk)
def test_a_batch_decodes_as_its_frames_one_by_one(taken: Wire, behind: bytes) -> None:
    tags = [tci for _, tci, _ in taken]
    untagged, faults = untag(batch([frame for frame, _, _ in taken], tci=tags, junk=behind))
    packets, arp_faults = decode(untagged)
    one_by_one = [reference.decode(frame, tci) for frame, tci, _ in taken]
    columns = (packets.vlan, packets.sender_ip, packets.sender_mac, packets.source)
    assert [
        reference.Packet(TYPES[kind], *row)
        for kind, *row in zip(packets.type, *(c.tolist() for c in columns), strict=True)
    ] == [packet for packet in one_by_one if isinstance(packet, reference.Packet)]
    expected = Counter(fault for fault in one_by_one if isinstance(fault, reference.Fault))
    assert expected == {
        reference.Fault(protocol, reason): count
        for protocol, reasons in (("ethernet", faults), ("arp", arp_faults))
        for reason, count in reasons.items()
    }


@given(st.lists(wire, max_size=4), st.sampled_from([Limits(), Limits(2, 1, 0.5, vlans=1)]))
def test_every_frame_is_counted_once_whatever_the_caps(batches: list[Wire], caps: Limits) -> None:
    scene = Scene("arp", "frame_errors", "tracked", limits=caps)
    others = 0
    for taken in batches:
        scene.now += 1
        columns = list(zip(*taken, strict=True)) or [(), (), ()]
        scene.feed(*columns[0], tci=columns[1], sent=columns[2])
        others += sum(reference.decode(frame, tci) is None for frame, tci, _ in taken)
    counted = scene.total(
        "l2_arp_packets_total", "l2_arp_packets_sent_total", "l2_frame_errors_total"
    )
    assert counted + others == sum(map(len, batches))
    assert scene.samples("l2_tracked_entries")["addresses",] <= caps.addresses
    assert scene.samples("l2_tracked_entries")["vlans",] <= caps.vlans


@given(wire)
def test_types_directions_vlans_and_anomalies_are_those_of_the_frames(taken: Wire) -> None:
    scene = Scene("arp")
    scene.feed(
        *(frame for frame, _, _ in taken),
        tci=[tci for _, tci, _ in taken],
        sent=[sent for _, _, sent in taken],
    )
    received: Counter[tuple[str, ...]] = Counter()
    own: Counter[tuple[str, ...]] = Counter()
    odd: Counter[tuple[str, ...]] = Counter()
    for frame, tci, sent in taken:
        packet = reference.decode(frame, tci)
        if not isinstance(packet, reference.Packet):
            continue
        vlan = str(packet.vlan or "")
        (own if sent else received)["eth0", vlan, packet.type] += 1
        if not sent:
            odd["eth0", vlan, "source_mismatch"] += packet.source != packet.sender_mac
            odd["eth0", vlan, "multicast_sender"] += packet.sender_mac >> 40 & 1
    assert scene.nonzero("l2_arp_packets_total") == received
    assert scene.nonzero("l2_arp_packets_sent_total") == own
    assert scene.nonzero("l2_arp_anomalies_total") == +odd


@given(st.lists(frames | st.binary(max_size=9000), max_size=8))
def test_no_collector_fails_on_frames_of_any_length_and_content(taken: list[bytes]) -> None:
    scene = Scene()
    for frame in taken:
        scene.feed(frame)
    scene.feed(*taken)
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in scene.suite.collect()
        for sample in family.samples
    }
    for name in scene.suite.names:
        assert told["l2_collector_errors_total", name] == 0
        assert told["l2_scrape_collector_success", name] == 1
