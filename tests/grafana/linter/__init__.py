"""The 17 rules of Grafana's dashboard-linter, each a small function over a dashboard's JSON."""

from __future__ import annotations

from typing import Final

from tests.grafana.linter import panels, targets, templates
from tests.grafana.linter.model import Complaint, Rule

RULES: Final[dict[str, Rule]] = {
    "template-datasource-rule": templates.template_datasource,
    "template-job-rule": templates.template_job,
    "template-instance-rule": templates.template_instance,
    "template-label-promql-rule": templates.template_label_promql,
    "template-on-time-change-reload-rule": templates.template_on_time_change_reload,
    "panel-datasource-rule": panels.panel_datasource,
    "panel-title-description-rule": panels.panel_title_description,
    "panel-units-rule": panels.panel_units,
    "panel-no-targets-rule": panels.panel_no_targets,
    "target-logql-rule": targets.target_logql,
    "target-logql-auto-rule": targets.target_logql_auto,
    "target-promql-rule": targets.target_promql,
    "target-rate-interval-rule": targets.target_rate_interval,
    "target-job-rule": targets.target_job,
    "target-instance-rule": targets.target_instance,
    "target-counter-agg-rule": targets.target_counter_agg,
    "uneditable-dashboard": templates.uneditable_dashboard,
}

__all__ = ["RULES", "Complaint", "Rule"]
