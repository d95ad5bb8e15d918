"""What cases are told in: packets of one address in the order of time, and what was known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from l2exporter.dissect.dhcp import Dhcp
from l2exporter.dissect.dns import Owner
from l2exporter.dissect.mdns import HostAddress, Mdns
from l2exporter.dissect.reader import Address
from l2exporter.dissect.virtual_router import VirtualRouterAdvert
from l2exporter.evidence.hosts.identities import Identities
from l2exporter.evidence.hosts.leases import Leases
from l2exporter.evidence.hosts.virtual_routers import VirtualRouters
from l2exporter.evidence.moves.behavior import Behavior, ClaimFigures, PairFigures
from l2exporter.evidence.moves.knowledge import Knowledge
from l2exporter.evidence.seen import Key, Message, Seen

IP = IPv4Address("192.0.2.7")
IP6 = IPv6Address("2001:db8::7")
SEGMENT = 1
BEGAN = 1_000.0
UNTIL = 1_030.0
MOST_PAIRS = 8

OLD = 0x02_00_00_00_00_01
NEW = 0x02_00_00_00_00_02
THIRD = 0x02_00_00_00_00_03
SERVER = 0x02_00_00_00_00_67

Pair = tuple[int, int]


@dataclass(frozen=True)
class Said:
    """A MAC claims the address, so many seconds after the window opened."""

    at: float
    mac: int
    kind: str


@dataclass(frozen=True)
class Asked:
    """Somebody asks who has the address."""

    at: float


Event = Said | Asked


@dataclass(frozen=True)
class HoldFake:
    """A hold as causes see it; times from the window's opening."""

    owner_mac: int | None = OLD
    proxy_mac: int = NEW
    confidence: str = "high"
    contested: bool = False
    since_at: float = BEGAN
    ended_at: float | None = None
    owner_macs: frozenset[int] = frozenset()


@dataclass(frozen=True)
class HoldsFake:
    """Holds of the one address that a case is about; `lost` are owners and their proxies."""

    all: Sequence[HoldFake] = ()
    lost: Sequence[Pair] = ()

    def around(self, key: Key, now: float) -> Sequence[HoldFake]:
        return self.all

    def was_lost(self, key: Key, owner: int, proxy: int) -> bool:
        return (owner, proxy) in self.lost


@dataclass(frozen=True)
class ProxiesFake:
    """Known sleep proxies."""

    macs: frozenset[int] = frozenset()

    def is_proxy(self, segment: int, mac: int, at: float) -> bool:
        return mac in self.macs


@dataclass(frozen=True)
class Case:
    """A scenario: `cause` of all its pairs, or of each."""

    name: str
    said: Sequence[Event]
    cause: str | dict[Pair, str]
    why: str
    seen: Sequence[Seen] = ()
    holds: Sequence[HoldFake] = ()
    lost: Sequence[Pair] = ()
    proxies: frozenset[int] = frozenset()
    protected: bool = False
    repeaters: frozenset[int] = frozenset()
    ip: Address = IP
    first: int = OLD

    @property
    def behavior(self) -> Behavior:
        """What is collected of the packets."""
        result = behavior(self.said, first=self.first, ip=self.ip, protected=self.protected)
        result.repeaters = self.repeaters
        return result

    @property
    def knowledge(self) -> Knowledge:
        """What is known of hosts."""
        holds = HoldsFake(self.holds, self.lost)
        parts = Parts(holds=holds, proxies=ProxiesFake(self.proxies))
        return parts.told(self.seen)


@dataclass
class Parts:
    """Knowledge in the making."""

    holds: HoldsFake = HoldsFake()
    proxies: ProxiesFake = ProxiesFake()
    leases: Leases = field(default_factory=Leases)
    virtual_routers: VirtualRouters = field(default_factory=VirtualRouters)
    identities: Identities = field(default_factory=Identities)

    def told(self, packets: Iterable[Seen]) -> Knowledge:
        """Take the packets in."""
        for packet in sorted(packets, key=lambda one: one.at):
            for part in (self.leases, self.virtual_routers, self.identities):
                part.observe(packet)
        return Knowledge(
            self.holds, self.leases, self.virtual_routers, self.identities, self.proxies
        )


