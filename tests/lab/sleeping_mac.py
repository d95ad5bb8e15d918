"""A Mac that sleeps: an actor on a host of a segment, whose kernel answers while it is awake."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

from l2exporter.dissect import dns_update
from l2exporter.dissect.dns_update import RegistrationReply
from tests.dissect import dns_messages
from tests.lab.segment import Host
from tests.lab.sleep_proxy import SleepProxy, claim
from tests.lab.wire import Actor

NAME = "Bobs-Mac.local"


def register(host: Host, proxy: SleepProxy, payload: bytes) -> None:
    """Send a registration from a host's kernel; RuntimeError when the proxy does not agree."""
    with host.namespace.entered():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.settimeout(5)
        sock.sendto(payload, (proxy.host.ip, proxy.port))
        reply = dns_update.decode(sock.recv(65_536))
    if not isinstance(reply, RegistrationReply) or reply.rcode:
        raise RuntimeError(f"the proxy answers {reply}")


class SleepingMac(Actor):
    """`with SleepingMac(host, ips) as mac:` is awake; it sleeps, and wakes when told or woken.

    ips   its addresses with prefix lengths, as the host has them
    deaf  sleeps on whatever comes
    """

    def __init__(
        self, host: Host, ips: Sequence[str], name: str = NAME, *, deaf: bool = False
    ) -> None:
        super().__init__(host)
        self.ips = list(ips)
        self.name = name
        self.sequence = 1
        self.deaf = deaf
        self.woken = threading.Event()
        self._asleep = False

    @property
    def bare(self) -> list[str]:
        """The addresses without prefix lengths."""
        return [ip.partition("/")[0] for ip in self.ips]

    def claim(self) -> None:
        """Tell everyone where its addresses are."""
        self.send(*(claim(self.mac, ip) for ip in self.bare))

    def speak(self) -> None:
        """Multicast its own addresses with its Owner option, as for a minute after a wake."""
        option = dns_messages.owner(self.mac, self.sequence)
        payload = dns_messages.announcement(self.name, self.bare, option=option)
        self.send(dns_messages.multicast(payload, self.mac, self.bare[0]))

    def sleep(self, proxy: SleepProxy) -> None:
        """Register and fall asleep: the kernel gives up the addresses and answers nobody."""
        option = dns_messages.owner(self.mac, self.sequence)
        payload = dns_messages.registration(self.bare, option, self.name, number=self.sequence)
        register(self.host, proxy, payload)
        self.woken.clear()
        self._asleep = True
        for ip in self.ips:
            self.host.namespace.ip("address", "del", ip, "dev", self.host.device)

    def wake(self) -> None:
        """Wake up: addresses, gratuitous ARP and advertisements, multicast DNS with a new wake."""
        self._asleep = False
        self.sequence = (self.sequence + 1) % 256
        for ip in self.ips:
            extra = ("nodad",) if ":" in ip else ()
            self.host.namespace.ip("address", "add", ip, "dev", self.host.device, *extra)
        self.claim()
        self.speak()

    def heard(self, frame: bytes) -> None:
        magic = b"\xff" * 6 + bytes.fromhex(self.mac.replace(":", "")) * 16
        if self._asleep and not self.deaf and magic in frame:
            self.wake()
            self.woken.set()
