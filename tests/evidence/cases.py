"""Why addresses move: scenarios with what is seen of them, and the cause that it allows to name."""

from __future__ import annotations

from .scenes import (
    BEGAN,
    IP,
    IP6,
    NEW,
    OLD,
    SERVER,
    THIRD,
    Case,
    Event,
    HoldFake,
    adverts,
    answered,
    dhcp,
    named,
    says,
    steadily,
    woken,
)

VRRP_5 = 0x0000_5E00_0105
HSRP_1 = 0x0000_0C07_AC01
GLBP_1_1 = 0x0007_B400_0101
GLBP_1_2 = 0x0007_B400_0102
BURST = (0.0, 0.001, 0.002, 0.003, 0.004)
LADDER = (0.0, 1.0, 3.0, 7.0)
SECONDS = tuple(float(second) for second in range(-5, 30))
DUID = b"\xff\x00\x00\x00\x01\x00\x02host"
OTHER_DUID_IAID = b"\xff\x00\x00\x00\x02\x00\x02host"

ASKED_AND_BOTH_ANSWER = answered((0, 6, 12, 18, 24), NEW, OLD)

SLEEP_PROXIES = (
    Case(
        "a sleep proxy takes the address",
        says(NEW, "announcement", *LADDER),
        "sleep_proxy_hold",
        "a hold of good confidence begins",
        holds=[HoldFake()],
        proxies=frozenset({NEW}),
    ),
    Case(
        "the sleeper blips while it falls asleep, the proxy takes the address again",
        [*says(NEW, "announcement", 0, 13, 14), *says(OLD, "request", 0.5, 2.5)],
        {(OLD, NEW): "sleep_proxy_hold", (NEW, OLD): "sleep_proxy_release"},
        "the proxy is silent for 10 s after the owner is heard: no conflict",
        holds=[HoldFake()],
    ),
    Case(
        "the owner wakes, with a DHCP request",
        [*says(NEW, "announcement", 0.1), *says(OLD, "announcement", 0, 1)],
        {(NEW, OLD): "sleep_proxy_release", (OLD, NEW): "sleep_proxy_hold"},
        "the hold comes before the lease, and one straggling claim is benign",
        seen=[dhcp("request", OLD, requested_ip=IP)],
        holds=[HoldFake(since_at=BEGAN - 900, ended_at=BEGAN)],
        first=NEW,
    ),
    Case(
        "the owner wakes on another of its interfaces",
        says(THIRD, "announcement", 0, 1),
        "sleep_proxy_release",
        "the hold knows both MACs of the owner",
        holds=[HoldFake(since_at=BEGAN - 900, ended_at=BEGAN, owner_macs=frozenset({OLD, THIRD}))],
        first=NEW,
    ),
    Case(
        "the owner wakes late, when its hold is over",
        says(OLD, "announcement", 0, 1),
        "sleep_proxy_release",
        "that proxy held the address last, for this owner, until nobody answered",
        lost=[(OLD, NEW)],
        first=NEW,
    ),
    Case(
        "somebody else claims the address of an owner that wakes late",
        [*says(OLD, "announcement", 0, 1), *says(THIRD, "announcement", 10)],
        "unknown",
        "a hold that is over explains one return, not a quarrel",
        lost=[(OLD, NEW)],
        first=NEW,
    ),
    Case(
        "the owner wakes on an interface that no Owner option names",
        says(THIRD, "announcement", 0, 1),
        "unknown",
        "nothing tells it from somebody else",
        holds=[HoldFake(since_at=BEGAN - 900)],
        first=NEW,
    ),
    Case(
        "a stranger registers a host that is awake",
        [*says(NEW, "announcement", *LADDER), *says(OLD, "request", 2.5, 6)],
        "duplicate_address",
        "the owner claims on: the hold is contested, and both live there",
        holds=[HoldFake(contested=True)],
        proxies=frozenset({NEW}),
    ),
    Case(
        "the same, and the owner says nothing in the window",
        says(NEW, "announcement", *LADDER),
        "unknown",
        "a contested hold excuses nothing, and there is no conflict to see",
        holds=[HoldFake(contested=True)],
        proxies=frozenset({NEW}),
    ),
    Case(
        "a proxy gets another host's old address for itself, by DHCP",
        says(NEW, "announcement", 0, 2),
        "dhcp_reassignment",
        "its own mDNS comes from that address: it holds nothing",
        seen=[dhcp("request", NEW, requested_ip=IP)],
        proxies=frozenset({NEW}),
    ),
    Case(
        "a proxy gets another host's old address for itself, by hand",
        says(NEW, "announcement", 0, 2),
        "unknown",
        "the same, and nothing tells who gave it",
        proxies=frozenset({NEW}),
    ),
    Case(
        "a proxy falls asleep and hands the address on",
        says(THIRD, "announcement", *LADDER),
        "sleep_proxy_hold",
        "from a known proxy to the one of the hold",
        holds=[HoldFake(proxy_mac=THIRD)],
        proxies=frozenset({NEW, THIRD}),
        first=NEW,
    ),
    Case(
        "a proxy takes the address and hands it on at once",
        [*says(NEW, "announcement", 0, 1), *says(THIRD, "announcement", 5, 6, 8)],
        "sleep_proxy_hold",
        "the hold is the second proxy's by the end of the window",
        holds=[HoldFake(proxy_mac=THIRD)],
        proxies=frozenset({NEW, THIRD}),
    ),
    Case(
        "a gratuitous burst that looks a little like a sleep proxy",
        says(NEW, "announcement", *LADDER),
        "unknown",
        "low confidence excuses nothing",
        holds=[HoldFake(confidence="low")],
    ),
    Case(
        "somebody who is no owner takes a held address",
        says(THIRD, "announcement", 0),
        "unknown",
        "not the hold's owner",
        holds=[HoldFake(since_at=BEGAN - 900)],
        first=NEW,
    ),
    Case(
        "a spoofer offers itself as a sleep proxy while the owner talks",
        [*steadily(NEW, "reply", 2.0), *steadily(OLD, "request", 5.0, 1.0)],
        "suspected_spoofing",
        "a contested hold excuses nothing",
        holds=[HoldFake(contested=True)],
        proxies=frozenset({NEW}),
    ),
    Case(
        "such a spoofer, before its hold is known to be contested",
        [*steadily(NEW, "reply", 2.0), *says(OLD, "request", 11.0)],
        "suspected_spoofing",
        "no sleep proxy sends replies that nobody asked for, to an owner that is awake",
        holds=[HoldFake()],
        proxies=frozenset({NEW}),
    ),
    Case(
        "a proxy and an owner that take the address from each other without a pause",
        [*steadily(NEW, "announcement", 4.0), *steadily(OLD, "announcement", 4.0, 2.0)],
        "duplicate_address",
        "more turns than a proxy that backs off can take",
        holds=[HoldFake()],
        proxies=frozenset({NEW}),
    ),
    Case(
        "a contradicted proxy borrows another proxy's hold",
        says(NEW, "announcement", *LADDER),
        "unknown",
        "the owner was awake when this one held the address",
        holds=[HoldFake(contested=True, ended_at=BEGAN - 60), HoldFake(proxy_mac=THIRD)],
        proxies=frozenset({NEW, THIRD}),
    ),
    Case(
        "a proxy is made to claim the gateway",
        says(NEW, "announcement", *LADDER),
        "suspected_spoofing",
        "no identity excuses a claim on a protected address",
        holds=[HoldFake(confidence="confirmed")],
        proxies=frozenset({NEW}),
        protected=True,
    ),
    Case(
        "a known proxy claims the gateway once, without a hold",
        says(NEW, "announcement", 0),
        "suspected_spoofing",
        "the same",
        proxies=frozenset({NEW}),
        protected=True,
    ),
    Case(
        "the gateway is itself again after a proxy's claim",
        says(OLD, "reply", 0),
        "suspected_spoofing",
        "the end of a theft is part of it",
        holds=[HoldFake(since_at=BEGAN - 900, ended_at=BEGAN)],
        first=NEW,
        protected=True,
    ),
)

