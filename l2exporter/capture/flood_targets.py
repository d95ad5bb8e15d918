"""On which devices a unicast frame for somebody else is a flood."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from ..kernel.links import Link
from ..limits import GUEST_MACS
from .devices import DOWN, Selection, choose
from .flood_socket import Direction

CROWDED = f"more than {GUEST_MACS} MACs behind it"
SWITCHING = "frames for others are ordinary on a bridge, on a port, and on what carries a port"

_GUEST_KINDS = frozenset({"tun", "veth"})

_CARRIED = frozenset({"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec", "dsa"})
"""Kinds whose frames are on the device below as they are; a tunnel's are wrapped in others."""

_STATIONS = frozenset({"", "vrf"})
"""What a device may be a port of without passing on frames for others."""


class Guests(Protocol):
    """Which MACs are behind the ports of bridges; ports by index, MACs as numbers."""

    def behind(self, port: int) -> tuple[int, ...]:
        """Return the MACs known behind a port."""

    def overfull(self, port: int) -> bool:
        """Tell whether there are more than are remembered."""

    def changed(self) -> set[int]:
        """Return the ports whose MACs are others than at the last call."""


@dataclass(frozen=True, slots=True)
class Target:
    """A device to count on.

    direction  of the frames that are counted
    known      MACs behind a guest's port, whose frames are no flood
    refusal    why it cannot be counted, in a few words; else empty
    """

    name: str
    direction: Direction
    known: frozenset[int] = frozenset()
    refusal: str = ""


class Targets:
    """All that is to be counted on, as links and guests change; for one thread at a time."""

    def __init__(self, selection: Selection, *, devices: bool, guest_ports: bool) -> None:
        self._selection = selection
        self._devices = devices
        self._guest_ports = guest_ports
        self._links: dict[int, Link] = {}
        self._targets: dict[int, Target] = {}

    def follow(self, links: Mapping[int, Link], guests: Guests) -> Mapping[int, Target]:
        """Return the targets by index. What is behind a port is asked once, and when it changed."""
        changed = guests.changed()
        if links != self._links:
            self._links = dict(links)
            self._targets = self._find(guests, changed)
        else:
            for index in changed & self._targets.keys():
                if self._targets[index].direction is Direction.OUT:
                    self._targets[index] = _guest_port(self._links[index], guests)
        return self._targets

    def _find(self, guests: Guests, changed: Collection[int]) -> dict[int, Target]:
        before, found = self._targets, {}
        if self._devices:
            found = captured_devices(self._links, self._selection, before.keys())
        # Ports last: one may be captured too, but is counted as what it is.
        for link in _guest_ports(self._links, self._selection) if self._guest_ports else ():
            known = before.get(link.index)
            if known is None or known.direction is not Direction.OUT or link.index in changed:
                found[link.index] = _guest_port(link, guests)
            else:
                found[link.index] = replace(known, name=link.name)
        return found


def _guest_ports(links: Mapping[int, Link], selection: Selection) -> list[Link]:
    """The ports that bridges give to guests, unless they are excluded."""
    return [
        link
        for link in links.values()
        if link.port_kind == "bridge"
        and link.kind in _GUEST_KINDS
        and not (selection.exclude and selection.exclude.fullmatch(link.name))
    ]


def _guest_port(link: Link, guests: Guests) -> Target:
    if guests.overfull(link.index):
        return Target(link.name, Direction.OUT, refusal=CROWDED)
    return Target(link.name, Direction.OUT, frozenset(guests.behind(link.index)))


def captured_devices(
    links: Mapping[int, Link], selection: Selection, counted: Collection[int]
) -> dict[int, Target]:
    """Targets, by index: the captured devices, and those already `counted` that are only down.

    Where a device stacked on one is a port of a bridge (a VLAN of the card, say), frames for any
    guest arrive in good order.
    """
    reasons = choose(links, selection)
    carried = _carried(links)
    return {
        index: _device(link, carried.get(index, []))
        for index, link in links.items()
        if reasons[index] == "" or (reasons[index] == DOWN and index in counted)
    }


def _device(link: Link, above: list[Link]) -> Target:
    station = link.kind != "bridge" and all(_is_station(each) for each in (link, *above))
    return Target(link.name, Direction.TO_OTHERS, refusal="" if station else SWITCHING)


def _is_station(link: Link) -> bool:
    # A card may be the master of another (a cloud's virtual function): a port without a kind.
    return link.port_kind in _STATIONS and (link.master is None or link.port_kind != "")


def _carried(links: Mapping[int, Link]) -> dict[int, list[Link]]:
    """The devices stacked on each, at whatever height."""
    found: dict[int, list[Link]] = {}
    for link in links.values():
        passed = {link.index}
        low: Link | None = link
        while low is not None and low.kind in _CARRIED and low.lower is not None:
            if low.lower in passed:
                break
            passed.add(low.lower)
            found.setdefault(low.lower, []).append(link)
            low = links.get(low.lower)
    return found
