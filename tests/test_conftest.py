"""The rules of tests/conftest.py, on test runs of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
QUIET = {"L2EXPORTER_REQUIRE_ROOT": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
NEEDS_ROOT = "import pytest\n@pytest.mark.root\ndef test_it(): pass\n"
GOLDEN = "def test_it(golden): golden('a/b.txt', 'one\\ntwo\\n')\n"


def run(home: Path, test: str, *flags: str, user: int = 0, **env: str) -> str:
    """The output of pytest on `test` in a directory that has our rules, its own golden files."""
    (home / "conftest.py").write_text(
        "import os, pathlib, tests.conftest\n"
        f"os.geteuid = lambda: {user}\n"
        f"tests.conftest.GOLDEN = pathlib.Path({str(home / 'golden')!r})\n"
    )
    (home / "test_it.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-rsf", "--rootdir", "."]
    marker = ["-o", "markers=root: as in the project"]
    done = subprocess.run(
        [*command, *marker, *flags],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT), **QUIET, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_what_needs_root_is_skipped_with_the_reason(tmp_path: Path) -> None:
    said = run(tmp_path, NEEDS_ROOT, user=1000)
    assert "1 skipped" in said
    assert "needs root: network namespaces and AF_PACKET" in said


def test_what_needs_root_runs_as_root(tmp_path: Path) -> None:
    assert "1 passed" in run(tmp_path, NEEDS_ROOT)


def test_where_all_must_run_a_skip_is_a_failure(tmp_path: Path) -> None:
    said = run(tmp_path, NEEDS_ROOT, user=1000, L2EXPORTER_REQUIRE_ROOT="1")
    assert "1 error" in said
    assert "needs root" in said


def test_a_golden_file_is_written_on_demand_only(tmp_path: Path) -> None:
    written = tmp_path / "golden/a/b.txt"
    assert "golden/a/b.txt is missing" in run(tmp_path, GOLDEN)
    assert not written.exists()
    assert "1 passed" in run(tmp_path, GOLDEN, "--update-golden")
    assert written.read_text() == "one\ntwo\n"
    assert "1 passed" in run(tmp_path, GOLDEN)


def test_a_golden_file_that_differs_fails_with_the_difference(tmp_path: Path) -> None:
    (tmp_path / "golden/a").mkdir(parents=True)
    (tmp_path / "golden/a/b.txt").write_text("one\nthree\n")
    said = run(tmp_path, GOLDEN)
    assert "-three" in said
    assert "+two" in said
    assert (tmp_path / "golden/a/b.txt").read_text() == "one\nthree\n"
