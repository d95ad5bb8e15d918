"""Multicast DNS traffic as arrays of frames: one row a frame, all of one width, zeros behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.traffic import FrameArray, Numbers, octets
from tests.dissect import dns_messages, dns_wire

RECORDS = 30
PAYLOAD = 1472
"""The most that one frame of 1,500 bytes carries."""

_HEADERS = 42
_ANSWERS = 0x80
_OWNER = dns_wire.options((4, bytes(2) + b"\2" + bytes(11)))
"""An Owner option, which the cheap look takes to matter."""


def ordinary() -> bytes:
    """A response of RECORDS records about services and their hosts; none is about sleep proxies."""
    hosts = [f"workstation-{n:02}.local" for n in range(RECORDS // 3)]
    names = [f"Files of workstation {n:02}._smb._tcp.local" for n in range(RECORDS // 3)]
    records: list[Any] = [
        dns_messages.address(host, f"198.18.1.{n}") for n, host in enumerate(hosts)
    ]
    records += [
        dns_messages.service(name + ".", host, 445) for name, host in zip(names, hosts, strict=True)
    ]
    records += [dns_messages.pointer("_smb._tcp.local", name + ".") for name in names]
    return dns_messages.compressed(dns_messages.response(*records))


def hostile() -> list[bytes]:
    """What is dear to dissect, with the bytes in it that make the cheap look let it through."""
    room = PAYLOAD - len(dns_wire.SERVICE) - len(_OWNER)
    return [_matters(payload[:room]) for payload in dns_wire.hostile(room).values()]


def _matters(payload: bytes) -> bytes:
    head = bytearray(payload)
    head[2] |= _ANSWERS
    head[10:12] = b"\0\1"
    return bytes(head) + dns_wire.SERVICE + _OWNER


def frames(payloads: Sequence[bytes], macs: Numbers) -> FrameArray:
    """One multicast frame from each of `macs`, with the payloads in turn; addresses by the MAC."""
    model = dns_messages.multicast(b"", "02:00:00:00:00:01", "198.18.1.1")
    which = np.arange(len(macs)) % len(payloads)
    lengths = np.array([len(payload) for payload in payloads], dtype=np.uint64)[which]
    made = np.zeros((len(macs), _HEADERS + max(map(len, payloads))), dtype=np.uint8)
    made[:, :_HEADERS] = np.frombuffer(model, np.uint8)[:_HEADERS]
    made[:, 6:12] = octets(macs, 6)
    made[:, 16:18] = octets(lengths + np.uint64(28), 2)
    made[:, 28:30] = octets(macs, 2)
    made[:, 38:40] = octets(lengths + np.uint64(8), 2)
    made[:, 40:42] = 0
    rows = [
        np.frombuffer(payload.ljust(made.shape[1] - _HEADERS, b"\0"), np.uint8)
        for payload in payloads
    ]
    made[:, _HEADERS:] = np.array(rows)[which]
    return made
