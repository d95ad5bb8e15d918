"""The kernel's rows, made by hand: for tests of what is made of them."""

from __future__ import annotations

from l2exporter.kernel.bridges import Port
from l2exporter.kernel.links import Link


def link(
    index: int,
    name: str | None = None,
    kind: str = "",
    lower: int | None = None,
    *,
    arphrd: int = 1,
    up: bool = True,
    noarp: bool = False,
    loopback: bool = False,
    port_kind: str = "",
    master: int | None = None,
    vlan_id: int | None = None,
) -> Link:
    """An Ethernet device that is up, but for what is told; it runs while it is up.

    Unless it is named, it is called after its index: d7.
    """
    return Link(
        index=index,
        name=f"d{index}" if name is None else name,
        arphrd=arphrd,
        up=up,
        running=up,
        noarp=noarp,
        loopback=loopback,
        mac="02:00:00:00:00:01",
        kind=kind,
        port_kind=port_kind,
        lower=lower,
        master=master,
        vlan_id=vlan_id,
    )


def port(
    index: int,
    name: str,
    bridge: int = 10,
    *,
    state: str = "forwarding",
    unicast_flood: bool | None = True,
    learning: bool | None = True,
    isolated: bool | None = False,
    locked: bool | None = False,
    neigh_suppress: bool | None = False,
) -> Port:
    """A port as the kernel makes one, but for what is told."""
    return Port(
        index=index,
        name=name,
        bridge=bridge,
        state=state,
        unicast_flood=unicast_flood,
        learning=learning,
        isolated=isolated,
        locked=locked,
        neigh_suppress=neigh_suppress,
    )
