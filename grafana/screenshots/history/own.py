"""What an exporter says of itself: frames, drops, tables, scrape times, memory."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from l2exporter import __version__
from l2exporter.collectors.registry import COLLECTORS

from .samples import Counts, Sample
from .story import MINUTE

FRAMES: Final = {"fast": 11.0, "slow": 2.5}
SLOW: Final = {"mdns": 2.1, "dns_update": 0.01, "dhcp": 0.03, "wake_on_lan": 0.004, "vrrp": 1.0}
RESULTS: Final = {"dissected": 0.15, "passed_over": 0.849, "skipped": 0.0, "malformed": 0.001}
FAULTS: Final = (("arp", "truncated", 0.0006), ("ndp", "checksum", 0.0003))
TABLES: Final = {
    "addresses": (64, 16384),
    "addresses_ipv6": (38, 16384),
    "vlans": (2, 512),
    "devices": (2, 64),
    "evidence": (9, 18432),
    "sleep_proxies": (2, 512),
    "sleep_proxy_holds": (14, 4096),
    "sleep_proxy_evidence": (120, 20480),
    "sleep_proxy_owners": (40, 4096),
    "dhcp_clients": (58, 4096),
    "virtual_router_addresses": (1, 6144),
    "host_identities": (51, 4096),
    "ipv6_routers": (2, 128),
    "protected_addresses": (4, 2048),
    "gateways": (1, 256),
    "named_by_dhcp": (2, 64),
}
SLOWEST: Final = {"fdb": 0.004, "neighbor": 0.003, "bridge": 0.002, "arp_moves": 0.0016}


@dataclass(frozen=True, slots=True)
class Own:
    """An exporter on some devices; `storms` are the minutes before the end at which it had one."""

    devices: Sequence[str]
    end: int
    counts: Counts
    started: int
    memory: float = 58e6
    storms: tuple[int, ...] = ()

    def at(self, time: int) -> Iterator[Sample]:
        """Its samples at a time."""
        left = (self.end - time) / MINUTE
        storm = any(0 <= minute - left < 10 for minute in self.storms)
        for device in self.devices:
            yield from self._capture(device, storm)
            yield from self._slow_lane({"device": device}, storm)
        yield from self._tables(storm)
        yield from _collectors(time, storm)
        yield from self._process(time, storm)

    def _capture(self, device: str, storm: bool) -> Iterator[Sample]:
        yield "l2_capture_up", {"device": device}, 1.0
        for lane, rate in FRAMES.items():
            labels = {"device": device, "lane": lane}
            burst = 2400 if storm and lane == "fast" else 0
            yield self.counts.risen("l2_capture_frames_total", labels, rate + burst)
            yield self.counts.risen("l2_capture_drops_total", labels, burst / 120)
            used = 0.61 if burst else 0.01
            yield "l2_capture_ring_used_ratio", labels, used
        for protocol, reason, rate in FAULTS:
            labels = {"device": device, "protocol": protocol, "reason": reason}
            yield self.counts.risen("l2_frame_errors_total", labels, rate)

    def _slow_lane(self, where: Mapping[str, str], storm: bool) -> Iterator[Sample]:
        for protocol, rate in SLOW.items():
            for result, share in RESULTS.items():
                labels = {**where, "protocol": protocol, "result": result}
                more = 6.0 if storm and (protocol, result) == ("mdns", "skipped") else 0.0
                yield self.counts.risen("l2_slow_packets_total", labels, rate * share + more)

    def _tables(self, storm: bool) -> Iterator[Sample]:
        for table, (entries, limit) in TABLES.items():
            where = {"table": table}
            yield "l2_tracked_entries", where, entries
            yield "l2_tracked_limit", where, limit
            yield self.counts.risen("l2_tracked_evictions_total", where, 0)
            refused = 40 if storm and table == "addresses" else 0
            yield self.counts.risen("l2_tracked_refusals_total", where, refused)

    def _process(self, time: int, storm: bool) -> Iterator[Sample]:
        chance = random.Random(time)
        yield "l2_exporter_build_info", {"version": __version__}, 1.0
        yield "l2_config_last_reload_successful", {}, 1.0
        yield "l2_config_last_reload_success_timestamp_seconds", {}, self.started
        yield "process_start_time_seconds", {}, self.started
        yield "process_resident_memory_bytes", {}, self.memory + chance.uniform(0, 1e6)
        yield "process_virtual_memory_bytes", {}, 4 * self.memory
        yield "process_open_fds", {}, 31
        yield "process_max_fds", {}, 1024
        milliseconds = self.counts.risen("process_cpu_milliseconds", {}, 90 if storm else 7)
        yield "process_cpu_seconds_total", {}, milliseconds[2] / 1000


def _collectors(time: int, storm: bool) -> Iterator[Sample]:
    chance = random.Random(time)
    for collector in COLLECTORS:
        seconds = SLOWEST.get(collector, 0.0004) * chance.uniform(0.9, 1.3) * (2 if storm else 1)
        where = {"collector": collector}
        yield "l2_scrape_collector_duration_seconds", where, seconds
        yield "l2_scrape_collector_success", where, 1.0
        yield "l2_collector_errors_total", where, 0