def behavior(
    events: Sequence[Event], *, first: int = OLD, ip: Address = IP, protected: bool = False
) -> Behavior:
    """Count the packets as they are counted while moves wait; `first` has the address before."""
    result = Behavior((SEGMENT, ip), protected, BEGAN, UNTIL, 0.0)
    holder, asked = first, BEGAN
    for event in sorted(events, key=lambda one: one.at):
        at = BEGAN + event.at
        if isinstance(event, Asked):
            asked = at
            continue
        if event.mac != holder:
            _move(result, (holder, event.mac), at)
            holder = event.mac
        _claim(result, event, at, asked=at - asked <= 3.0)
    return result


def _move(result: Behavior, pair: Pair, at: float) -> None:
    figures = result.pairs.get(pair)
    if figures is None and len(result.pairs) >= MOST_PAIRS:
        result.others += 1
        return
    figures = result.pairs.setdefault(pair, PairFigures(0, at, at, at))
    figures.count += 1
    figures.last = figures.time = at


def _claim(result: Behavior, event: Said, at: float, *, asked: bool) -> None:
    figures = result.claims.setdefault(event.mac, ClaimFigures(at, at))
    reply = event.kind in ("reply", "solicited")
    figures.seconds += not figures.count or int(at) != int(figures.last)
    figures.last = at
    figures.count += 1
    figures.replies += reply
    figures.unsolicited += reply and not asked
    figures.announcements += event.kind in ("announcement", "gratuitous_reply", "unsolicited")


def says(mac: int, kind: str, *ats: float) -> list[Event]:
    """One MAC claims the address at each of these times."""
    return [Said(at, mac, kind) for at in ats]


def steadily(mac: int, kind: str, every: float, start: float = 0.0) -> list[Event]:
    """One MAC claims the address until the window ends."""
    return says(mac, kind, *(start + every * turn for turn in range(int((30 - start) / every))))


def answered(ats: Iterable[float], *macs: int) -> list[Event]:
    """At each of these times somebody asks, and each of the MACs answers, 1 ms apart."""
    events: list[Event] = []
    for at in ats:
        replies = (Said(at + (turn + 1) / 1000, mac, "reply") for turn, mac in enumerate(macs))
        events += [Asked(at), *replies]
    return events


def seen(message: Message, source_mac: int, at: float = 0.0, source: Address | None = None) -> Seen:
    """A dissected packet, so many seconds after the window opened."""
    return Seen(
        device=0,
        segment=SEGMENT,
        source_mac=source_mac,
        destination_mac=0xFFFF_FFFF_FFFF,
        source=source,
        destination=None,
        source_port=0,
        destination_port=0,
        sent=False,
        time=at,
        at=BEGAN + at,
        message=message,
    )


def dhcp(
    kind: str, client: int, at: float = -1.0, source_mac: int | None = None, **fields: object
) -> Seen:
    """A DHCP message of the client, sent by itself unless told otherwise."""
    message = Dhcp(kind, 7, client, **fields)  # type: ignore[arg-type]
    return seen(message, client if source_mac is None else source_mac, at)


def adverts(
    source_mac: int,
    *ats: float,
    virtual: int = 0x0000_5E00_0105,
    protocol: str = "vrrp",
    addresses: tuple[Address, ...] = (IP,),
    active: bool = True,
) -> list[Seen]:
    """A router says that it answers for the address."""
    message = VirtualRouterAdvert(protocol, 2, 5, 100, active, addresses, virtual)
    return [seen(message, source_mac, at) for at in ats]


def woken(source_mac: int, host_mac: int, at: float = 1.0) -> Seen:
    """An mDNS packet with an Owner option."""
    return seen(Mdns(True, owner=Owner(1, host_mac, source_mac)), source_mac, at)


def named(source_mac: int, host: str, at: float, source: Address = IP, ip: Address = IP) -> Seen:
    """An mDNS packet with a host's address."""
    return seen(Mdns(True, addresses=(HostAddress(host, ip, 120, True),)), source_mac, at, source)
