"""Every query of dashboards, rules and runbooks can be evaluated where there are many hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.grafana.fleet import evaluate, series
from tests.grafana.reading import RULES
from tests.grafana.test_queries import PANELS
from tests.grafana.test_runbooks import PAGES, queries

SEVERAL_A_DEVICE = "l2_arp_packets_total * on (device) l2_arp_moves_total"


def rules(directory: Path, expr: str) -> Path:
    """A rule file with one recording."""
    group = {"name": "one", "rules": [{"record": "a:b:c", "expr": expr}]}
    path = directory / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [group]}))
    return path


def test_every_query_is_evaluated_and_so_are_the_rules(tmp_path: Path) -> None:
    asked = {query for _, query in PANELS}
    asked |= {query for page in PAGES.values() for query in queries(page)}
    evaluate(tmp_path, sorted(asked), RULES)


def test_a_query_that_cannot_be_evaluated_is_found(tmp_path: Path) -> None:
    well = rules(tmp_path, "vector(1)")
    with pytest.raises(AssertionError, match="many-to-many"):
        evaluate(tmp_path, [SEVERAL_A_DEVICE], well)


def test_a_rule_that_cannot_be_evaluated_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="many-to-many"):
        evaluate(tmp_path, [], rules(tmp_path, SEVERAL_A_DEVICE))


def test_hosts_tell_what_golden_files_tell() -> None:
    found = series("l2_arp_moves_total")
    assert {name.partition("{")[0] for name in found} == {"l2_arp_moves_total"}
    assert any('segment="office"' in name for name in found)
    assert any("segment" not in name for name in found)
