"""Every cap in the program, each with its reason.

Whoever is on the wire chooses the addresses, tags and senders in it, and whoever reaches the port
chooses the requests: nothing that grows by their choice is without a figure here. `Limits` are
what an operator may change in the configuration file (key `limits`); the rest is fixed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that the configuration file may change; read at start."""

    addresses: int = 16_384
    """Addresses tracked, of each family. A flat /18 of hosts; with two samples each, at 10 us a
    sample in OpenMetrics, a scrape of a full table takes a third of a second; the table is 2 MB."""

    address_burst: int = 8_192
    """New addresses admitted at once, of each family. The population of a large segment, seen in
    the first minutes after a start; a storm of spoofed senders gets no more series than this."""

    address_rate: float = 1.0
    """New addresses of each family admitted per second once the burst is spent. Each is a series
    that Prometheus keeps for hours: 86,400 a day is what it stands without notice."""

    vlans: int = 512
    """Pairs of device and VLAN counted apart. A trunk carries some hundred VLANs; a sender of
    random tags could make 4,094 of each device. The rest are counted under vlan="other", where
    only protected addresses are tracked; what is untagged always has a place."""

    devices: int = 64
    """Devices followed, those that are gone included, so that totals survive a reconnect. Each
    live one costs a ring; container hosts make and remove names without end."""

    fdb_entries: int = 131_072
    """MACs of all bridges known with their port. A large hypervisor has some thousands; a flood of
    spoofed senders fills a bridge without limit, and each entry is 16 bytes here. Beyond it
    entries are counted, but a move cannot be told from a first sight."""


# Tables

FOREIGN_SHARE = 4
"""Addresses outside the device's own subnets get one in this many of the burst and the rate:
hosts are few out there, and spoofed senders mostly lie there."""

PROTECTED_SHARE = 2
"""Protected addresses are admitted at once and never evicted, in each VLAN that they appear in;
beyond one in this many rows they compete like others, or random tags would fill the table."""

PROTECTED_ADDRESSES = 1_024
"""Addresses that the configuration file may protect: each is looked for in every new sender."""

MAC_PAIR_RATE = 1.0
"""Distinct (from, to) pairs of MACs newly shown per second, after as many as there are rows: a
label's value is a series too. Forty sleeping Macs make 0.02; a spoofer that draws a
new MAC for every packet would make a series of each move."""

VLAN_IDLE_SECONDS = 300.0
"""Without a frame, before a VLAN's place is another's. Hosts ask for their gateway more often, so
what random tags leave behind makes room again, and a VLAN in use does not. Its series end with it:
added to those of vlan="other" they would look like a burst there."""

# Bridges and neighbours

VXLAN_SERIES = 4_096
"""Series of vxlan entries, by device, VNI and kind. A routing daemon gives a host some hundred
VNIs; on an "external" device whoever can reach its port names one of 16 million in each packet.
The smallest beyond it are summed up under vni="other"."""

FDB_EVENT_BYTES = 8 << 20
"""Of kernel memory for FDB events that wait, at about 832 bytes each: a third of a second of
30,000 events. Without CAP_NET_ADMIN at the start it is net.core.rmem_max."""

FDB_EVENTS_AT_ONCE = 16_384
"""FDB events taken in at once, between which a scrape has its turn: a tenth of a second's work."""

FDB_SEGMENTS = 16_384
"""Pairs of bridge and VLAN told apart: four bridges with every VLAN."""

FDB_SERIES = 8_192
"""Series of FDB entries, by bridge, port, VLAN and kind. With VLAN filtering each port has a local
entry in each of its VLANs, so a hundred trunks of a thousand VLANs would make a second of a
scrape; the smallest beyond it are summed up under vlan="other"."""

FDB_MOVING_MACS = 64
"""MACs whose moves between ports are shown. Guests migrate one at a time; a loop moves thousands,
and a few of them tell as much as all."""

FDB_MOVING_IDLE_SECONDS = 600.0
"""Without a move, before a MAC's place among them is another's."""

MISSING_SHOWN = 128
"""Neighbours without an FDB entry that are shown with their addresses; their number is exact."""

MISSING_REMEMBERED = 1_024
"""Of them, shown before: they come and go as hosts fall silent and speak, on series that exist."""

