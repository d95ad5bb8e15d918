"""A sleep proxy and a Mac that sleeps, as actors on the hosts of a segment.

They send what Apple's do, when they do; times are seconds after a registration unless said
otherwise. The Mac's kernel answers for it while it is awake, the proxy's raw socket while not.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from scapy.layers.dns import DNS
from scapy.layers.inet import TCP
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

ANNOUNCEMENTS = (1.0, 2.0)
LADDER = (4.0, 5.0, 7.0, 11.0)
PROBES = (1.0, 2.0, 3.0)
BLIP_SECONDS = 13.0
MAGIC_SECONDS, MAGIC_TIMES = 2.0, 15
INSTANCE = "50-37-71-72 Lab proxy"
WAKE_ON_LAN = 0x0842


def magic_packet(source: str, sleeper: str) -> bytes:
    """A magic packet, as a frame of its own type and with a password of zeros."""
    payload = b"\xff" * 6 + bytes.fromhex(sleeper.replace(":", "")) * 16 + bytes(6)
    return bytes(Ether(src=source, dst=frames.BROADCAST, type=WAKE_ON_LAN) / Raw(payload))


def override(mac: str, ip: str) -> bytes:
    """An unsolicited neighbour advertisement that tells everyone to forget what they know."""
    header = Ether(src=mac, dst="33:33:00:00:00:01") / IPv6(src=ip, dst="ff02::1", hlim=255)
    advert = ICMPv6ND_NA(R=0, S=0, O=1, tgt=ip) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return bytes(header / advert)


def claim(mac: str, ip: str) -> bytes:
    """What takes an address without being asked, of either family."""
    return frames.announcement(mac, ip) if ip_address(ip).version == 4 else override(mac, ip)


@dataclass(slots=True)
class Held:
    """A host that sleeps."""

    mac: str
    sequence: int
    host: str
    ips: Sequence[str]
    waking: bool = False
    gone: bool = False
    blipped: bool = False


class SleepProxy(Actor):
    """`with SleepProxy(host) as proxy:` offers itself, takes registrations, holds and wakes.

    port  of its registration service
    """

    def __init__(self, host: Host, instance: str = INSTANCE) -> None:
        super().__init__(host)
        self.instance = instance
        self.held: dict[str, Held] = {}

    def opened(self) -> None:
        self.service = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.service.bind((self.host.ip, 0))
        self.port: int = self.service.getsockname()[1]
        self.listen(self.service, self._registration)

    def offer(self, ttl: int = dns_messages.TTL) -> None:
        """Tell everyone that it is there; with `ttl` 0 that it goes."""
        payload = dns_messages.offer(self.instance, "proxy.local", self.host.ip, self.port, ttl)
        self.send(dns_messages.multicast(payload, self.mac, self.host.ip))

    def hold(self, held: Held, ladder: Sequence[float] = LADDER) -> None:
        """Answer for a host from now on, as after its registration."""
        for ip in held.ips:
            self.held[ip] = held
        for seconds in ANNOUNCEMENTS:
            self.after(seconds, lambda: self.announce(held))
        for seconds in ladder:
            self.after(seconds, lambda: self.capture(held))

    def announce(self, held: Held, ttl: int = dns_messages.TTL) -> None:
        """Tell the host's addresses by multicast DNS; with `ttl` 0 say goodbye for it."""
        if not held.gone or not ttl:
            payload = dns_messages.announcement(held.host, held.ips, ttl)
            self.send(dns_messages.multicast(payload, self.mac, self.host.ip))

    def capture(self, held: Held) -> None:
        """Take its addresses, as one step of the ladder does."""
        if not held.gone:
            self.send(*(claim(self.mac, ip) for ip in held.ips))

    def wake(self, held: Held, times: int = MAGIC_TIMES) -> None:
        """Send magic packets until the host is back."""
        if held.gone or not times:
            return
        held.waking = True
        self.send(magic_packet(self.mac, held.mac))
        self.after(MAGIC_SECONDS, lambda: self.wake(held, times - 1))

    def give_up(self, held: Held) -> None:
        """Let the addresses go without a word."""
        held.gone = True
        for ip in held.ips:
            self.held.pop(ip, None)

    def _registration(self) -> None:
        payload, sender = self.service.recvfrom(65_536)
        registration = dns_update.decode(payload)
        assert isinstance(registration, Registration)
        assert registration.owner is not None
        reply = dns_messages.registration_reply(registration.id)
        self.service.sendto(reply, sender)
        mac = ":".join(f"{registration.owner.wakeup_mac:012x}"[i : i + 2] for i in range(0, 12, 2))
        ips = [str(ip) for ip in registration.addresses]
        for ip in ips:
            if ip in self.held:
                self.give_up(self.held[ip])
        self.hold(Held(mac, registration.owner.sequence, "Bobs-Mac.local", ips))

    def heard(self, frame: bytes) -> None:
        ether = Ether(frame)
        if ARP in ether:
            self._arp(ether[ARP])
        elif ICMPv6ND_NS in ether and ether[ICMPv6ND_NS].tgt in self.held:
            if ether.src != self.held[ether[ICMPv6ND_NS].tgt].mac:
                self.send(override(self.mac, ether[ICMPv6ND_NS].tgt))
        elif TCP in ether and ether.dst == self.mac and ether[TCP].flags == "S":
            held = self.held.get(ether.payload.dst)
            if held is not None and not held.waking:
                self.wake(held)
        elif frame[12:14] == b"\x08\x00" and DNS in ether:
            self._mdns(bytes(ether.payload.payload.payload))

    def _arp(self, packet: ARP) -> None:
        held = self.held.get(packet.psrc)
        if held is not None and packet.hwsrc == held.mac:
            self._blip(held)
        asked = self.held.get(packet.pdst)
        if asked is not None and packet.op == frames.REQUEST and packet.hwsrc != asked.mac:
            self.send(frames.reply(self.mac, packet.pdst, packet.hwsrc, packet.psrc))

    def _blip(self, held: Held) -> None:
        if not held.blipped and not held.waking:
            held.blipped = True
            self.after(BLIP_SECONDS, lambda: self.capture(held))

    def _mdns(self, payload: bytes) -> None:
        try:
            owner = mdns.decode(payload).owner
        except DissectError:
            return
        if owner is None:
            return
        mac = f"{owner.host_mac:012x}"
        for held in list(self.held.values()):
            if held.mac.replace(":", "") == mac and held.sequence != owner.sequence:
                self.give_up(held)