ROUTERS = (
    Case(
        "keepalived with real MACs: bursts of five, again after 5 s",
        says(NEW, "announcement", *BURST, 5.0, 5.001, 5.002, 5.003, 5.004),
        "failover",
        "VRRP adverts from the new MAC name the address, the old one is silent",
        seen=adverts(NEW, *SECONDS[5:]),
    ),
    Case(
        "keepalived with real MACs, for a gateway",
        says(NEW, "announcement", *BURST),
        "failover",
        "adverts from the new MAC itself",
        seen=adverts(NEW, *SECONDS[5:]),
        protected=True,
    ),
    Case(
        "keepalived fails over and the master preempts at once",
        [*says(NEW, "announcement", *BURST, 5.0), *says(OLD, "announcement", 8.0, 13.0)],
        "failover",
        "both advertise, one after the other",
        seen=[*adverts(OLD, -5, -4), *adverts(NEW, 0, 1, 2, 3, 4, 5, 6, 7), *adverts(OLD, 8, 9)],
        protected=True,
    ),
    Case(
        "a virtual router that flaps",
        [*says(NEW, "announcement", 0, 10, 20), *says(OLD, "announcement", 5, 15, 25)],
        "failover",
        "each gives way to the other: their adverts take turns",
        seen=[
            advert
            for start, mac in ((-5, OLD), (0, NEW), (5, OLD), (10, NEW), (15, OLD), (20, NEW))
            for advert in adverts(mac, *(start + step for step in range(5)))
        ],
    ),
    Case(
        "a split brain: two masters that do not hear each other",
        [*says(NEW, "announcement", 0, 10, 20), *says(OLD, "announcement", 5, 15, 25)],
        "duplicate_address",
        "both advertise at once",
        seen=[*adverts(OLD, *SECONDS), *adverts(NEW, *(at + 0.5 for at in SECONDS[5:]))],
    ),
    Case(
        "keepalived with use_vmac, CARP",
        [],
        {},
        "the virtual MAC stays: no move",
    ),
    Case(
        "a VRRP router is put in a real router's place",
        says(VRRP_5, "gratuitous_reply", *BURST),
        "failover",
        "a virtual MAC, the old one is silent",
    ),
    Case(
        "a VRRP router in a real gateway's place, without adverts",
        says(VRRP_5, "gratuitous_reply", *BURST),
        "unknown",
        "anybody can choose that prefix",
        protected=True,
    ),
    Case(
        "a VRRP router in a real gateway's place, with adverts from the virtual MAC",
        says(VRRP_5, "gratuitous_reply", *BURST),
        "failover",
        "adverts that name the address",
        seen=adverts(VRRP_5, 0, 1, 2),
        protected=True,
    ),
    Case(
        "a CARP master in a real router's place, as gateway",
        says(VRRP_5, "gratuitous_reply", 0),
        "failover",
        "CARP names no address: its adverts vouch for the virtual MAC",
        seen=adverts(VRRP_5, 0, 1, 2, protocol="carp", addresses=()),
        protected=True,
    ),
    Case(
        "a CARP router's own MAC takes the gateway",
        says(NEW, "announcement", 0),
        "unknown",
        "its adverts vouch for the virtual MAC only",
        seen=adverts(NEW, 0, 1, 2, protocol="carp", addresses=()),
        protected=True,
    ),
    Case(
        "HSRP with use-bia: hellos from the router's own MAC",
        says(NEW, "gratuitous_reply", 0, 1),
        "failover",
        "its hello names the address",
        seen=adverts(NEW, 0, 3, 6, protocol="hsrp", virtual=HSRP_1),
        protected=True,
    ),
    Case(
        "an HSRP standby takes the address",
        says(NEW, "announcement", 0),
        "unknown",
        "only who is active answers for it",
        seen=adverts(NEW, 0, 3, 6, protocol="hsrp", virtual=HSRP_1, active=False),
    ),
    Case(
        "adverts for another address",
        says(NEW, "announcement", 0),
        "unknown",
        "they do not name this one",
        seen=adverts(NEW, 0, 1, addresses=(IP6,)),
    ),
    Case(
        "a real MAC takes a virtual router's address",
        says(NEW, "announcement", 0),
        "unknown",
        "the old MAC's prefix tells nothing about the newcomer",
        first=VRRP_5,
    ),
    Case(
        "a spoofer advertises while the router talks, on the gateway's address",
        [*steadily(NEW, "reply", 2.0), *steadily(OLD, "request", 5.0, 1.0)],
        "suspected_spoofing",
        "the old one is not silent",
        seen=[*adverts(NEW, 0, 10, 20), *adverts(OLD, *SECONDS)],
        protected=True,
    ),
    Case(
        "a spoofer advertises for a host's address while the host talks",
        [*steadily(NEW, "reply", 2.0), *steadily(OLD, "request", 5.0, 1.0)],
        "suspected_spoofing",
        "the host advertises nothing",
        seen=adverts(NEW, *SECONDS),
    ),
    Case(
        "GLBP: one address, a virtual MAC for each forwarder",
        answered((0, 8, 16, 24), GLBP_1_1) + answered((4, 12, 20, 28), GLBP_1_2),
        "failover",
        "forwarders of one group share the address",
        first=GLBP_1_2,
    ),
    Case(
        "GLBP for a gateway",
        answered((0, 8, 16, 24), GLBP_1_1) + answered((4, 12, 20, 28), GLBP_1_2),
        "unknown",
        "its MACs can be copied",
        first=GLBP_1_2,
        protected=True,
    ),
    Case(
        "neutron, MetalLB, Pacemaker: arping -A from another node",
        says(NEW, "gratuitous_reply", 0, 1, 2, 3, 4),
        "unknown",
        "the old one lets go and nobody advertises; gratuitous bursts are no spoofer's pattern",
    ),
    Case(
        "a failover cluster for IPv6 without adverts",
        says(NEW, "unsolicited", 0, 1, 2, 3, 4),
        "unknown",
        "the same",
        ip=IP6,
    ),
    Case(
        "keepalived for IPv6",
        says(NEW, "unsolicited", *BURST, 5.0),
        "failover",
        "adverts name the address",
        seen=adverts(NEW, 0, 1, addresses=(IP6,)),
        ip=IP6,
    ),
)

