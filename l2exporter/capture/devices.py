"""Which of the host's devices are captured, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..kernel.links import Link

ARPHRD_ETHER = 1

DOWN = "down"
"""Why a device is left out that would be captured if it were up."""

_OWN_RIGHT = frozenset({"", "dsa", "bridge", "bond", "team"})
"""Kinds captured for themselves: hardware (a DSA switch's ports are), and what gathers it."""

_BUNDLES = frozenset({"bond", "team"})
_STACKED = frozenset({"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"})
_SWITCHES = frozenset({"bridge", "openvswitch"})


@dataclass(frozen=True, slots=True)
class Selection:
    """Which devices the operator asked for; by default those that `choose` finds itself.

    names    exactly these, also while they are down
    include  every Ethernet device whose whole name matches, where no names are given
    exclude  none whose whole name matches, whatever else asks for it
    """

    names: tuple[str, ...] = ()
    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None


def choose(links: Mapping[int, Link], selection: Selection) -> dict[int, str]:
    """For each link index: empty when it is captured, else in a few words why it is not.

    By itself it takes what is up and is hardware, a bridge, a bond or a team: each segment once,
    where all of its frames pass. A bond stands for its ports and a card for the VLAN devices on
    it, unless the card is not captured; the ports that a bridge gives to guests are left out. In a
    namespace without hardware (a container) the veth stands for the card.
    """
    hardware = any(_is_hardware(link) for link in links.values())
    below = {index: _below(links, link) for index, link in links.items()}
    reasons: dict[int, str] = {}
    # Upwards: whether a VLAN device is captured depends on the devices below it.
    for index in sorted(links, key=lambda index: len(below[index])):
        link = links[index]
        around = _Surroundings(
            master=None if link.master is None else links.get(link.master),
            carrier=next((low for low in below[index] if reasons.get(low.index) == ""), None),
            hardware=hardware,
        )
        reasons[index] = _refusal(link, selection) or _reason(link, selection, around)
    return {index: reasons[index] for index in links}


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What decides about a device besides itself.

    master    what it is a port of
    carrier   the nearest captured device below it: its frames are seen there
    hardware  whether the namespace has any
    """

    master: Link | None
    carrier: Link | None
    hardware: bool


def _is_hardware(link: Link) -> bool:
    return link.arphrd == ARPHRD_ETHER and not link.kind


def _below(links: Mapping[int, Link], link: Link) -> list[Link]:
    """The devices that carry a VLAN device's frames, nearest first."""
    found: list[Link] = []
    while link.kind in _STACKED and link.lower is not None:
        lower = links.get(link.lower)
        if lower is None or lower in found:
            break
        found.append(lower)
        link = lower
    return found


def _refusal(link: Link, selection: Selection) -> str:
    """Why a device is captured on no account, or an empty string."""
    if link.arphrd != ARPHRD_ETHER:  # loopback has a type of its own
        return "not an Ethernet device"
    if selection.exclude is not None and selection.exclude.fullmatch(link.name):
        return "excluded by --capture.device-exclude"
    return ""


def _reason(link: Link, selection: Selection, around: _Surroundings) -> str:
    if selection.names:
        return "" if link.name in selection.names else "not named by --capture.device"
    if selection.include is not None:
        matches = selection.include.fullmatch(link.name)
        return "" if matches else "does not match --capture.device-include"
    return _automatic_reason(link, around)


def _automatic_reason(link: Link, around: _Surroundings) -> str:
    if not link.up:
        return DOWN
    if link.noarp:
        return "does not use ARP"
    if _is_bundled(link, around.master):
        return f"port of {_name(link, around.master)}"
    if link.kind in _OWN_RIGHT:
        return ""
    if link.kind in _STACKED:
        return _stacked_reason(link, around.carrier)
    return _virtual_reason(link, around)


def _stacked_reason(link: Link, carrier: Link | None) -> str:
    if carrier is None:
        return ""
    label = "VLAN" if link.kind == "vlan" else link.kind
    return f"{label} device of {carrier.name}, which is captured"


def _virtual_reason(link: Link, around: _Surroundings) -> str:
    if link.port_kind in _SWITCHES:
        return f"guest port of {_name(link, around.master)}"
    if link.kind == "veth" and not around.hardware:
        return ""
    return "virtual device: name it to capture it"


def _is_bundled(link: Link, master: Link | None) -> bool:
    """Whether its master stands for it: a bond, a team, or a card (a cloud's virtual function)."""
    return link.port_kind in _BUNDLES or (master is not None and _is_hardware(master))


def _name(port: Link, master: Link | None) -> str:
    return master.name if master is not None else f"a {port.port_kind}"