@dataclass(slots=True)
class _Sleep:
    asleep: bool = False
    magic: threading.Event = field(default_factory=threading.Event)


class SleepingMac(Actor):
    """`with SleepingMac(host) as mac:` is awake; it sleeps, and wakes when told or woken.

    ips  its addresses with prefix lengths, which its kernel answers for while it is awake
    """

    def __init__(self, host: Host, ips: Sequence[str], name: str = "Bobs-Mac.local") -> None:
        super().__init__(host)
        self.ips = list(ips)
        self.name = name
        self.sequence = 1
        self.woken = _Sleep()

    @property
    def bare(self) -> list[str]:
        """The addresses without prefix lengths."""
        return [ip.partition("/")[0] for ip in self.ips]

    def speak(self, sequence: int | None = None) -> None:
        """Multicast its own addresses with its Owner option, as for a minute after a wake."""
        option = dns_messages.owner(self.mac, self.sequence if sequence is None else sequence)
        payload = dns_messages.announcement(self.name, self.bare, option=option)
        self.send(dns_messages.multicast(payload, self.mac, self.bare[0]))

    def register(self, proxy: SleepProxy) -> None:
        """Ask the proxy to answer while it sleeps; RuntimeError when that does not agree."""
        with self.host.namespace.entered():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sock:
            sock.settimeout(5)
            option = dns_messages.owner(self.mac, self.sequence)
            payload = dns_messages.registration(self.bare, option, self.name, number=self.sequence)
            sock.sendto(payload, (proxy.host.ip, proxy.port))
            reply = dns_update.decode(sock.recv(65_536))
        if not isinstance(reply, RegistrationReply) or reply.rcode:
            raise RuntimeError(f"the proxy answers {reply}")

    def sleep(self) -> None:
        """Fall asleep: the kernel gives up the addresses and answers nobody."""
        self.woken.magic.clear()
        self.woken.asleep = True
        for ip in self.ips:
            self.host.namespace.ip("address", "del", ip, "dev", self.host.device)

    def wake(self, speak: Callable[[], None] | None = None) -> None:
        """Wake up: addresses, gratuitous ARP and advertisements, multicast DNS with a new wake."""
        self.woken.asleep = False
        self.sequence = (self.sequence + 1) % 256
        for ip in self.ips:
            extra = ("nodad",) if ":" in ip else ()
            self.host.namespace.ip("address", "add", ip, "dev", self.host.device, *extra)
        self.send(*(claim(self.mac, ip) for ip in self.bare))
        (speak or self.speak)()

    def heard(self, frame: bytes) -> None:
        magic = b"\xff" * 6 + bytes.fromhex(self.mac.replace(":", "")) * 16
        if self.woken.asleep and magic in frame:
            self.woken.asleep = False
            self.woken.magic.set()
            self.wake()