LEASES = (
    Case(
        "a new client gets another's old address",
        says(NEW, "announcement", 0, 2),
        "dhcp_reassignment",
        "its request, seen by every host",
        seen=[dhcp("request", NEW, -8.0, requested_ip=IP)],
    ),
    Case(
        "a virtual machine is built anew, seen from a mirror port",
        says(NEW, "request", 0),
        "dhcp_reassignment",
        "the server's acknowledgement names the client, whatever the frame's source",
        seen=[dhcp("ack", NEW, source_mac=SERVER, your_ip=IP)],
    ),
    Case(
        "a client asks for an address and is refused",
        says(NEW, "request", 0),
        "unknown",
        "a NAK takes it back",
        seen=[
            dhcp("request", NEW, -2.0, requested_ip=IP),
            dhcp("nak", NEW, -1.5, source_mac=SERVER),
        ],
    ),
    Case(
        "a client renews",
        says(NEW, "request", 0),
        "unknown",
        "a renewal gives nothing to anybody",
        seen=[dhcp("request", NEW, client_ip=IP)],
    ),
    Case(
        "a lease of an hour ago",
        says(NEW, "request", 0),
        "unknown",
        "no sign that this move follows from it",
        seen=[dhcp("request", NEW, -3600.0, requested_ip=IP)],
    ),
    Case(
        "the address is given away while its old host still uses it",
        [*says(NEW, "request", 0, 9, 20), *says(OLD, "request", 5, 14)],
        "duplicate_address",
        "both live there: the lease excuses nothing",
        seen=[dhcp("request", NEW, requested_ip=IP)],
    ),
    Case(
        "the old host is heard once more, long after",
        [*says(NEW, "request", 0), *says(OLD, "request", 12)],
        "unknown",
        "it came back, and nobody disputed it: neither a reassignment nor yet a conflict",
        seen=[dhcp("request", NEW, requested_ip=IP)],
    ),
    Case(
        "the old host's last answer crosses the new one's first",
        [*says(NEW, "announcement", 0, 1), *says(OLD, "reply", 0.5)],
        {(OLD, NEW): "dhcp_reassignment", (NEW, OLD): "unknown"},
        "crossing packets are benign",
        seen=[dhcp("request", NEW, requested_ip=IP)],
    ),
    Case(
        "a DHCP client gets a protected address, the old one is silent",
        says(NEW, "announcement", 0),
        "dhcp_reassignment",
        "it is what it is; claims and moves of protected addresses are counted elsewhere",
        seen=[dhcp("request", NEW, requested_ip=IP)],
        protected=True,
    ),
)

