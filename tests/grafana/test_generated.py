"""What lies in the repository is what `make grafana` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from grafana.mixin import generate

OUTPUTS = generate.outputs()
PLACES = ("alerts/*.yml", "dashboards/*.json", "provisioning/alerting/*.yml")


@pytest.mark.parametrize("path", OUTPUTS, ids=str)
def test_a_file_is_what_is_generated(path: Path) -> None:
    lying = generate.HOME / path
    assert lying.exists(), f"grafana/{path} is missing: run `make grafana`"
    assert lying.read_bytes() == OUTPUTS[path].encode(), (
        f"grafana/{path} is another: run `make grafana` and read the change"
    )


def test_nothing_else_lies_where_files_are_generated() -> None:
    lying = {path for place in PLACES for path in generate.HOME.glob(place)}
    assert lying == {generate.HOME / path for path in OUTPUTS}, "remove what nothing generates"


def test_what_is_written_is_what_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "HOME", tmp_path)
    generate.main()
    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path): path.read_text() for path in written} == OUTPUTS
