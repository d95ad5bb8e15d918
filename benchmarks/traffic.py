"""ARP traffic as arrays of frames: one row a frame, 60 bytes, or 64 with an 802.1Q tag."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

FrameArray = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.uint64]

WIDTH = 60
"""The shortest Ethernet frame, without its check sequence."""

REQUEST = 1
NETWORK = 198 << 24 | 18 << 16
"""198.18.0.0/15, set aside for benchmarks (RFC 2544, C.2.2)."""

WIDE_NETWORK = 10 << 24
"""10.0.0.0/8: room for a million addresses in one subnet."""

_RECORD = np.dtype([("seconds", "<u4"), ("micros", "<u4"), ("captured", "<u4"), ("length", "<u4")])


def requests(macs: Numbers, ips: Numbers, targets: Numbers | int) -> FrameArray:
    """Broadcast requests (RFC 826): `macs` at `ips` ask for `targets`."""
    frames = np.zeros((len(macs), WIDTH), dtype=np.uint8)
    frames[:, 0:6] = 0xFF
    frames[:, 6:12] = frames[:, 22:28] = octets(macs, 6)
    frames[:, 12:22] = (8, 6, 0, 1, 8, 0, 6, 4, 0, REQUEST)
    frames[:, 28:32] = octets(ips, 4)
    frames[:, 38:42] = octets(np.broadcast_to(np.uint64(targets), len(macs)), 4)
    return frames


def tagged(frames: FrameArray, vids: Numbers) -> FrameArray:
    """The frames, each with an 802.1Q tag before its ethertype."""
    tags = np.zeros((len(frames), 4), dtype=np.uint8)
    tags[:, 0] = 0x81
    tags[:, 2:] = octets(vids, 2)
    return np.concatenate([frames[:, :12], tags, frames[:, 12:]], axis=1)


def macs_of(ips: Numbers) -> Numbers:
    """A locally administered MAC for each address."""
    return np.uint64(0x02_00_0000_0000) + (ips & np.uint64(0xFFFF_FFFF))


def random_macs(rng: np.random.Generator, count: int) -> Numbers:
    """Locally administered unicast MACs, drawn for each frame."""
    return np.uint64(0x06_00_0000_0000) + rng.integers(0, 1 << 40, count, dtype=np.uint64)


def segment(frames: int, hosts: int, moves: float) -> FrameArray:
    """A busy segment: random hosts ask for the gateway, a share of `moves` with another MAC."""
    rng = np.random.default_rng(1)
    ips = np.uint64(NETWORK + 256) + rng.integers(0, hosts, frames, dtype=np.uint64)
    macs = macs_of(ips)
    odd = rng.random(frames) < moves
    macs[odd] = random_macs(rng, int(odd.sum()))
    return requests(macs, ips, NETWORK + 1)


def population(first: int, count: int) -> FrameArray:
    """One request from each of `count` addresses from `first` on."""
    ips = np.arange(first, first + count, dtype=np.uint64)
    return requests(macs_of(ips), ips, WIDE_NETWORK + 1)


def write_pcap(path: Path, frames: FrameArray, rate: float) -> None:
    """A capture file (pcap 2.4, microseconds) with `rate` frames a second."""
    records = np.zeros(len(frames), dtype=_RECORD)
    micros = (np.arange(len(frames)) * (1e6 / rate)).astype(np.uint64)
    records["seconds"] = 1_000_000_000 + micros // 1_000_000
    records["micros"] = micros % 1_000_000
    records["captured"] = records["length"] = frames.shape[1]
    header = np.array([0xA1B2C3D4, 2 | 4 << 16, 0, 0, 65535, 1], dtype="<u4")
    rows = records.view(np.uint8).reshape(len(frames), -1)
    path.write_bytes(header.tobytes() + np.concatenate([rows, frames], axis=1).tobytes())


def octets(values: npt.NDArray[np.uint64], width: int) -> FrameArray:
    """The last `width` bytes of each value, the highest first: a row a value."""
    return values.astype(">u8").view(np.uint8).reshape(len(values), 8)[:, 8 - width :]
