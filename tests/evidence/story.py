"""What happens on a segment, told frame by frame: `at`, who, does what; and what the tracker says.

Times are seconds since the story's start; the wall clock then shows `WALL`.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from l2exporter.dissect.dns import Owner
from l2exporter.dissect.dns_update import Registration, RegistrationReply
from l2exporter.dissect.mdns import HostAddress, Mdns, ProxyName, ProxyOffer
from l2exporter.dissect.reader import Address
from l2exporter.dissect.wake_on_lan import MagicPacket
from l2exporter.evidence.seen import Claim, Message, Seen
from l2exporter.evidence.sleep.hold import Hold
from l2exporter.evidence.sleep.holds import Holds
from l2exporter.evidence.sleep.proxies import Proxies
from l2exporter.evidence.sleep.transitions import Dropped, Transition, Wake

WALL = 1_288_260_000.0
OWNER, PROXY, OTHER_PROXY, CLIENT, THIRD = 0x0216CB8B8A45, 0x02254BA7EAF6, 0x02AA, 0x02CC, 0x02DD
HELD, HELD6, PROXY_IP, OTHER_IP = "192.0.2.117", "2001:db8::117", "192.0.2.76", "192.0.2.77"
NAME = ProxyName(50, 37, 71, 72, None, "MBP XYZ")
INSTANCE = "50-37-71-72 MBP XYZ"
HOST = "laptop.local"
LADDER = (0.0, 1.0, 3.0)


class Story:
    """A segment's frames in, what the tracker tells out. Bindings are as the tables keep them."""

    def __init__(self, holds: Holds | None = None, proxies: Proxies | None = None) -> None:
        self.proxies = proxies or Proxies()
        self.holds = holds or Holds(self.proxies)
        self.told: list[object] = []
        self.bound: dict[tuple[int, Address], int] = {}
        self.addresses = {PROXY: PROXY_IP, OTHER_PROXY: OTHER_IP, OWNER: HELD}

    # Frames

    def claims(
        self, at: float, mac: int, ip: str = HELD, kind: str = "announcement", segment: int = 0
    ) -> None:
        """An ARP or neighbour discovery packet binds `ip` to `mac`."""
        key = segment, ip_address(ip)
        known = self.bound.get(key)
        self.bound[key] = mac
        claim = Claim(segment, key[1], mac, known, kind, False, WALL + at, at)
        self.told += self.holds.claim(claim)

    def says(
        self, at: float, mac: int, message: Message, *, ip: str | None = None, segment: int = 0
    ) -> None:
        """`mac` multicasts `message`, from its own address unless `ip` is another."""
        source = ip_address(ip or self.addresses.get(mac, "192.0.2.200"))
        group = ip_address("224.0.0.251")
        self.sees(
            Seen(
                segment=segment,
                device=0,
                source_mac=mac,
                destination_mac=0x01005E0000FB,
                source=source,
                destination=group,
                source_port=5353,
                destination_port=5353,
                sent=False,
                time=WALL + at,
                at=at,
                message=message,
            )
        )

    def sees(self, seen: Seen) -> None:
        self.proxies.observe(seen)
        self.told += self.holds.seen(seen)

    def ladder(self, at: float, mac: int = PROXY, ip: str = HELD) -> None:
        kind = "unsolicited" if ":" in ip else "announcement"
        for step in LADDER:
            self.claims(at + step, mac, ip, kind)

    def offers(
        self,
        at: float,
        mac: int = PROXY,
        ttl: int = 4500,
        name: str = INSTANCE,
        *,
        decoded: bool = True,
        segment: int = 0,
    ) -> None:
        offer = ProxyOffer(name, NAME if decoded else None, 61000, ttl)
        self.says(at, mac, Mdns(True, proxies=(offer,)), segment=segment)

    def announces(
        self, at: float, *ips: str, mac: int = PROXY, host: str = HOST, ttl: int = 4500
    ) -> None:
        """A proxy multicasts the host's addresses; with a `ttl` of 0 it takes them back."""
        records = tuple(HostAddress(host, ip_address(ip), ttl, True) for ip in ips or (HELD,))
        self.says(at, mac, Mdns(True, addresses=records))

    def greets(self, at: float, sequence: int, mac: int = OWNER, host_mac: int = 0) -> None:
        """A host multicasts with its Owner option."""
        self.says(at, mac, Mdns(True, owner=Owner(sequence, host_mac or mac, mac)))

    def wakes(self, at: float, mac: int = PROXY, target: int = OWNER, *, segment: int = 0) -> None:
        self.says(at, mac, MagicPacket(target), segment=segment)

    def registers(
        self,
        at: float,
        *ips: str,
        proxy: int = PROXY,
        sequence: int = 1,
        rcode: int | None = 0,
        lease: int | None = 7200,
        number: int = 7,
        segment: int = 0,
        source: int = OWNER,
    ) -> None:
        """The owner registers with a proxy; `rcode` of the reply, None when there is none.

        `source` is who sends it, which need not be the owner.
        """
        addresses = tuple(ip_address(ip) for ip in ips or (HELD,))
        owner = Owner(sequence, OWNER, OWNER)
        ask = Registration(number, addresses, owner, 7200)
        self.sees(self._unicast(at, source, proxy, 5353, 61000, ask, segment))
        if rcode is not None:
            reply = RegistrationReply(number, rcode, lease)
            self.sees(self._unicast(at + 0.01, proxy, source, 61000, 5353, reply, segment))

    def _unicast(
        self,
        at: float,
        source: int,
        to: int,
        port: int,
        to_port: int,
        message: Message,
        segment: int,
    ) -> Seen:
        ends = ip_address(self.addresses[source]), ip_address(self.addresses[to])
        return Seen(0, segment, source, to, *ends, port, to_port, False, WALL + at, at, message)

    def passes(self, until: float) -> None:
        """Nothing is seen until then."""
        self.told += self.holds.settle(until, WALL + until)

    # Scenes

    def sleeps(self, at: float) -> None:
        """The usual fall asleep, as a plain host sees it; the hold begins at `at`."""
        self.offers(at - 10)
        self.announces(at - 2)
        self.ladder(at)

    # What was told

    @property
    def steps(self) -> list[tuple[str, float]]:
        """Kind and time of each transition."""
        return [(step.kind, round(step.time - WALL, 3)) for step in self.transitions()]

    def transitions(self, kind: str = "") -> list[Transition]:
        found = [event for event in self.told if isinstance(event, Transition)]
        return [event for event in found if kind in ("", event.kind)]

    @property
    def woken(self) -> list[tuple[str, float]]:
        """Reason and time of each wake."""
        return [(e.reason, round(e.time - WALL, 3)) for e in self.told if isinstance(e, Wake)]

    @property
    def dropped(self) -> list[str]:
        return [event.reason for event in self.told if isinstance(event, Dropped)]

    def hold(self, ip: str = HELD, now: float = 0.0, segment: int = 0) -> Hold | None:
        """The present hold."""
        around: Sequence[Hold] = self.holds.around((segment, ip_address(ip)), now)
        return around[-1] if around and around[-1].ended_at is None else None

    def confidence(self, ip: str = HELD) -> str | None:
        hold = self.hold(ip)
        return None if hold is None else hold.confidence
