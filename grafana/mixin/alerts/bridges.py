"""Bridges that flood what is meant for one, or soon cannot learn who is behind which port."""

from __future__ import annotations

from ..rules import Alert, Group
from ..thresholds import Thresholds


def group(t: Thresholds) -> Group:
    """Return the alerts about bridges, and about ports that a switch floods."""
    return Group("l2_bridges", (_flooding(t), _near_limit(t)))


def _flooding(t: Thresholds) -> Alert:
    """Frames are counted where the operator asked for it; what bridges forget is known anyway."""
    forgotten = 'l2_bridge_fdb_events_total{event="aged_out_in_demand"}'
    return Alert(
        name="L2UnknownUnicastFlooding",
        expr=f"""
            rate(l2_unknown_unicast_frames_total[{t.flooding_window}])
              > {t.flooding_frames_per_second:g}
            or
            increase({forgotten}[{t.aged_out_window}])
              >= {t.aged_out_in_demand}
        """,
        pending=t.flooding_pending,
        because=(
            "A guest's first frames are flooded, and so is what is sent to a MAC that moves, until"
            " it speaks; flooding that goes on is of a host that does not."
        ),
        severity="warning",
        summary=(
            "{{ with $labels.device }}Frames for others are flooded to {{ . }}{{ else }}"
            "Bridge {{ $labels.bridge }} forgets hosts that are still sent to{{ end }}"
            " on {{ $labels.instance }}."
        ),
        description=(
            "{{ if $labels.device }}{{ $value | humanize }} frames a second reach"
            " {{ $labels.device }} that are for MACs which nobody behind it has: a switch or bridge"
            " does not know where they live. Whoever sits there can read them, and a REJECT rule"
            " there answers them in another's name.{{ else }}"
            '{{ $value | printf "%.0f" }} MACs aged out of {{ $labels.bridge }} within'
            f" {t.aged_out_window} while frames for them were coming: from then on these go to"
            " every port, until the host speaks.{{ end }}"
        ),
    )


def _near_limit(t: Thresholds) -> Alert:
    """A bridge without a limit has +Inf there, and so a ratio of 0."""
    return Alert(
        name="L2BridgeFdbNearLimit",
        expr=f"""
            l2_bridge_fdb_learned_entries / l2_bridge_fdb_learned_limit
              > {t.fdb_limit_ratio:g}
        """,
        pending=t.fdb_limit_pending,
        because="MACs that are gone make room when they age out: until then nothing is wrong.",
        severity="warning",
        summary=(
            "Bridge {{ $labels.bridge }} on {{ $labels.instance }} has nearly as many MACs as it"
            " may learn."
        ),
        description=(
            "{{ $labels.bridge }} has learned {{ $value | humanizePercentage }} of the MACs that it"
            " may. At the limit it learns no more, and floods what is sent to newcomers."
        ),
    )
