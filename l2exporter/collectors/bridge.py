"""`bridge`: settings and states of bridges and their ports, which decide what is flooded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from prometheus_client.metrics_core import InfoMetricFamily, Metric

from ..kernel.bridges import Bridge, Port
from ..kernel.netfilter import BridgeNetfilter
from .base import Context
from .figures import Figure

_BRIDGE = ("bridge",)
_PORT = ("bridge", "port")

_BRIDGES: tuple[Figure[Bridge], ...] = (
    Figure(
        "l2_bridge_ageing_seconds",
        "How long a MAC is kept without being seen; 0 keeps none.",
        lambda bridge: bridge.ageing_seconds,
    ),
    Figure(
        "l2_bridge_forward_delay_seconds",
        "Forward delay of STP; how long a MAC is kept during a topology change.",
        lambda bridge: bridge.forward_delay_seconds,
    ),
    Figure(
        "l2_bridge_topology_change",
        "Whether a topology change is under way.",
        lambda bridge: bridge.topology_change,
    ),
    Figure(
        "l2_bridge_topology_change_detected",
        "Whether this bridge has itself detected a topology change.",
        lambda bridge: bridge.topology_change_detected,
    ),
    Figure(
        "l2_bridge_vlan_filtering",
        "Whether VLANs are told apart.",
        lambda bridge: bridge.vlan_filtering,
    ),
    Figure(
        "l2_bridge_fdb_learned_entries",
        "Learned MACs, as the kernel counts them against the limit.",
        lambda bridge: bridge.learned,
    ),
    Figure(
        "l2_bridge_fdb_learned_limit",
        "Learned MACs that the bridge may have.",
        lambda bridge: math.inf if bridge.learned_limit == 0 else bridge.learned_limit,
    ),
)

_PORTS: tuple[Figure[Port], ...] = (
    Figure(
        "l2_bridge_port_unicast_flood",
        "Whether frames to unknown MACs are flooded to the port.",
        lambda port: port.unicast_flood,
    ),
    Figure(
        "l2_bridge_port_learning",
        "Whether MACs behind the port are learned.",
        lambda port: port.learning,
    ),
    Figure(
        "l2_bridge_port_isolated",
        "Whether the port reaches ports that are not isolated only.",
        lambda port: port.isolated,
    ),
    Figure(
        "l2_bridge_port_locked",
        "Whether frames are taken from MACs only that have an entry for the port.",
        lambda port: port.locked,
    ),
    Figure(
        "l2_bridge_port_neigh_suppress",
        "Whether the bridge answers ARP and neighbour solicitations in the port's stead.",
        lambda port: port.neigh_suppress,
    ),
)


class BridgeCollector:
    """What each bridge and each of its ports is set to, and the state that it is in now.

    A bridge forgets a MAC that was not seen for its ageing time, for its forward delay while a
    topology change is under way (the kernel then tells that as the ageing time too). What is sent
    to a MAC that it does not know goes to every port with unicast flood. Behind a port without
    learning it knows no MAC but those entered by hand or by a daemon.

    Whether bridged frames pass through the host's own iptables, ip6tables or arptables
    (`nf_call`) is what is in effect: br_netfilter is loaded, and the bridge's own option or the
    sysctl of all bridges is on. What an older kernel does not tell of (learned MACs, a port's
    flag) is absent; where learned MACs have no limit, it is +Inf.

    l2_bridge_stp_info{bridge="br0",mode="kernel"} 1.0
    l2_bridge_ageing_seconds{bridge="br0"} 300.0
    l2_bridge_forward_delay_seconds{bridge="br0"} 15.0
    l2_bridge_topology_change{bridge="br0"} 0.0
    l2_bridge_topology_change_detected{bridge="br0"} 0.0
    l2_bridge_vlan_filtering{bridge="br0"} 0.0
    l2_bridge_fdb_learned_entries{bridge="br0"} 17.0
    l2_bridge_fdb_learned_limit{bridge="br0"} +Inf
    l2_bridge_nf_call_iptables{bridge="br0"} 1.0
    l2_bridge_nf_call_ip6tables{bridge="br0"} 1.0
    l2_bridge_nf_call_arptables{bridge="br0"} 0.0
    l2_bridge_port_state_info{bridge="br0",port="vnet0",state="forwarding"} 1.0
    l2_bridge_port_unicast_flood{bridge="br0",port="vnet0"} 1.0
    l2_bridge_port_learning{bridge="br0",port="vnet0"} 1.0
    l2_bridge_port_isolated{bridge="br0",port="vnet0"} 0.0
    l2_bridge_port_locked{bridge="br0",port="vnet0"} 0.0
    l2_bridge_port_neigh_suppress{bridge="br0",port="vnet0"} 0.0
    """

    def __init__(self, context: Context) -> None:
        self._reader = context.kernel_side().reader

    def collect(self) -> Iterable[Metric]:
        """Yield a sample for each bridge, then for each port of one."""
        bridges, ports = self._reader.bridges(), self._reader.ports()
        names = {bridge.index: bridge.name for bridge in bridges}
        rows = [((bridge.name,), bridge) for bridge in bridges]
        yield _modes(bridges)
        for figure in (*_BRIDGES, *_nf_calls(self._reader.netfilter())):
            yield figure.gauge(_BRIDGE, rows)
        held = [((names[port.bridge], port.name), port) for port in ports if port.bridge in names]
        yield _states(held)
        for flag in _PORTS:
            yield flag.gauge(_PORT, held)


def _modes(bridges: Iterable[Bridge]) -> Metric:
    family = InfoMetricFamily(
        "l2_bridge_stp",
        "Who runs the spanning tree protocol: none, kernel, or user (a daemon).",
        labels=_BRIDGE,
    )
    for bridge in bridges:
        family.add_metric([bridge.name], {"mode": bridge.stp})
    return family


def _states(ports: Iterable[tuple[Sequence[str], Port]]) -> Metric:
    family = InfoMetricFamily(
        "l2_bridge_port_state",
        "State: disabled, listening, learning, forwarding or blocking.",
        labels=_PORT,
    )
    for labels, port in ports:
        family.add_metric(labels, {"state": port.state})
    return family


def _nf_calls(netfilter: BridgeNetfilter) -> Iterable[Figure[Bridge]]:
    yield _nf_call("iptables", netfilter.iptables, lambda bridge: bridge.nf_call_iptables)
    yield _nf_call("ip6tables", netfilter.ip6tables, lambda bridge: bridge.nf_call_ip6tables)
    yield _nf_call("arptables", netfilter.arptables, lambda bridge: bridge.nf_call_arptables)


def _nf_call(
    program: str, everywhere: bool | None, own: Callable[[Bridge], bool | None]
) -> Figure[Bridge]:
    """What is in effect: the kernel's br_netfilter_hooks.c asks for either of the two options."""
    return Figure(
        f"l2_bridge_nf_call_{program}",
        f"Whether bridged frames pass through this host's {program}.",
        lambda bridge: everywhere is not None and (everywhere or bool(own(bridge))),
    )
