"""Neighbour entries that outlive what a bridge remembers, and tables that have no place left."""

from __future__ import annotations

from ..rules import Alert, Group
from ..thresholds import Thresholds


def group(t: Thresholds) -> Group:
    """Return the alerts about this host's neighbour tables."""
    return Group("l2_neighbors", (_outlive(t), _missing(t), _near_limit(t), _overflow(t)))


def _outlive(t: Thresholds) -> Alert:
    """Its value is the bridge's time, which a person compares with the neighbour table's."""
    return Alert(
        name="L2NeighborsOutliveFdb",
        expr="""
            l2_bridge_ageing_seconds
              * on (job, instance, bridge) group_right ()
            (l2_neighbor_outlives_fdb == 1)
        """,
        pending=t.neighbors_outlive_fdb_pending,
        because="During an STP topology change a bridge forgets faster, for half a minute.",
        severity="info",
        summary=(
            "Bridge {{ $labels.bridge }} on {{ $labels.instance }} forgets quiet hosts before the"
            " {{ $labels.family }} neighbour table does."
        ),
        description=(
            "{{ $labels.bridge }} forgets a MAC after {{ $value | humanizeDuration }} without a"
            " frame of it; this host keeps an idle {{ $labels.family }} neighbour for longer and"
            " sends to it without asking. Such a frame is flooded."
        ),
    )


def _missing(t: Thresholds) -> Alert:
    """The count is absent while the FDB is not known in full, which must not end the alert."""
    shown = "l2_neighbor_missing_from_fdb_info{job=%q, instance=%q, bridge=%q, family=%q}"
    labels = "$labels.job $labels.instance $labels.bridge $labels.family"
    return Alert(
        name="L2NeighborsMissingFromFdb",
        expr=f"last_over_time(l2_neighbor_missing_from_fdb[{t.missing_from_fdb_gap}]) > 0",
        pending=t.missing_from_fdb_pending,
        because=(
            "A host that is spoken to answers, and the bridge knows it again at once; what is sent"
            " to one that stays missing is flooded."
        ),
        severity="warning",
        summary=(
            "Bridge {{ $labels.bridge }} on {{ $labels.instance }} has forgotten"
            " {{ $labels.family }} neighbours of this host."
        ),
        description=(
            "Neighbours that this host would send to without asking, and whose MAC"
            " {{ $labels.bridge }} does not know: {{ $value }} of {{ $labels.family }}. The next"
            " frame to each goes to every port. Among them:"
            f"{{{{ range query (printf `topk(5, {shown})` {labels}) | sortByLabel `ip` }}}}"
            " {{ .Labels.ip }} ({{ .Labels.mac }}){{ end }}."
        ),
    )


def _near_limit(t: Thresholds) -> Alert:
    """Permanent entries are left out: since Linux 5.0 the kernel does not count them either."""
    return Alert(
        name="L2NeighborTableNearLimit",
        expr=f"""
            (
              l2_neighbor_table_entries
              - (
                sum without (device, state) (l2_neighbor_entries{{state="permanent"}})
                or l2_neighbor_table_entries * 0
              )
            )
            / ignoring (level) l2_neighbor_gc_threshold{{level="3"}}
              > {t.neighbor_limit_ratio:g}
        """,
        pending=t.neighbor_limit_pending,
        because="What a scan leaves behind fails, and is gone within a minute.",
        severity="warning",
        summary=(
            "The {{ $labels.family }} neighbour table of {{ $labels.instance }} has little room"
            " left."
        ),
        description=(
            "It is {{ $value | humanizePercentage }} full (of gc_thresh3, in all network namespaces"
            " together, permanent entries left out). When it is full, this host reaches no"
            " {{ $labels.family }} neighbour that it does not know already."
        ),
    )


def _overflow(t: Thresholds) -> Alert:
    """Each overflow is a packet to a neighbour that found no place."""
    return Alert(
        name="L2NeighborTableOverflow",
        expr=f"increase(l2_neighbor_table_overflows_total[{t.neighbor_overflow_window}]) > 0",
        pending=t.neighbor_overflow_pending,
        because="A scan from this host fills the table for a moment; that must wake nobody.",
        severity="critical",
        summary=(
            "The {{ $labels.family }} neighbour table of {{ $labels.instance }} is full, and hosts"
            " cannot be reached."
        ),
        description=(
            '{{ $value | printf "%.0f" }} times within'
            f" {t.neighbor_overflow_window} an {{{{ $labels.family }}}} neighbour found no place in"
            " the kernel's table (gc_thresh3, all network namespaces together), and what was sent"
            " to it was dropped."
        ),
    )
