"""`sleep_proxy`: who answers for sleeping hosts, for which addresses, and how that goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Final

import numpy as np
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from ..evidence.sleep.hold import Hold
from ..evidence.sleep.proxies import Proxy
from ..evidence.sleep.transitions import (
    DROPPED,
    TRANSITIONS,
    WAKES,
    Dropped,
    SleepEvent,
    Transition,
    Wake,
)
from ..limits import SLEEP_PROXY_NAME
from .base import Context, mac

DURATION_BOUNDS: Final = (60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400)
"""Seconds: a misbehaving client's minute, an hour, the usual lease of two, and the longest."""

_STEPS: Final = (*TRANSITIONS, DROPPED)

_SEGMENT: Final = ["device", "vlan"]
_ADDRESS: Final = [*_SEGMENT, "ip"]


class SleepProxyCollector:
    """Sleep proxies, the addresses they hold, transitions, wakes, and how long holds lasted.

    A proxy is shown while it offers its service by mDNS, or holds an address; the offer's figures
    (intent, portability, powers, features) are empty where it was not seen or has another form. A
    hold has a confidence: `confirmed` (its registration was seen and taken), `high` (announced by
    the proxy's mDNS), `medium` (a known proxy, a known owner), `low`. `owner_mac` is empty where
    the owner was never seen. Transitions are `hold`, `release`, `renew`, `hand_off`, `expire` and
    `lost`, and `dropped` of holds that turned out to be none (the owner is awake and contests it,
    or the address is the proxy's own) or gave way to others; each `hold` ends in one of `release`,
    `expire`, `lost` and `dropped`, or lasts. Wakes are on `demand` (by a magic packet) or
    `maintenance` (by itself). The histogram is of holds that were released, expired or lost. All
    kinds exist in a segment once a proxy does.

    l2_sleep_proxy_info{device="eth0",vlan="",proxy_mac="02:00:00:00:00:76",name="Living Room",
        intent="70",portability="35",marginal_power="10",total_power="73",features="1"} 1.0
    l2_sleep_proxy_held_addresses{device="eth0",vlan="",proxy_mac="02:00:00:00:00:76"} 1.0
    l2_sleep_proxy_held{device="eth0",vlan="",ip="192.0.2.117",owner_mac="02:00:00:00:01:17",
        proxy_mac="02:00:00:00:00:76",confidence="high"} 1.0
    l2_sleep_proxy_held_since_timestamp_seconds{device="eth0",vlan="",ip="192.0.2.117"} 1288260793.0
    l2_sleep_proxy_transitions_total{device="eth0",vlan="",transition="hold"} 2.0
    l2_sleep_proxy_wakes_total{device="eth0",vlan="",reason="demand"} 1.0
    l2_sleep_proxy_hold_duration_seconds_bucket{device="eth0",vlan="",le="300.0"} 1.0
    l2_sleep_proxy_hold_duration_seconds_count{device="eth0",vlan=""} 1.0
    l2_sleep_proxy_hold_duration_seconds_sum{device="eth0",vlan=""} 201.0
    """

    observes = SleepEvent

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._ledger = context.ledger
        columns = context.tables.segments.columns
        self._transitions = columns.add(np.uint64, len(_STEPS))
        self._wakes = columns.add(np.uint64, len(WAKES))
        self._durations = columns.add(np.uint64, len(DURATION_BOUNDS) + 1)
        self._seconds = columns.add(np.float64)
        self._seen = columns.add(np.uint64)

    def observe(self, event: SleepEvent) -> Iterable[object]:
        """Count transitions, wakes, and the seconds of holds that are complete."""
        one = np.uint64(1)
        if isinstance(event, Transition):
            self._transitions[event.segment, _STEPS.index(event.kind)] += one
            if event.held_seconds is not None:
                place = np.searchsorted(DURATION_BOUNDS, event.held_seconds)
                self._durations[event.segment, place] += one
                self._seconds[event.segment] += event.held_seconds
        elif isinstance(event, Dropped):
            self._transitions[event.segment, _STEPS.index(DROPPED)] += one
        elif isinstance(event, Wake):
            self._wakes[event.segment, WAKES.index(event.reason)] += one
        self._seen[event.segment] = one
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the families; see the class for what each has."""
        with self._tables.lock:
            names = self._tables.segments.labels()
            proxies = [p for p in self._ledger.proxies.entries() if p.segment in names]
            shown = [(p, _labels(names, p), p.held) for p in proxies]
            held = [_held(names, h) for h in self._ledger.holds.current() if h.key[0] in names]
            self._seen[[proxy.segment for proxy in proxies]] = 1
            rows = [row for row in names if self._seen[row]]
            transitions = self._transitions[rows].tolist()
            wakes = self._wakes[rows].tolist()
            durations = self._durations[rows].tolist()
            seconds = self._seconds[rows].tolist()
        yield _info(shown)
        yield _numbers(shown)
        yield from _holds(held)
        labels = [list(names[row]) for row in rows]
        yield _counts("transition", _STEPS, labels, transitions)
        yield _counts("reason", WAKES, labels, wakes)
        yield _histogram(labels, durations, seconds)


Names = Mapping[int, tuple[str, str]]
Shown = list[tuple[Proxy, list[str], int]]


def _labels(names: Names, proxy: Proxy) -> list[str]:
    return [*names[proxy.segment], mac(proxy.mac)]


def _held(names: Names, hold: Hold) -> tuple[list[str], list[str], float]:
    """Return (labels of the address, the others, since when)."""
    segment, ip = hold.key
    owner = "" if hold.owner_mac is None else mac(hold.owner_mac)
    return [*names[segment], str(ip)], [owner, mac(hold.proxy_mac), hold.confidence], hold.since


def _info(shown: Shown) -> Metric:
    family = InfoMetricFamily(
        "l2_sleep_proxy",
        "A sleep proxy, and what it says of itself.",
        labels=[*_SEGMENT, "proxy_mac"],
    )
    for proxy, labels, _ in shown:
        family.add_metric(labels, _offer(proxy))
    return family


def _offer(proxy: Proxy) -> dict[str, str]:
    """Return the labels of its offer, as far as it was seen and understood."""
    offer = proxy.offer
    name = None if offer is None else offer.name
    instance = "" if offer is None else offer.instance
    figures = ("intent", "portability", "marginal_power", "total_power", "features")
    values = (getattr(name, figure, None) for figure in figures)
    return {
        "name": (instance if name is None else name.nicename)[:SLEEP_PROXY_NAME],
        **{k: "" if v is None else str(v) for k, v in zip(figures, values, strict=True)},
    }


def _numbers(shown: Shown) -> Metric:
    family = GaugeMetricFamily(
        "l2_sleep_proxy_held_addresses",
        "Addresses that a sleep proxy holds.",
        labels=[*_SEGMENT, "proxy_mac"],
    )
    for _, labels, number in shown:
        family.add_metric(labels, number)
    return family


def _holds(held: list[tuple[list[str], list[str], float]]) -> Iterable[Metric]:
    holds = GaugeMetricFamily(
        "l2_sleep_proxy_held",
        "An address that a sleep proxy answers for.",
        labels=[*_ADDRESS, "owner_mac", "proxy_mac", "confidence"],
    )
    since = GaugeMetricFamily(
        "l2_sleep_proxy_held_since_timestamp_seconds",
        "Since when the address is held.",
        labels=_ADDRESS,
    )
    for address, others, time in held:
        holds.add_metric([*address, *others], 1)
        since.add_metric(address, time)
    yield from (holds, since)


def _counts(
    label: str, values: tuple[str, ...], labels: list[list[str]], rows: list[list[int]]
) -> Metric:
    name, text = {
        "transition": ("transitions", "Steps of holds: how they begin, go on and end."),
        "reason": ("wakes", "Returns of sleeping hosts, by what woke them."),
    }[label]
    family = CounterMetricFamily(f"l2_sleep_proxy_{name}", text, labels=[*_SEGMENT, label])
    for segment, counts in zip(labels, rows, strict=True):
        for value, count in zip(values, counts, strict=True):
            family.add_metric([*segment, value], count)
    return family


def _histogram(labels: list[list[str]], rows: list[list[int]], seconds: list[float]) -> Metric:
    family = HistogramMetricFamily(
        "l2_sleep_proxy_hold_duration_seconds",
        "How long holds lasted that were released, expired or lost.",
        labels=_SEGMENT,
    )
    bounds = [*(str(float(bound)) for bound in DURATION_BOUNDS), "+Inf"]
    for segment, counts, total in zip(labels, rows, seconds, strict=True):
        buckets = list(zip(bounds, accumulate(counts), strict=True))
        family.add_metric(segment, buckets, total)
    return family
