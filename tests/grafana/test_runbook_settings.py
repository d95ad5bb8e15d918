"""What a runbook tells to set: settings are read, flags are there."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from l2exporter import cli, config
from tests.grafana.test_runbooks import PAGES

_FLAG = re.compile(r"--(?:web|capture|config|collector|log)\.[\w.-]*\w")
_SETTINGS = re.compile(r"\n\n((?: +.*\n)*? +(?:limits|protected_addresses):\n(?: {4,}.*\n)+)")


def settings() -> list[tuple[str, str]]:
    return [
        (name, dedent(text)) for name, page in PAGES.items() for text in _SETTINGS.findall(page)
    ]


@pytest.mark.parametrize(("name", "text"), settings())
def test_settings_are_read(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "l2exporter.yml"
    path.write_text(text)
    assert config.load(str(path)) != config.FileConfig()


def test_there_are_settings_of_both_kinds() -> None:
    assert {text.partition(":")[0] for _, text in settings()} == {"limits", "protected_addresses"}


def test_flags_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    there = set(_FLAG.findall(capsys.readouterr().out))
    named = {flag for page in PAGES.values() for flag in _FLAG.findall(page)}
    assert len(named) > 5
    assert named <= there
