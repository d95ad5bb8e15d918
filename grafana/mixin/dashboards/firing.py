"""Alerts that fire, as Prometheus tells of them."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.models.common import TableSortByFieldState

from ..colours import SEVERITIES, from_zero
from ..pages import ADDRESS
from ..panels import NONE, Built, Word, now, stat
from ..rules import PREFIX, RUNBOOKS, Severity
from ..tables import Column, table

OURS: Final = f'alertname=~"{PREFIX}.*"'
FIRING: Final = f'alertstate="firing", {OURS}'


def number_firing(title: str, severity: Severity) -> stat_builder.Panel:
    """Those of a severity."""
    firing = f'ALERTS{{{FIRING}, severity="{severity}"}}'
    return stat(
        title,
        now(f"count({firing}) or vector(0)"),
        description=f"Alerts of severity {severity} that fire now, on all segments and instances. "
        "None is also what a Prometheus without these rules says.",
        empty="Prometheus does not answer",
        unit="none",
        width=4,
        steps=from_zero((1, SEVERITIES[severity])),
        words=NONE,
        page=ADDRESS,
    )


def alerts() -> table_builder.Panel:
    """Each of them, the latest first."""
    columns = {
        "alertname": Column(
            "Alert",
            width=240,
            url=f"{RUNBOOKS}/${{__value.raw}}.md",
            url_title="What it means and what to do",
        ),
        "severity": Column(
            "Severity",
            width=90,
            words={name: Word(name, colour) for name, colour in SEVERITIES.items()},
        ),
        "ip": Column(
            "Address",
            url=ADDRESS.url(ip="${__value.raw}"),
            url_title="What happened to this address",
        ),
        "Value": Column("Since", unit="dateTimeFromNow", width=150),
        "segment": Column("Segment"),
        "instance": Column("Instance"),
        "vlan": Column("VLAN"),
        "device": Column("Device"),
        "bridge": Column("Bridge"),
        "collector": Column("Collector"),
        "table": Column("Table"),
    }
    return table(
        "Which alerts fire?",
        columns,
        now(f"1000 * ALERTS_FOR_STATE{{{OURS}}} and ignoring (alertstate) ALERTS{{{FIRING}}}"),
        description="Alerts of l2exporter's rules that fire now, whatever is chosen above; the "
        "name leads to the page that says what to do, the address to its history. Rules that "
        "Grafana evaluates itself are on its own alerting page.",
        empty="No alert fires",
        unit="none",
        height=9,
        page=ADDRESS,
    ).sort_by([Built(TableSortByFieldState(display_name="Since", desc=True))])