MISSING_RATE = 0.1
"""Newly shown per second, after as many as are remembered: 8,640 series a day. Whoever sends ARP
with sender addresses that no frame comes from makes such neighbours without end."""

GUEST_MACS = 64
"""MACs remembered behind a port, each of them five instructions of the filter that counts floods.
A guest has one or two; a port with more of them leads to another switch, and is not counted."""

FLOOD_SOCKETS = 1_024
"""Devices and guest ports whose floods are counted: a socket each, 8 KiB of kernel memory, 11 once
it has counted. They may take half of the file descriptors."""

# Capture

RING_SLOTS = 16_384
"""Frames that the kernel holds for us: 80 ms of the fastest ARP storm that one core can send."""

WHOLE_SLOTS = 256
"""Whole frames that the kernel holds for us, half a MB: a second of a lively segment's multicast
DNS, or 25 ms of 10,000 a second, of which no more than the CPU budget allows are dissected."""

FULL_RINGS = 1
SMALL_RING_SHARE = 5
"""Devices beyond so many get rings of one in so many slots: 16 ms of that storm, and 0.8 MB each
instead of 3.7, as a host with many devices must not spend its memory on waiting room."""

RING_BATCH = 4_096
"""Frames of a ring handled at once: enough to make a batch's fixed cost vanish, 0.8 MB."""

WHOLE_BATCH = 256
"""Whole frames of a ring handled in a turn, in which the fast ring waits: all that there are slots
for, as those that are left over are dropped next; at 10 us each a turn is 3 ms longer."""

# Slow lane

SLOW_CPU_SHARE = 0.1
"""Of a core, for dissection. 40 Macs that sleep and wake send some packets a second, at 0.1 ms
each; a flood of what takes longest must leave the core to ARP and to scrapes."""

SLOW_CPU_BURST_SECONDS = 0.1
"""CPU time that may be spent at once: what a hundred hosts send when the power comes back."""

SLOW_SENDER_SHARE = 1 / 8
"""Of the store and its refill, for one sender while CPU is short: eight loud ones share it all."""

SLOW_SENDER_BINS = 256
"""Into which senders are hashed: the shares of a flood from random addresses take no more."""

INTRODUCTIONS = 4_096
"""Senders of multicast DNS remembered to have been listened to, that is a large segment's."""

INTRODUCTION_RATE = 10.0
"""Ordinary multicast DNS packets dissected a second to learn the names of hosts nobody has asked
about yet: 1 % of a core at 1 ms each, and a segment of 600 hosts is known within a minute."""

INTRODUCTION_SECONDS = 600.0
"""Until a host whose name is known is listened to again."""

# Capture files

FILE_BATCH_FRAMES = 4_096
"""Frames handled at once: enough to make a batch's fixed cost vanish, 256 KiB of rows."""

FILE_BATCH_SECONDS = 1.0
"""Capture time handled at once: rates that are limited on the capture's clock need it to tick."""

FILE_PACKET_BYTES = 262_144
"""Of a packet: libpcap's MAXIMUM_SNAPLEN; a record that claims more is damage."""

FILE_BLOCK_BYTES = 1 << 24
"""Of a pcapng block, all held at once: 64 times the largest packet that libpcap writes."""

FILE_INTERFACES = 1 << 16
"""Of a pcapng section, all remembered: a file of nothing else must not fill the memory."""

# Protected addresses, routers, MACs that claim several addresses

GUARDED = 2_048
"""Pairs of segment and protected address that are watched: 1,024 of the configuration, and a
gateway in each of 512 VLANs. Nine series each; random tags make a pair of every protected address
that is claimed under them. Those that were there first stay."""

PROTECTED_GATEWAYS = 256
"""Gateways taken from the routing table. Where the kernel accepts router advertisements, whoever
sends them makes default routes."""

GATEWAY_LINGERS_SECONDS = 3_600.0
"""A gateway stays protected for so long after its route has gone: a route flaps, and whoever makes
it flap must not be free to take the address meanwhile."""

LEARNED_PROTECTED = 64
LEARNED_PER_SEGMENT = 16
"""Addresses protected because DHCP messages named them, in all and on a segment. Whoever answers
DHCP chooses them; a segment has a pair of servers, some resolvers, a router."""