SAME_HOSTS = (
    Case(
        "a laptop is docked: Owner",
        says(NEW, "announcement", 0),
        "same_host_interface",
        "both interfaces name one host",
        seen=[woken(OLD, 0x0200_0000_00AA, -900), woken(NEW, 0x0200_0000_00AA, 1)],
    ),
    Case(
        "a laptop is docked: the other interface was never heard by mDNS",
        says(NEW, "announcement", 0),
        "same_host_interface",
        "the host that is named is the old MAC itself",
        seen=[woken(NEW, OLD, 1)],
    ),
    Case(
        "an interface switch with one DUID",
        says(NEW, "announcement", 0),
        "same_host_interface",
        "RFC 4361: the same host behind another interface number",
        seen=[
            dhcp("request", OLD, -900, client_id=DUID),
            dhcp("request", NEW, -3, client_id=OTHER_DUID_IAID),
        ],
    ),
    Case(
        "an interface switch with one DUID and a lease for it",
        says(NEW, "announcement", 0),
        "same_host_interface",
        "the lease stays with its client: it gives the address to nobody else",
        seen=[
            dhcp("request", OLD, -900, client_id=DUID),
            dhcp("request", NEW, -3, client_id=OTHER_DUID_IAID, requested_ip=IP),
        ],
    ),
    Case(
        "a second host of the same mDNS name gets the first one's old lease",
        says(NEW, "announcement", 0),
        "dhcp_reassignment",
        "a name may be another's after the first is gone: the lease is better evidence",
        seen=[
            named(OLD, "raspberrypi.local", -60),
            named(NEW, "raspberrypi.local", 2),
            dhcp("request", NEW, requested_ip=IP),
        ],
    ),
    Case(
        "a bond with fail_over_mac, a host with avahi",
        says(NEW, "gratuitous_reply", 0),
        "same_host_interface",
        "the same mDNS host name speaks for itself from both",
        seen=[named(OLD, "Host.local", -60), named(NEW, "host.local", 9)],
    ),
    Case(
        "a bond with fail_over_mac, a host that names itself nowhere",
        says(NEW, "gratuitous_reply", 0),
        "unknown",
        "nothing tells it from another host",
    ),
    Case(
        "two hosts with the same DHCP host name",
        says(NEW, "announcement", 0),
        "unknown",
        "such names are not unique",
        seen=[dhcp("request", OLD, -60, host_name="pc"), dhcp("request", NEW, host_name="pc")],
    ),
    Case(
        "cloned machines with one DUID, both running",
        [*says(NEW, "request", 0, 8, 16), *says(OLD, "request", 4, 12, 20)],
        "duplicate_address",
        "an identity excuses no conflict",
        seen=[
            dhcp("request", OLD, -900, client_id=DUID),
            dhcp("request", NEW, -3, client_id=DUID),
        ],
    ),
    Case(
        "a reflector repeats a host's name",
        says(NEW, "announcement", 0),
        "unknown",
        "a record that is not its packet's own source tells nothing of its sender",
        seen=[named(OLD, "host.local", -60), named(NEW, "host.local", 2, source=IP6)],
    ),
)

