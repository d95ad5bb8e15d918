"""Every figure that decides whether an alert fires, each with its reason: tune them here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Durations are Prometheus' ("5m"); ratios lie between 0 and 1."""

    job: str = "l2exporter"
    """Of the scrape configuration: what is down is known by it alone."""

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
