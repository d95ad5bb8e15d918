"""The dashboards by their addresses, and links between them that carry variables and time over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.models.dashboard import DashboardLink, DashboardLinkType

TAG: Final = "l2exporter"


class Link(DashboardLink):
    """Without the placement that the SDK gives every link: it would put the bar into a menu."""

    def to_json(self) -> dict[str, object]:
        """As Grafana has it where the link is to be seen at once."""
        payload = super().to_json()
        del payload["placement"]
        return payload


@dataclass(frozen=True, slots=True)
class Page:
    """A dashboard: its uid, which is its file's stem too, and its title."""

    uid: str
    title: str

    def url(self, **chosen: str) -> str:
        """Its address with the time range; with all variables, or with those `chosen` here.

        A value may be of what was clicked: `ip="${__data.fields.ip}"` in a table,
        `device="${__field.labels.device}"` in a graph.
        """
        if not chosen:
            return f"/d/{self.uid}?${{__url_time_range}}&${{__all_variables}}"
        kept = [
            f"${{{v}:queryparam}}" for v in ("datasource", "job", "instance") if v not in chosen
        ]
        set_here = [f"var-{name}={value}" for name, value in chosen.items()]
        return "&".join((f"/d/{self.uid}?${{__url_time_range}}", *kept, *set_here))

    def link(self) -> DashboardLink:
        """In the corner of a panel."""
        return Link(
            title=self.title, type_val=DashboardLinkType.LINK, url=self.url(), tooltip=self.title
        )


OVERVIEW: Final = Page("l2-overview", "L2 overview")
ADDRESS: Final = Page("l2-address", "L2 address")
SLEEP_PROXIES: Final = Page("l2-sleep-proxies", "L2 sleep proxies")
BRIDGES: Final = Page("l2-bridges", "L2 bridges and neighbours")
EXPORTER: Final = Page("l2-exporter", "L2 exporter")


def link_bar() -> DashboardLink:
    """At the top of every dashboard: all of them."""
    return Link(
        title="L2",
        type_val=DashboardLinkType.DASHBOARDS,
        tags=[TAG],
        tooltip="The other dashboards of l2exporter",
        include_vars=True,
        keep_time=True,
    )
