"""What a rule is: Prometheus' files and Grafana's own alerting are both written from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["critical", "warning", "info"]
"""critical wakes somebody; warning is for working hours; info is for dashboards and inhibition."""

PREFIX = "L2"
RUNBOOKS = "https://github.com/l2exporter/l2exporter/blob/main/docs/runbooks"


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule: `record` is level:metric:operations, `expr` PromQL over the exporter's own
    metrics and over recordings before it in its group.
    """

    record: str
    expr: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert; its runbook is docs/runbooks/NAME.md.

    expr         PromQL; what is firing is in the labels, its value is what the description tells
    pending      how long it must hold ("5m"; "0s": at once), and `because` says why so long
    summary      one sentence, which names the address, bridge or instance
    description  the value, and whatever a human needs to begin; Prometheus templates
    """

    name: str
    expr: str
    pending: str
    because: str
    severity: Severity
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def runbook_url(self) -> str:
        """Where its page is."""
        return f"{RUNBOOKS}/{self.name}.md"


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, in their order."""

    name: str
    rules: tuple[Recording | Alert, ...]