LEARNED_SECONDS = 86_400.0
"""Protected after the last message that named it: a usual lease is renewed twice in a day."""

EXPECTED_MACS = 4
"""MACs that a protected address may have in turn: the routers of a failover group."""

TAKERS = 8
"""MACs that are remembered to have taken a protected address for no benign reason, of those that
were driven off, and of those accused: 3 kB for an address at most. A spoofer that has more of them
is seen by its claims."""

EXPECTED_BURST = 64
EXPECTED_RATE = 1 / 60
"""Further MACs that become expected, at once and per second. Each is a series, and whoever sends
adverts of virtual routers chooses them; what is refused goes on alerting."""

ROUTERS = 128
ROUTERS_PER_SEGMENT = 16
"""IPv6 routers by their advertisements, in all and on a segment; three series each. A segment has
one or two; a flood of advertisements has a new source in each."""

ROUTER_RATE = 1 / 60
"""Routers newly shown per second, and new MACs of known ones, after as many as there may be."""

ROUTER_SHOWN_SECONDS = 300.0
"""After its last advertisement a router is shown for at least so long: a rogue one that announces
a lifetime of a second, or withdraws at once, is still seen by a few scrapes."""

ROUTER_SILENT_SECONDS = 1_800.0
"""Without an advertisement, before a router's place may be another's: the longest interval between
two of them (RFC 4861, 6.2.1, MaxRtrAdvInterval)."""

MACS_SHOWN = 128
"""MACs with several addresses that are shown, those with most first; the rest are counted."""

MACS_REMEMBERED = 1_024
"""Of them, shown before: they come and go on series that exist."""

MACS_RATE = 0.1
"""Newly shown per second, after as many as are remembered: 8,640 series a day, since whoever sends
two claims from each of many MACs makes such MACs without end."""

PROXY_ARP_SUSPECTS = 4_096
"""Addresses that were only ever bound by replies and whose questions are looked for: a router with
proxy ARP answers for a subnet."""

# HTTP

HTTP_THREADS = 4
"""Workers an address, hence scrapes collected at once: two Prometheus servers and a person."""

HTTP_WAITING = 128
"""Connections an address that wait for a request; one more ends the longest wait. Far below the
usual 1024 file descriptors, and far above what scrapes need."""

HTTP_QUEUE = 64
"""Requests an address that wait for a worker; the next is answered with 503."""

HTTP_BACKLOG = 1024
"""Connections that the kernel keeps an address until they are accepted: a tenth of a second's
work. Beyond it the kernel drops them, and a scrape among them tries again only a second later."""

HTTP_SLOW_READERS = HTTP_THREADS - 1
"""Workers an address that may wait for a client to read; one more ends the longest wait, so that
one worker is always left for the next scrape."""

HTTP_HEAD_BYTES = 8192
"""Request line and headers: Prometheus sends less than 500 bytes; what browsers add fits."""

HTTP_QUERY_FIELDS = 64
"""Fields in a query string: more than there are collectors."""

HTTP_REQUEST_SECONDS = 5
"""From the first byte of a request to its last; also how long an idle connection is kept."""

HTTP_ANSWER_SECONDS = 10
"""For an answer to be taken by its client: Prometheus's own default scrape timeout."""

HTTP_ACCEPT_PAUSE_SECONDS = 0.02
"""After a connection that could not be accepted (no file descriptor left): never spin on it."""

HTTP_STOP_SECONDS = 0.5
"""For scrapes that are being collected when the exporter stops; later ones are abandoned."""

# Moves that wait for their verdict

PENDING_WINDOWS = 8_192
"""Addresses of a family whose moves wait at once: a whole burst of new addresses, each of them
moving. Each is 60 microseconds once in 30 seconds, so all of them are 2 % of a core."""

PENDING_RESERVE = 1_024
"""More of them, left to protected addresses: as many as the configuration may name."""

PENDING_PAIRS = 8
"""Pairs of MACs told apart of an address while its moves wait. Two hosts that take it from each
other make two; who draws a new MAC for every packet makes one of each."""

PENDING_MACS = 8
"""MACs whose claims are told apart meanwhile, besides those of the first move."""

PENDING_JUDGED_AT_ONCE = 128
"""Addresses judged in one turn: 10 ms, which the ring bridges. The others wait a turn longer."""