FACTORY_DEFAULT: list[Event] = [
    event
    for at in (0, 5)
    for number in range(5)
    for event in says(NEW + number, "announcement", at + number / 2)
]
NEW_MAC_EACH: list[Event] = [
    event for at in range(0, 30, 2) for event in says(NEW + at, "reply", at)
]

CONFLICTS = (
    Case(
        "two hosts with one static address, both talk",
        [*says(NEW, "request", 0, 8, 16, 24), *says(OLD, "request", 4, 12, 20, 28)],
        "duplicate_address",
        "both live there",
    ),
    Case(
        "a newcomer announces, the owner defends at once, the newcomer gives up",
        [*says(NEW, "announcement", 0), *says(OLD, "announcement", 0.01)],
        "duplicate_address",
        "RFC 5227: an immediate defence",
    ),
    Case(
        "two hosts with one IPv6 address",
        [*says(NEW, "solicitation", 0, 8, 16), *says(OLD, "solicitation", 4, 12, 20)],
        "duplicate_address",
        "both live there",
        ip=IP6,
    ),
    Case(
        "five new devices with one factory default",
        FACTORY_DEFAULT,
        "duplicate_address",
        "a crowd that lives there",
    ),
    Case(
        "the gateway's address is given to a host by mistake",
        [*says(NEW, "request", 0, 8, 16, 24), *says(OLD, "request", 4, 12, 20, 28)],
        "suspected_spoofing",
        "a conflict about a protected address is taken for the worst",
        protected=True,
    ),
    Case(
        "two hosts that speak too rarely",
        says(NEW, "request", 0),
        "unknown",
        "one packet of one of them in the window: no conflict is seen",
    ),
    Case(
        "a router answers by proxy ARP, and so does the host itself",
        ASKED_AND_BOTH_ANSWER,
        "unknown",
        "proxy ARP, two interfaces on one segment, or a spoofer that answers: all the same",
    ),
    Case(
        "somebody answers for the gateway faster than it does",
        ASKED_AND_BOTH_ANSWER,
        "suspected_spoofing",
        "nobody but the gateway has to answer for it",
        protected=True,
    ),
    Case(
        "a gateway is poisoned once in a while, for the first time",
        [*says(NEW, "reply", 0), *says(OLD, "reply", 10)],
        "unknown",
        "one turn is what a straggler or a mistake makes too",
        protected=True,
    ),
    Case(
        "and again within the hour",
        [*says(NEW, "reply", 0), *says(OLD, "reply", 10)],
        "suspected_spoofing",
        "it has been driven off before",
        protected=True,
        repeaters=frozenset({NEW}),
    ),
    Case(
        "who was driven off from a gateway's address advertises for it, the old one silent",
        says(NEW, "announcement", 0, 1),
        "failover",
        "adverts explain it: nothing is left to repeat",
        seen=adverts(NEW, 0.0, 1.0),
        protected=True,
        repeaters=frozenset({NEW}),
    ),
    Case(
        "GLBP for a gateway, one turn in a window and another in the next",
        [*says(GLBP_1_2, "reply", 0), *says(GLBP_1_1, "reply", 10)],
        "unknown",
        "forwarders of one group take turns",
        first=GLBP_1_1,
        protected=True,
        repeaters=frozenset({GLBP_1_2}),
    ),
    Case(
        "one question, answered twice",
        ASKED_AND_BOTH_ANSWER[:3],
        "unknown",
        "crossing packets",
        protected=True,
    ),
    Case(
        "five answer, and one of them asks a DHCP server for the address",
        answered((0,), OLD, NEW, THIRD, THIRD + 1, THIRD + 2),
        "unknown",
        "a lease excuses no conflict, whoever is in it",
        seen=[dhcp("request", THIRD, requested_ip=IP)],
    ),
    Case(
        "an anycast address with three hosts on one segment",
        answered((0, 6, 12), NEW, THIRD, OLD),
        "unknown",
        "they only answer",
    ),
)

