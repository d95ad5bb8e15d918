"""`l2exporter check`: what this host lets the exporter see, and how to mend the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator

from . import check_bridges, privileges
from .capture.devices import Selection, choose
from .capture.ring import BLOCK_SLOTS, Ring
from .errors import KernelError
from .findings import Finding, table
from .kernel.host import Host
from .limits import Limits

_SYSCTLS = (
    (
        "net/core/bpf_jit_enable",
        1,
        "filters run interpreted, for every frame: sysctl -w net.core.bpf_jit_enable=1",
    ),
    (
        "net/core/rmem_max",
        212_992,
        "bursts of netlink events may overrun: sysctl -w net.core.rmem_max=1048576",
    ),
)


def report(selection: Selection) -> tuple[str, bool]:
    """Return the table as text, and whether nothing needed is missing."""
    privileges.attempt(privileges.claim)
    sections: list[tuple[str, list[Finding]]] = []
    try:
        host = Host()
    except KernelError as error:
        remedy = "allow AF_NETLINK sockets (RestrictAddressFamilies=, seccomp)"
        sections.append(("devices", [Finding("netlink", False, str(error), remedy)]))
    else:
        sections.append(("devices", list(_devices(host, selection))))
        host.close()
    sections.append(("bridges", check_bridges.findings()))
    sections.append(("capabilities", [_net_raw()]))
    sections.append(("kernel", [_ring(), *_sysctls()]))
    complete = all(row.well or not row.needed for _, rows in sections for row in rows)
    return "\n".join(table(title, rows) for title, rows in sections if rows), complete


def _devices(host: Host, selection: Selection) -> Iterator[Finding]:
    reasons = choose(host.links, selection)
    names = {link.name for link in host.links.values()}
    for index, reason in reasons.items():
        named = host.links[index].name in selection.names
        found = f"not captured: {reason}" if reason else "captured"
        yield Finding(host.links[index].name, not reason or not named, found, needed=named)
    for name in selection.names:
        if name not in names:
            yield Finding(name, False, "there is no such device", "see ip link")
    most = Limits().devices
    if sum(not reason for reason in reasons.values()) > most:
        remedy = f"raise limits.devices above {most}, or leave some out"
        yield Finding("(all)", False, "more devices than the default limit", remedy, needed=False)
    if all(reasons.values()) and not selection.names:
        remedy = "set one up (ip link set DEV up), or name it with --capture.device"
        yield Finding("(all)", False, "no device is captured", remedy)


def _net_raw() -> Finding:
    well = privileges.has_net_raw()
    remedy = "run as root, or grant it: setcap, AmbientCapabilities=, --cap-add=NET_RAW"
    return Finding("CAP_NET_RAW", well, "held" if well else "missing", "" if well else remedy)


def _ring() -> Finding:
    """Open a ring on the loopback device, as on any: socket, TPACKET_V2, filter, bind."""
    try:
        ring = Ring(1, BLOCK_SLOTS, promiscuous=False)
    except PermissionError:
        return Finding("packet ring", False, "not tried: no privilege", "see CAP_NET_RAW")
    except OSError as error:
        remedy = "a kernel with CONFIG_PACKET; allow AF_PACKET (RestrictAddressFamilies=, seccomp)"
        return Finding("packet ring", False, error.strerror or "failed", remedy)
    ring.close()
    return Finding("packet ring", True, "TPACKET_V2 with a filter")


def _sysctls() -> Iterator[Finding]:
    for path, least, remedy in _SYSCTLS:
        name = path.replace("/", ".")
        try:
            with open(os.path.join("/proc/sys", path), encoding="ascii") as file:
                value = int(file.read())
        except (OSError, ValueError):
            # Absent in a network namespace of its own, or in a container: nothing to mend there.
            yield Finding(name, True, "not visible here", needed=False)
            continue
        well = value >= least
        yield Finding(name, well, str(value), "" if well else remedy, needed=False)