EVIDENCE_BATCH = 128
"""Packets of a live batch that are looked at one by one, at some 25 microseconds each."""

EVIDENCE_BURST = 1_000
"""Such packets at once, in several batches: what all hosts of a segment do when the power is back,
in a fortieth of a second's work."""

EVIDENCE_RATE = 250.0
"""Such packets a second after that: less than a hundredth of a core, and enough for two hundred
addresses that move within the same half minute. All others are counted as columns."""

EVIDENCE_PROTECTED_BURST = 100
EVIDENCE_PROTECTED_RATE = 1_000.0
"""Such packets of protected addresses at once, and a second, whatever the others take."""

EVIDENCE_FILE_RATE = 4_000.0
"""Such packets of a capture file in a second of its time, and at once: nobody waits for it."""

EVIDENCE_ADDRESS_RATE = 16
"""Such packets of one address in a second: what the busiest of hosts needs to be known by, and so
few that a flood on one address leaves room for 200 others."""

# Sleep proxies

SLEEP_PROXIES = 512
"""Sleep proxies known at once. A large flat segment has some hundred Apple TVs and AirPorts; each
is a series with its name, and whoever sends mDNS can pretend to be any number of them."""

SLEEP_PROXY_BURST = 256
SLEEP_PROXY_RATE = 0.1
"""New proxies, and new names of known ones, admitted at once and per second afterwards: a segment's
whole population when each host has just been asked, then at most 8,640 series a day."""

SLEEP_PROXY_OWN_ADDRESSES = 16
"""Addresses remembered as a proxy's own: one IPv4 address, a link-local one, and privacy addresses
of a week."""

SLEEP_PROXY_NAME = 64
"""Characters of a proxy's name in a label: a DNS label has at most 63 bytes."""

SLEEP_PROXY_HOLDS = 4_096
"""Addresses held by sleep proxies at once: a thousand sleeping hosts of four addresses each. Each
is two series."""

SLEEP_PROXY_SHARE = 4
"""A proxy takes at most one in this many of the holds: 250 hosts of four addresses, more than any
device on sale answers for. Three others find room beside one that claims a whole network."""

SLEEP_PROXY_HOLD_RATE = 1.0
"""New holds per second after as many as there may be, as of addresses; one that was there before,
with the same owner and proxy, makes no new series and is always admitted."""

SLEEP_PROXY_OWNERS = 4_096
"""MACs of which the last wake's sequence is remembered, as many as there may be holds."""

SLEEP_PROXY_EVIDENCE = 4_096
"""Of each kind of evidence that waits for what it announces: registrations, mDNS announcements,
magic packets, suspicious claims. At 300 bytes each all of it is some 6 MB."""

REGISTERED_ADDRESSES = 32
"""Addresses of one registration that are looked at: a host has a few of each family."""

OWNER_ADDRESSES = 64
"""Addresses of one MAC that one packet of it is compared with; beyond it they are told apart by
claims alone. No host has so many, and whoever pretends to costs no more than one that does."""

HOLDS_ENDED = 4
"""Holds of one address that are remembered after their end: an Apple TV at its worst has three in
two minutes."""

# Causes of moves

LEASE_CLIENTS = 4_096
"""DHCP clients remembered for three minutes: a /20 that starts at once. One sender may bring a
quarter of them: a server answers for all; who invents clients finds no room beyond it."""

LEASES_PER_CLIENT = 4
"""Addresses that one client asked for in that time: more is no client's need."""

IDENTIFIED_MACS = 4_096
"""MACs whose host names itself (DHCP client identifier, mDNS): a /20. Those heard twice, a minute
apart, stay in a flood of others; they may take half."""

IDENTITIES_PER_MAC = 8
"""Identities of one MAC: an identifier, an Owner and some names; only itself can add to them."""

IDENTITY_BYTES = 20
"""Of an identity; of a longer one its hash. A full table is 7 MB, whatever its senders send."""

VIRTUAL_ADDRESSES = 2_048
"""Addresses that virtual routers advertise: two for each of 1,024 routed VLANs. A router is heard
every few seconds, so it is firm at once; one sender may bring a quarter."""

VIRTUAL_ADDRESSES_PER_ADVERT = 64
"""Addresses taken from one advert: three times what keepalived puts into one."""
