"""The neighbour tables of the kernel: size, thresholds, times and counters (RTM_GETNEIGHTBL).

Layout: linux/neighbour.h, NDTA_*, NDTPA_*, struct ndtmsg, ndt_config and ndt_stats.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import KernelError
from .fields import believed, number, required
from .layouts import Numbers, every_attribute
from .messages import Message
from .rtnetlink import Netlink
from .tally import Tally

_RTM_GETNEIGHTBL = 66

_NDTA_NAME = 1
_NDTA_THRESHOLDS = (2, 3, 4)
_NDTA_CONFIG = 5
_NDTA_PARMS = 6
_NDTA_STATS = 7
_NDTPA_IFINDEX = 1
_NDTPA_REACHABLE_TIME = 3
_NDTPA_BASE_REACHABLE_TIME = 4
_NDTPA_GC_STALETIME = 6
_NDTPA_DELAY_PROBE_TIME = 7
_PARMS_SIZES = {
    _NDTPA_IFINDEX: 4,
    _NDTPA_REACHABLE_TIME: 8,
    _NDTPA_BASE_REACHABLE_TIME: 8,
    _NDTPA_GC_STALETIME: 8,
    _NDTPA_DELAY_PROBE_TIME: 8,
}

_NDTMSG = struct.Struct("=Bxxx")  # struct ndtmsg: family
_CONFIG = struct.Struct("=HHI")  # struct ndt_config begins: key_len, entry_size, entries
_STATS = struct.Struct("=Q")  # struct ndt_stats: so many counters as the kernel has
_RES_FAILED = 3
_FORCED_GC_RUNS = 9
_TABLE_FULLS = 10
_MILLISECONDS = 1000

_FAMILIES = {b"arp_cache\0": "ipv4", b"ndisc_cache\0": "ipv6"}
_STATISTICS = {"ipv4": "arp_cache", "ipv6": "ndisc_cache"}
_STATISTICS_OF_THREAD = Path("/proc/thread-self/net/stat")


@dataclass(frozen=True, slots=True)
class Parameters:
    """Times of one device in one family, in seconds; of the table where `index` is None.

    base_reachable  a confirmed entry is believed for half to one and a half of it at random
    reachable       the present draw
    gc_stale        idle for so long, an entry may be removed
    delay_probe     between the use of a stale entry and the first probe
    """

    index: int | None
    base_reachable: float
    reachable: float
    gc_stale: float
    delay_probe: float


@dataclass(frozen=True, slots=True)
class NeighborTable:
    """One family's table. Entries, thresholds and counters are of the whole kernel.

    family              "ipv4" (ARP) or "ipv6" (ND)
    thresholds          gc_thresh1 to 3
    defaults            of the table; half its base_reachable is the garbage collection's period
    devices             by ifindex, those of the namespace
    failed_resolutions, forced_gc_runs, overflows, unresolved_discards
                        counters since the boot; None where the kernel does not give them. The
                        last is in /proc/net/stat of the first namespace only.
    """

    family: str
    entries: int
    thresholds: tuple[int, int, int]
    defaults: Parameters
    devices: Mapping[int, Parameters]
    failed_resolutions: int | None
    forced_gc_runs: int | None
    overflows: int | None
    unresolved_discards: int | None


@dataclass(frozen=True, slots=True)
class _Head:
    """The first message of a table: what is not of one device."""

    defaults: Parameters
    entries: int
    thresholds: tuple[int, int, int]
    counters: tuple[int, ...]


_Row = tuple[str, Parameters | _Head]  # of the family


def read_neighbor_tables(
    netlink: Netlink, tally: Tally, statistics: Path = _STATISTICS_OF_THREAD
) -> list[NeighborTable]:
    """The tables of ARP and ND, as far as the kernel has them; KernelError when it tells none.

    `statistics` is what /proc/net/stat is for the calling thread. As with the ports of bridges the
    kernel does not tell when a device goes meanwhile: the times of another may be missing, once.
    """
    times = Numbers(_PARMS_SIZES)

    def parse(message: Message) -> _Row | None:
        return _parse(message, times)

    rows = netlink.dump(_RTM_GETNEIGHTBL, _NDTMSG.pack(0), believed(parse, tally), tally)
    heads = {family: row for family, row in rows if isinstance(row, _Head)}
    return [
        _table(family, head, rows, _unresolved_discards(statistics / _STATISTICS[family], tally))
        for family, head in heads.items()
    ]


def _table(
    family: str, head: _Head, rows: Sequence[_Row], unresolved_discards: int | None
) -> NeighborTable:
    devices = [row for of, row in rows if of == family and isinstance(row, Parameters)]
    return NeighborTable(
        family=family,
        entries=head.entries,
        thresholds=head.thresholds,
        defaults=head.defaults,
        devices={each.index: each for each in devices if each.index is not None},
        failed_resolutions=_counter(head.counters, _RES_FAILED),
        forced_gc_runs=_counter(head.counters, _FORCED_GC_RUNS),
        overflows=_counter(head.counters, _TABLE_FULLS),
        unresolved_discards=unresolved_discards,
    )


def _parse(message: Message, times: Numbers) -> _Row | None:
    """A row; None for the tables of other protocols, among them a second one of IPv4 (CLIP)."""
    if len(message.body) < _NDTMSG.size:
        raise KernelError(f"netlink: a neighbour table message of {len(message.body)} bytes")
    found = every_attribute(message.body, _NDTMSG.size)
    if _NDTA_NAME not in found:
        raise KernelError("netlink: a neighbour table comes without a name")
    family = _FAMILIES.get(found[_NDTA_NAME])
    if family is None:
        return None
    parameters = _parameters(times(found.get(_NDTA_PARMS, b"")))
    if (_NDTA_CONFIG in found) == (parameters.index is not None):
        raise KernelError("netlink: times of neither a neighbour table nor a device, or of both")
    return family, parameters if parameters.index is not None else _head(parameters, found)


def _head(defaults: Parameters, found: Mapping[int, bytes]) -> _Head:
    config, stats = found[_NDTA_CONFIG], found.get(_NDTA_STATS, b"")
    if len(config) < _CONFIG.size:
        raise KernelError(f"netlink: a neighbour table's settings in {len(config)} bytes")
    first, second, third = (number(found, kind, 4) for kind in _NDTA_THRESHOLDS)
    whole = len(stats) - len(stats) % _STATS.size
    return _Head(
        defaults=defaults,
        entries=_CONFIG.unpack_from(config)[2],
        thresholds=(first, second, third),
        counters=tuple(value for (value,) in _STATS.iter_unpack(stats[:whole])),
    )


def _parameters(times: Mapping[int, int]) -> Parameters:
    return Parameters(
        index=times.get(_NDTPA_IFINDEX),
        base_reachable=required(times, _NDTPA_BASE_REACHABLE_TIME) / _MILLISECONDS,
        reachable=required(times, _NDTPA_REACHABLE_TIME) / _MILLISECONDS,
        gc_stale=required(times, _NDTPA_GC_STALETIME) / _MILLISECONDS,
        delay_probe=required(times, _NDTPA_DELAY_PROBE_TIME) / _MILLISECONDS,
    )


def _counter(counters: tuple[int, ...], place: int) -> int | None:
    return counters[place] if place < len(counters) else None


def _unresolved_discards(path: Path, tally: Tally) -> int | None:
    """Sum over the CPUs, a row each in hexadecimal; None where there is no such file or column."""
    try:
        titles, *rows = path.read_text("ascii").splitlines()
        columns = titles.split()
        if "unresolved_discards" not in columns:
            return None
        place = columns.index("unresolved_discards")
        return sum(int(row.split()[place], 16) for row in rows)
    except OSError:
        return None
    except (ValueError, IndexError):
        tally.malformed += 1
        return None
