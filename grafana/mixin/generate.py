"""`python -m grafana.mixin.generate`: write every file below grafana/ that is generated."""

from __future__ import annotations

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from . import grafana_rules, prometheus_rules
from .alerts import groups
from .dashboards import DASHBOARDS
from .thresholds import DEFAULTS

HOME = Path(__file__).parent.parent


def outputs() -> dict[Path, str]:
    """Return the text of each generated file by its path below grafana/."""
    every = groups(DEFAULTS)
    rules = {
        Path("alerts/l2exporter.rules.yml"): prometheus_rules.render(every),
        Path("provisioning/alerting/l2exporter.yml"): grafana_rules.render(every),
    }
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return rules | {
        Path(f"dashboards/{stem}.json"): encoder.encode(dashboard()) + "\n"
        for stem, dashboard in DASHBOARDS.items()
    }


def main() -> None:
    """Write them all."""
    for path, text in outputs().items():
        target = HOME / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
