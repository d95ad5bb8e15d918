"""DNS messages of sleep proxies, of their clients and of plain hosts, built with scapy.

Each function returns a UDP payload; `multicast` and `unicast` put one into a frame. Names are text
as `Bobs-Mac.local`, owners what `owner` returns, times to live in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from struct import pack
from typing import Any

from scapy.layers.dns import (
    DNS,
    DNSQR,
    DNSRR,
    DNSRRNSEC,
    DNSRROPT,
    DNSRRSRV,
    EDNS0OWN,
    EDNS0TLV,
    dns_compress,
)
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

SERVICE = "_sleep-proxy._udp.local"
MDNS_PORT = 5353
PROXY_PORT = 55123
TTL = 4500
HOST_TTL = 120
LEASE = 7200
UPDATE = 5


def owner(mac: str, sequence: int = 1, wakeup_mac: str | None = None, password: bytes = b"") -> Any:
    """An Owner option; a password goes with a wakeup MAC, and has 4 or 6 bytes."""
    length = 8 + (6 if wakeup_mac else 0) + len(password)
    fields: dict[str, Any] = {} if wakeup_mac is None else {"wakeup_mac": wakeup_mac}
    if password:
        fields["password"] = password
    return EDNS0OWN(v=0, s=sequence, primary_mac=mac, optlen=length, **fields)


def lease(seconds: int = LEASE) -> Any:
    """A Lease option of four bytes."""
    return EDNS0TLV(optcode=2, optdata=pack(">I", seconds))


def opt(*options: Any) -> Any:
    """An OPT record."""
    return DNSRROPT(rrname=b"\0", rclass=1440, rdata=list(options))


def message(
    an: Sequence[Any] = (),
    ns: Sequence[Any] = (),
    ar: Sequence[Any] = (),
    qd: Sequence[Any] = (),
    **fields: Any,
) -> bytes:
    """A message with nothing in it but what is given; scapy compresses no name by itself."""
    sections = {"qd": list(qd), "an": list(an), "ns": list(ns), "ar": list(ar)}
    return bytes(DNS(**{"rd": 0, **sections, **fields}))


def compressed(payload: bytes) -> bytes:
    """The same message with scapy's compression."""
    compress: Any = dns_compress
    return bytes(compress(DNS(payload)))


def response(*answers: Any, ar: Sequence[Any] = ()) -> bytes:
    """A multicast response."""
    return message(an=answers, ar=ar, qr=1, aa=1)


def wire(*labels: str) -> bytes:
    """A name of labels with anything in them; scapy takes it as it is."""
    encoded = [label.encode() for label in labels]
    return b"".join(bytes([len(label)]) + label for label in encoded) + b"\0"


def address(host: str, ip: str, ttl: int = HOST_TTL, flush: int = 1) -> Any:
    """An A or AAAA record, as the address asks for."""
    kind = "A" if ip_address(ip).version == 4 else "AAAA"
    return DNSRR(rrname=host + ".", type=kind, cacheflush=flush, ttl=ttl, rdata=ip)


def pointer(name: str, target: str | bytes, ttl: int = TTL, flush: int = 0) -> Any:
    """A PTR record."""
    return DNSRR(rrname=name + ".", type="PTR", cacheflush=flush, ttl=ttl, rdata=target)


def reverse(ip: str, host: str, ttl: int = HOST_TTL) -> Any:
    """The PTR record of an address."""
    return pointer(ip_address(ip).reverse_pointer, host, ttl, flush=1)


def service(name: str | bytes, host: str, port: int, ttl: int = HOST_TTL) -> Any:
    """A SRV record."""
    return DNSRRSRV(rrname=name, cacheflush=1, ttl=ttl, port=port, target=host + ".")


def denial(host: str) -> Any:
    """The NSEC record that tells that a host has A and AAAA records only."""
    name = host + "."
    return DNSRRNSEC(rrname=name, cacheflush=1, ttl=HOST_TTL, nextname=name, typebitmaps=[1, 28])


def registration(
    addresses: Iterable[str],
    option: Any = None,
    host: str = "Bobs-Mac.local",
    number: int = 1,
    seconds: int | None = LEASE,
    zone: bool = False,
) -> bytes:
    """What a host sends to a proxy before it sleeps; `option` is the Owner."""
    ips = list(addresses)
    records = [service("Bobs-Mac._ssh._tcp.local", host, 22, TTL)]
    records += [address(host, ip, TTL) for ip in ips]
    records += [reverse(ip, host, TTL) for ip in ips]
    options = [] if seconds is None else [lease(seconds)]
    if option is not None:
        options.append(option)
    questions = [DNSQR(qname=".", qtype="SOA", qclass="IN")] if zone else []
    return message(ns=records, ar=[opt(*options)], qd=questions, id=number, opcode=UPDATE)


def registration_reply(number: int = 1, rcode: int = 0, seconds: int | None = LEASE) -> bytes:
    """What the proxy answers."""
    options = [] if seconds is None else [opt(lease(seconds))]
    return message(ar=options, id=number, rcode=rcode, qr=1, opcode=UPDATE)


def offer(
    instance: str,
    host: str = "proxy.local",
    ip: str = "192.0.2.76",
    port: int | None = PROXY_PORT,
    ttl: int = TTL,
) -> bytes:
    """A proxy's answer to those who look for one; with `ttl` 0 it goes."""
    name = wire(instance, *SERVICE.split("."))
    extra = [address(host, ip)] if port is None else [service(name, host, port), address(host, ip)]
    return response(pointer(SERVICE, name, ttl), ar=extra)


def announcement(host: str, ips: Iterable[str], ttl: int = TTL, option: Any = None) -> bytes:
    """Where a host is: what it tells of itself, or what its proxy tells; `ttl` 0 says goodbye."""
    records = [address(host, ip, ttl) for ip in ips]
    return response(*records, ar=[] if option is None else [opt(option)])


def question(name: str = SERVICE, known: Sequence[Any] = (), option: Any = None) -> bytes:
    """A query with what its sender knows already."""
    asked = [DNSQR(qname=name + ".", qtype="PTR", qclass=1)]
    return message(an=known, ar=[] if option is None else [opt(option)], qd=asked)


def multicast(payload: bytes, mac: str, ip: str) -> bytes:
    """A frame of multicast DNS."""
    if ip_address(ip).version == 4:
        header = Ether(src=mac, dst="01:00:5e:00:00:fb") / IP(src=ip, dst="224.0.0.251", ttl=255)
    else:
        header = Ether(src=mac, dst="33:33:00:00:00:fb") / IPv6(src=ip, dst="ff02::fb", hlim=255)
    return bytes(header / UDP(sport=MDNS_PORT, dport=MDNS_PORT) / Raw(payload))


def unicast(
    payload: bytes,
    source: tuple[str, str, int],
    destination: tuple[str, str, int],
) -> bytes:
    """A frame from (MAC, IP, port) to (MAC, IP, port)."""
    (mac, ip, port), (to_mac, to_ip, to_port) = source, destination
    layer = IP if ip_address(ip).version == 4 else IPv6
    header = Ether(src=mac, dst=to_mac) / layer(src=ip, dst=to_ip)
    return bytes(header / UDP(sport=port, dport=to_port) / Raw(payload))
