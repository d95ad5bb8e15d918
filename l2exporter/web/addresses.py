"""Where to listen: `--web.listen-address`, as Prometheus exporters write it."""

from __future__ import annotations

import ipaddress
import re

from ..errors import UsageError

FLAG = "--web.listen-address"

EVERYWHERE = ""
"""The host of `:10806`: every interface, IPv4 and IPv6 alike."""

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^]]*)\]:|(?P<host>[^:]*):)?(?P<port>[0-9]{1,5})", re.ASCII)
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)*[a-z_][a-z0-9_-]{0,62}\.?"
)


def parse_listen_address(text: str) -> tuple[str, int]:
    """The host and port of `:10806`, `10806`, `127.0.0.1:10806`, `[::1]:10806`, `localhost:10806`.

    The host is EVERYWHERE where none is given; `[::]` is every IPv6 address and no IPv4 one.
    Port 0 lets the kernel choose. Raises UsageError, which names the flag and the value.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise _unusable(text, "not [HOST]:PORT; an IPv6 address is written [::1]:10806")
    port = int(match["port"])
    if port > 65535:
        raise _unusable(text, "a port is at most 65535")
    if match["ipv6"] is not None:
        return _ipv6(text, match["ipv6"]), port
    return _host(text, match["host"] or EVERYWHERE), port


def format_address(host: str, port: int) -> str:
    """The address as the flag takes it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _ipv6(text: str, host: str) -> str:
    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError as error:
        raise _unusable(text, f"{host!r} is not an IPv6 address") from error


def _host(text: str, host: str) -> str:
    if host == EVERYWHERE or _HOST_NAME.fullmatch(host.lower()):
        return host
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise _unusable(text, f"{host!r} is neither an IPv4 address nor a host name") from error


def _unusable(text: str, problem: str) -> UsageError:
    return UsageError(f"{FLAG}: {text!r}: {problem}")
