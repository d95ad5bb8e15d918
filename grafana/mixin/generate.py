"""`python -m grafana.mixin.generate`: write every file under grafana/ that is generated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import prometheus_rules
from .alerts import groups
from .thresholds import DEFAULTS

HERE = Path(__file__).parent.parent


def outputs() -> dict[Path, str]:
    """Return the text of each generated file by its path below grafana/."""
    return dict(_rules())


def _rules() -> Iterator[tuple[Path, str]]:
    every = groups(DEFAULTS)
    yield Path("alerts/l2exporter.rules.yml"), prometheus_rules.render(every)


def main() -> None:
    """Write them all."""
    for path, text in outputs().items():
        target = HERE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
