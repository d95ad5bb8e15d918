"""A lab segment: a bridge in a namespace of its own, with hosts on its ports."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from tests.lab.namespace import Namespace, veth

BRIDGE = "br0"
DEVICE = "eth0"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine on the segment: a namespace whose eth0 is on the bridge."""

    namespace: Namespace
    ip: str
    device: str = DEVICE

    @property
    def mac(self) -> str:
        """The hardware address as it is now."""
        return self.namespace.mac(self.device)

    def set_mac(self, mac: str) -> None:
        """Give the host another hardware address, as a replaced network card would."""
        self.namespace.ip("link", "set", "dev", self.device, "address", mac)

    def arping(self, *flags: str, target: str | None = None, count: int = 1) -> str:
        """Real ARP from iputils arping; its output.

        No flag: requests for `target`. `-U`: gratuitous requests, `-A`: gratuitous replies, of
        this host's own address. `-D`: probes. Without an answer it waits out its second(s).
        """
        options = ("-I", self.device, "-c", str(count), *flags)
        return self.namespace.run("arping", *options, target or self.ip, check=False)

    def ping(self, target: str) -> bool:
        """Whether `target` answers one ICMP echo request, ARP included."""
        return " 1 received" in self.namespace.run("ping", "-c1", "-W2", target, check=False)


class Segment:
    """`with Segment(3) as segment:` makes three hosts, 192.0.2.1 to .3, on the bridge br0.

    switch   the namespace with br0 and the ports p1 to pN
    hosts    in the order of their addresses; host N has hardware address 02:00:00:00:00:0N
    """

    def __init__(self, hosts: int) -> None:
        self.switch = Namespace()
        self.hosts = [Host(Namespace(), f"192.0.2.{n}") for n in range(1, hosts + 1)]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.switch)
            for number, host in enumerate(self.hosts, start=1):
                stack.enter_context(host.namespace)
                macs = (f"02:00:00:00:ff:{number:02x}", f"02:00:00:00:00:{number:02x}")
                veth(self.switch, f"p{number}", host.namespace, DEVICE, macs)
                host.namespace.address(DEVICE, f"{host.ip}/24")
            self.switch.bridge(BRIDGE, *(f"p{n}" for n in range(1, len(self.hosts) + 1)))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
