"""Which packages may import which: the contracts in pyproject.toml are kept, and they bite."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True, no_logo=True))
"""


def lint(home: Path) -> tuple[int, str]:
    """Exit status and words of import-linter on the package in `home`."""
    command = [sys.executable, "-c", LINT]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_package_keeps_its_contracts() -> None:
    status, said = lint(ROOT)
    assert "0 broken" in said
    assert status == 0


@pytest.mark.parametrize(
    ("module", "forbidden", "contract"),
    [
        ("dissect/arp", "limits", "dissect imports nothing of ours but its own"),
        ("kernel/links", "tables.columns", "kernel knows no metric"),
        ("collectors/base", "web.pages", "collectors never import capture or web"),
        ("tables/usage", "capture.lane", "collectors never import capture or web"),
        ("evidence/seen", "capture.lane", "evidence knows no metric and no device"),
        ("tables/usage", "collectors.base", "evidence knows no metric and no device"),
        ("tables/usage", "evidence.seen", "evidence builds on tables, never the other way"),
        ("slow_lane", "evidence.seen", "the slow lane knows no evidence"),
        ("web/pages", "tables.usage", "web knows no signal, capture no table"),
    ],
)
def test_an_import_in_the_wrong_direction_breaks_one(
    tmp_path: Path, module: str, forbidden: str, contract: str
) -> None:
    shutil.copytree(ROOT / "l2exporter", tmp_path / "l2exporter")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / f"l2exporter/{module}.py").open("a") as code:
        code.write(f"\nimport l2exporter.{forbidden}\n")
    status, said = lint(tmp_path)
    assert f"{contract} BROKEN" in said
    assert status == 1
