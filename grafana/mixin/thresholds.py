"""Every figure that decides whether an alert fires, each with its reason: tune them here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Durations are Prometheus' ("5m"); ratios lie between 0 and 1."""

    job: str = "l2exporter"
    """Of the scrape configuration: what is down is known by it alone."""

    # Addresses

    protected_window: str = "15m"
    """For which a claim on a protected address, or a move of it, alerts after it was seen. ARP
    entries are asked for again every few minutes: who poisons one each time makes one alert."""

    claim_judged_within: str = "40s"
    """From a move to its verdict: half a minute, and some seconds for the exporter to get there.
    Claims meanwhile are explained by a benign verdict, later ones are not."""

    claimed_pending: str = "2m"
    """How long a claim must go unexplained: the time to its verdict, a scrape, an evaluation."""

    judged_window: str = "30m"
    """For which spoofing or a duplicate address alerts after it was seen; twice that by address,
    since most scrapes find the cause pending while the address goes on to move."""

    last_moves_window: str = "1h"
    """For which the MACs of a move are told: as long as the alerts that tell of them."""

    unexplained_window: str = "1h"
    unexplained_moves: int = 10
    """Moves of unknown cause within the window, on a segment, that are no alert: a replaced
    machine, containers, a Wi-Fi extender, an address of Pacemaker or MetalLB that fails over."""

    storm_window: str = "5m"
    """Over which gratuitous ARP is averaged: five scrapes of a slow Prometheus."""

    storm_packets_per_second: float = 10.0
    """Gratuitous ARP that no switch or host minds, whatever is usual there: five hundred addresses
    that keepalived announces anew each minute (garp_master_refresh) are eight."""

    storm_factor: float = 5.0
    """Times the segment's own baseline."""

    storm_quantile: float = 0.75
    """Of the baseline's time, the segment was at most so loud. What is loud eight hours a day is
    usual there; a storm becomes usual after six hours."""

    storm_baseline: str = "1d"
    storm_baseline_age: str = "1h"
    """The baseline's time, and how long ago it ends: what is younger is no baseline, as where a
    segment is new."""

    storm_pending: str = "5m"
    """How long it must be so loud: when the power is back all hosts announce themselves at once."""

    history_step: str = "5m"
    """At which steps it is looked back a day: as many as make a good quantile, at little cost."""

    router_window: str = "15m"
    """For which an IPv6 router counts as present after it was shown: two that take turns with one
    address are both there."""

    router_known_after: str = "12h"
    """For which a new router alerts before it counts as known: until somebody is at work again."""

    router_history: str = "1d"
    """How far beyond that a router is remembered that has gone."""

    router_settled: str = "1h"
    """For which a router must have been known on a segment, before another one there is new:
    advertisements are up to half an hour apart (RFC 4861, 6.2.1), so of a segment that is new here
    the routers become known one after the other."""

    router_pending: str = "2m"
    """How long a new router must be unexplained: as for claims."""

    # Sleep proxies

    hold_longest: str = "25h"
    """For which an address may be held: the longest lease that sleep proxies grant is a day, and a
    sleeper wakes to renew it, which begins a new hold."""

    holds_lost_window: str = "1h"
    holds_lost: int = 0
    """Holds lost within the window that are no alert. Whoever connects to the address of a lost one
    gets no answer, and nobody wakes its owner."""

    # Bridges

    flooding_frames_per_second: float = 1.0
    """Unknown unicast that is no accident: a guest's first frames are one or two, what is sent to a
    host that is forgotten goes on until it speaks."""

    flooding_window: str = "5m"
    """Over which frames are averaged: a burst within a minute counts a fifth."""

    aged_out_in_demand: int = 3
    """MACs of one bridge that it may forget while frames for them are coming, within the window
    below: one is a host that was switched off while somebody spoke to it."""

    aged_out_window: str = "1h"
    """A dozen ageing times of 300 s: a quiet host is forgotten at most so often."""

    flooding_pending: str = "10m"
    """How long flooding must last."""

    fdb_limit_ratio: float = 0.8
    """Of the MACs that a bridge may learn: what is left is time to find out who sends them."""

    fdb_limit_pending: str = "10m"
    """Two ageing times of 300 s: MACs that are gone have made room by then."""

    # Neighbours

    neighbors_outlive_fdb_pending: str = "15m"
    """Many times an STP topology change, for which a bridge forgets faster."""

    missing_from_fdb_gap: str = "5m"
    """For which the last number of missing neighbours holds while the FDB is not known in full:
    lost events are made up for by a reading within a minute."""

    missing_from_fdb_pending: str = "10m"
    """How long a neighbour must be missing: a host in use is heard again within that time."""

    neighbor_limit_ratio: float = 0.8
    """Of gc_thresh3. By default that is 819 of 1024 entries, far beyond gc_thresh2 (512), where the
    kernel already removes by force what is idle: what is left is in use."""

    neighbor_limit_pending: str = "5m"
    """How long the table must be so full: what a scan leaves behind fails and goes in a minute."""

    neighbor_overflow_window: str = "5m"
    """Within which an overflow counts. Shorter than the wait below, a single one fires nothing."""

    neighbor_overflow_pending: str = "6m"
    """How long the table must go on to overflow."""

    # The exporter itself

    exporter_answered_ratio: float = 0.5
    """Of its scrapes: one that dies and is started again all the time is as good as down."""

    exporter_down_window: str = "5m"
    """Over which scrapes are counted; a restart costs one or two of them."""

    exporter_down_pending: str = "5m"
    """How long it must be so: a host that boots within five minutes wakes nobody."""

    capture_down_pending: str = "5m"
    """How long a device may be down for maintenance, or while a host starts."""

    capture_drops_ratio: float = 0.01
    """Of frames. In the worst storm that was measured 4 % are dropped, in everyday traffic none."""

    capture_drops_window: str = "5m"
    """Over which drops and frames are added up. Shorter than the wait below, so that one burst, as
    after a pause of the virtual machine, fires nothing."""

    capture_drops_pending: str = "10m"
    """How long frames must be dropped."""

    collector_errors_window: str = "5m"
    """Within which an error counts: five scrapes of a slow Prometheus. Shorter than the wait below,
    so that one failure, as of a table that changed while it was read, fires nothing."""

    collector_failing_pending: str = "10m"
    """How long a collector must go on to fail."""

    ageing_tables: str = (
        "addresses|addresses_ipv6|devices|vlans|fdb_moving_macs"
        "|host_identities|sleep_proxy_owners|ipv6_routers"
    )
    """Tables that keep what is gone until there is no room: with IPv6 privacy addresses, phones
    with a MAC of the day, or containers they are full after some weeks, and the oldest entry gives
    way to each newcomer as a matter of course. Of these only what is refused is a loss."""

    table_full_window: str = "5m"
    """Within which what a table gave up or refused counts."""

    table_full_pending: str = "15m"
    """How long a table must go on to lose what it should hold: a scan is over by then."""

    memory_bytes: int = 150_000_000
    """Resident. It needs 55 MB with one device and some 105 with 64; a storm adds 20, full tables
    of bridges and neighbours 10. What is beyond all of them is a leak."""

    memory_pending: str = "15m"
    """How long it must be so large; what a scrape of full tables takes is given back."""


DEFAULTS = Thresholds()