SPOOFERS = (
    Case(
        "arpspoof, the owner talks",
        [*steadily(NEW, "reply", 2.0), *says(OLD, "request", 7, 19)],
        "suspected_spoofing",
        "replies that nobody asked for, against a living owner",
    ),
    Case(
        "arpspoof, the owner is silent",
        steadily(NEW, "reply", 2.0),
        "suspected_spoofing",
        "the same pattern: a victim is deaf to it",
    ),
    Case(
        "arpspoof with a copied identity and a forged request",
        steadily(NEW, "reply", 2.0),
        "suspected_spoofing",
        "the pattern comes before what can be copied",
        seen=[woken(NEW, OLD, 1), dhcp("request", NEW, requested_ip=IP)],
    ),
    Case(
        "arpspoof from a virtual MAC",
        steadily(VRRP_5, "reply", 2.0),
        "suspected_spoofing",
        "a prefix is no advert",
    ),
    Case(
        "arpspoof ends and puts the owner back",
        [*steadily(NEW, "reply", 2.0)[:8], *says(OLD, "reply", 15, 16, 17, 18, 19)],
        "suspected_spoofing",
        "its end is part of it",
    ),
    Case(
        "ettercap: one a second at first, then every 10 s",
        says(NEW, "reply", 0, 1, 2, 3, 4, 5, 15, 25),
        "suspected_spoofing",
        "four of eight come too late to be answers to what was asked before the move",
    ),
    Case(
        "bettercap",
        steadily(NEW, "reply", 1.0),
        "suspected_spoofing",
        "one a second",
    ),
    Case(
        "a spoofer with a new MAC for each packet, the owner talks",
        [
            *NEW_MAC_EACH,
            *steadily(OLD, "request", 5.0, 1.0),
        ],
        "suspected_spoofing",
        "a crowd of senders that nobody asked",
    ),
    Case(
        "a spoofer of solicited advertisements for IPv6",
        [*steadily(NEW, "solicited", 2.0), *says(OLD, "solicitation", 7, 19)],
        "suspected_spoofing",
        "nobody asked",
        ip=IP6,
    ),
    Case(
        "endless gratuitous ARP, the owner talks",
        [*steadily(NEW, "announcement", 1.0), *says(OLD, "request", 7, 19)],
        "duplicate_address",
        "a spoofer, or a stubborn second host: on the wire they are the same",
    ),
    Case(
        "arpspoof while somebody asks every other second, and the owner answers",
        [*steadily(NEW, "reply", 2.0, 0.5), *answered(range(0, 30, 2), OLD)],
        "unknown",
        "each of its replies may be an answer",
    ),
    Case(
        "the same against a gateway",
        [*steadily(NEW, "reply", 2.0, 0.5), *answered(range(0, 30, 2), OLD)],
        "suspected_spoofing",
        "nobody but the gateway has to answer for it",
        protected=True,
    ),
    Case(
        "a bond in mode balance-alb gives each peer another of its MACs",
        [*says(OLD, "request", 7, 14, 21), *says(NEW, "reply", 0, 0.1, 7.1, 7.2, 14.1, 21.1)],
        "suspected_spoofing",
        "a false alarm: its replies, which nobody asked for, are those of a spoofer",
    ),
    Case(
        "a mirror port that shows answers only, after a reassignment",
        [*says(NEW, "announcement", 0), *says(NEW, "reply", 5, 12, 20, 28)],
        "dhcp_reassignment",
        "a host that also announces or asks is believed to be one",
        seen=[dhcp("request", NEW, requested_ip=IP)],
    ),
    Case(
        "the same for a gateway",
        [*says(NEW, "announcement", 0), *says(NEW, "reply", 5, 12, 20, 28)],
        "suspected_spoofing",
        "but not where it matters most",
        seen=[dhcp("request", NEW, requested_ip=IP)],
        protected=True,
    ),
    Case(
        "one stolen answer",
        says(NEW, "reply", 0),
        "unknown",
        "one packet is no pattern",
    ),
)

REPLACEMENTS = (
    Case(
        "an operator gives the address to a replacement machine",
        [*says(NEW, "announcement", 0), *says(NEW, "request", 3, 9)],
        "unknown",
        "the old one is silent, nothing tells who the new one is",
    ),
    Case(
        "a live migration, NLB with one cluster MAC",
        [],
        {},
        "the MAC stays: no move",
    ),
    Case(
        "a Wi-Fi extender puts its own MAC in its clients' packets",
        says(NEW, "request", 0, 5),
        "unknown",
        "the host is the same, but no packet of it says so",
        seen=[woken(OLD, OLD, -900)],
    ),
    Case(
        "a host moves from an extender and back",
        [*says(NEW, "request", 0, 1, 2), *says(OLD, "request", 12, 13)],
        "unknown",
        "there and back is no conflict: each is silent while the other speaks",
    ),
)

CASES = (
    *SLEEP_PROXIES,
    *ROUTERS,
    *LEASES,
    *SAME_HOSTS,
    *CONFLICTS,
    *SPOOFERS,
    *REPLACEMENTS,
)
