"""A sleep proxy, as an actor on a host of a segment: what Apple's send, when they send it.

Times are seconds after a registration unless said otherwise. Its own addresses are its kernel's.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from scapy.layers.dns import DNS
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from l2exporter.dissect import dns_update, mdns
from l2exporter.dissect.dns_update import Registration, RegistrationReply
from l2exporter.dissect.reader import DissectError
from tests.dissect import dns_messages
from tests.lab import frames
from tests.lab.segment import Host
from tests.lab.wire import Actor

PROBES = (1.0, 2.0, 3.0)
ANNOUNCEMENTS = (1.0, 2.0)
LADDER = (4.0, 5.0, 7.0, 11.0)
BLIP_SECONDS = 13.0
MAGIC_SECONDS, MAGIC_TIMES = 2.0, 15
INSTANCE = "50-37-71-72 Lab proxy"
WAKE_ON_LAN = 0x0842


def magic_packet(source: str, sleeper: str) -> bytes:
    """A magic packet, as a frame of its own type and with a password of zeros."""
    payload = b"\xff" * 6 + bytes.fromhex(sleeper.replace(":", "")) * 16 + bytes(6)
    return bytes(Ether(src=source, dst=frames.BROADCAST, type=WAKE_ON_LAN) / Raw(payload))


def advert(mac: str, ip: str, *, override: bool) -> bytes:
    """An unsolicited neighbour advertisement to all nodes."""
    header = Ether(src=mac, dst="33:33:00:00:00:01") / IPv6(src=ip, dst="ff02::1", hlim=255)
    told = ICMPv6ND_NA(R=0, S=0, O=int(override), tgt=ip) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return bytes(header / told)


def claim(mac: str, ip: str) -> bytes:
    """What takes an address without being asked, of either family."""
    if ip_address(ip).version == 4:
        return frames.announcement(mac, ip)
    return advert(mac, ip, override=True)


@dataclass(slots=True, eq=False)
class Held:
    """A host that sleeps: its hardware address, wake, name and addresses."""

    mac: str
    sequence: int
    host: str
    ips: Sequence[str]
    waking: bool = False
    gone: bool = False
    blipped: bool = False


class SleepProxy(Actor):
    """`with SleepProxy(host) as proxy:` takes registrations, holds and wakes; `offer()` tells so.

    port  of its registration service
    """

    def __init__(
        self, host: Host, instance: str = INSTANCE, lease: int = dns_messages.LEASE
    ) -> None:
        super().__init__(host)
        self.instance = instance
        self.lease = lease
        self.held: dict[str, Held] = {}

    def opened(self) -> None:
        self.service = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.service.bind((self.host.ip, 0))
        self.port: int = self.service.getsockname()[1]
        self.listen(self.service, self._asked)

    def offer(self, ttl: int = dns_messages.TTL) -> None:
        """Tell everyone that it is there; with `ttl` 0 that it goes."""
        payload = dns_messages.offer(self.instance, "proxy.local", self.host.ip, self.port, ttl)
        self.send(dns_messages.multicast(payload, self.mac, self.host.ip))

    def hand_over(self, other: SleepProxy) -> None:
        """Register those that it holds with another proxy, under their names, and go away."""
        self.after(0.0, lambda: self._hand_over(other))

    def _hand_over(self, other: SleepProxy) -> None:
        for held in dict.fromkeys(self.held.values()):
            option = dns_messages.owner(held.mac, held.sequence)
            payload = dns_messages.registration(held.ips, option, held.host, number=99)
            self.service.sendto(payload, (other.host.ip, other.port))
            self._release(held)
        self.offer(0)

    def shut_down(self, times: int = MAGIC_TIMES) -> None:
        """Wake those that it holds by magic packets, take their records back and go away."""
        self.after(0.0, lambda: self._shut_down(times))

    def _shut_down(self, times: int) -> None:
        for held in dict.fromkeys(self.held.values()):
            self._dismiss(held, times)
        self.after(times * MAGIC_SECONDS, lambda: self.offer(0))

    def _dismiss(self, held: Held, times: int) -> None:
        self._rouse(held, times)
        self.after(times * MAGIC_SECONDS, lambda: self._leave(held))

    def _leave(self, held: Held) -> None:
        if not held.gone:
            self._announce(held, 0)
            self._release(held)

    def _hold(self, held: Held) -> None:
        for ip in held.ips:
            self.held[ip] = held
        for seconds in PROBES:
            self.after(seconds, lambda: self._probe(held))
        for seconds in ANNOUNCEMENTS:
            self.after(seconds, lambda: self._announce(held))
        for seconds in LADDER:
            self.after(seconds, lambda: self._capture(held))

    def _probe(self, held: Held) -> None:
        """Ask the host alone whether it still has its addresses."""
        for ip in held.ips if not held.gone else ():
            if ip_address(ip).version == 4:
                self.send(frames.arp(self.mac, "0.0.0.0", target=ip, to=held.mac))

    def _announce(self, held: Held, ttl: int = dns_messages.TTL) -> None:
        if not held.gone:
            payload = dns_messages.announcement(held.host, held.ips, ttl)
            self.send(dns_messages.multicast(payload, self.mac, self.host.ip))

    def _capture(self, held: Held) -> None:
        if not held.gone and not held.waking:
            self.send(*(claim(self.mac, ip) for ip in held.ips))

    def _rouse(self, held: Held, times: int = MAGIC_TIMES) -> None:
        if held.gone or not times:
            return
        held.waking = True
        self.send(magic_packet(self.mac, held.mac))
        self.after(MAGIC_SECONDS, lambda: self._rouse(held, times - 1))

    def _release(self, held: Held) -> None:
        held.gone = True
        for ip in held.ips:
            if self.held.get(ip) is held:
                del self.held[ip]

    def _asked(self) -> None:
        payload, sender = self.service.recvfrom(65_536)
        message = dns_update.decode(payload)
        if isinstance(message, RegistrationReply):
            assert not message.rcode, "the other proxy refuses"
            return
        self.service.sendto(dns_messages.registration_reply(message.id, seconds=self.lease), sender)
        held = _registered(message, payload)
        for known in {self.held[ip] for ip in held.ips if ip in self.held}:
            self._release(known)
        self._hold(held)
        self.after(self.lease, lambda: self._dismiss(held, 2))

    def heard(self, frame: bytes) -> None:
        ether = Ether(frame)
        if ARP in ether:
            self._arp(ether[ARP])
        elif ICMPv6ND_NS in ether:
            self._solicited(ether.src, ether[ICMPv6ND_NS].tgt)
        elif TCP in ether and ether[TCP].flags.S and ether.dst == self.mac:
            held = self.held.get(ether.payload.dst)
            if held is not None and not held.waking:
                self._rouse(held)
        elif UDP in ether and ether[UDP].dport == dns_messages.MDNS_PORT:
            self._mdns(ether[UDP].payload.original)

    def _arp(self, packet: ARP) -> None:
        claimed = self.held.get(packet.psrc)
        if claimed is not None and packet.hwsrc == claimed.mac:
            self._blip(claimed)
        elif claimed is not None and packet.hwsrc != self.mac:
            self._conflict(claimed)
        asked = self.held.get(packet.pdst)
        if asked is not None and packet.op == frames.REQUEST and packet.hwsrc != asked.mac:
            self.send(frames.reply(self.mac, packet.pdst, packet.hwsrc, packet.psrc))

    def _solicited(self, mac: str, target: str) -> None:
        held = self.held.get(target)
        if held is not None and mac != held.mac:
            self.send(advert(self.mac, target, override=False))

    def _blip(self, held: Held) -> None:
        """The owner was heard: it may be awake for good."""
        if not held.blipped and not held.waking:
            held.blipped = True
            self.after(BLIP_SECONDS, lambda: self._capture(held))

    def _conflict(self, held: Held) -> None:
        """A third has the address: that is for its owner to settle."""
        self.send(magic_packet(self.mac, held.mac))
        self._release(held)

    def _mdns(self, payload: bytes) -> None:
        try:
            owner = mdns.decode(payload).owner
        except DissectError:
            return
        if owner is None:
            return
        for held in set(self.held.values()):
            if _number(held.mac) == owner.host_mac and held.sequence != owner.sequence:
                self._release(held)


def _number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


def _registered(message: Registration, payload: bytes) -> Held:
    assert message.owner is not None, "no proxy holds an address for nobody"
    mac = message.owner.wakeup_mac.to_bytes(6, "big").hex(":")
    records = DNS(payload).ns
    host = next(each.rrname for each in records if each.type in (1, 28)).decode().rstrip(".")
    return Held(mac, message.owner.sequence, host, [str(ip) for ip in message.addresses])
