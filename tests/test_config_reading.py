"""Configuration files that are no YAML, no text, too much, or not to be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from l2exporter import config
from l2exporter.config import load
from tests.configuration import complaint

NOBODY = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "l2.yml"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"limits: {}\n# caf\xe9\n", "line 2: not UTF-8"),
        (b"#" * 9000 + b"\n\xff", "line 2: not UTF-8"),
        (b"\xff\xfel\0", "line 1: not UTF-8"),
        (b"a: 1\nb: [", "line 2: expected the node content, but found '<stream end>'"),
        (b"a: b: c", "line 1: mapping values are not allowed here"),
        (b"\n\n\tx: 1", "line 3: found character '\\t' that cannot start any token"),
        (b"limits: {}\n---\nlimits: {}", "line 2: but found another document"),
        (b"a: *nobody", "line 1: found undefined alias 'nobody'"),
        (b"limits: {}\n\0", "line 2: character U+0000 is not allowed in YAML"),
        (b"a: \x1b[31m", "line 1: character U+001B is not allowed in YAML"),
        (b'"\\UFFFFFFFF"', "not YAML: Python int too large to convert to C int"),
        (b'"\\U00110000"', "not YAML: chr() arg not in range(0x110000)"),
    ],
)
def test_what_is_no_yaml_is_said_with_its_line(file: Path, data: bytes, said: str) -> None:
    file.write_bytes(data)
    assert complaint(file) == said


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000, "? " * 5000])
def test_what_is_nested_without_end_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    assert complaint(file) == "nested too deeply"


def test_a_file_may_be_so_large_and_no_larger(file: Path) -> None:
    text = "limits: {vlans: 7}\n"
    file.write_text(text + "#" * (config.MAX_FILE_BYTES - len(text)))
    assert load(str(file)).limits.vlans == 7
    file.write_text(text + "#" * (config.MAX_FILE_BYTES - len(text) + 1))
    assert complaint(file) == f"larger than {config.MAX_FILE_BYTES} bytes"
    file.write_text("é" * (config.MAX_FILE_BYTES // 2 + 1))
    assert complaint(file) == f"larger than {config.MAX_FILE_BYTES} bytes"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), Path("/dev/null")):
        assert complaint(path) == "not a regular file"


def test_what_is_refused_leaves_no_descriptor_behind(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    for path in (tmp_path, Path("/dev/zero"), tmp_path / "none.yml"):
        complaint(path)
    assert os.listdir("/proc/self/fd") == before


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    assert complaint(tmp_path / "none.yml") == "No such file or directory"
    assert complaint(tmp_path) == "Is a directory"
    assert complaint(Path("/proc/self/mem")) == "Input/output error"
    loop = tmp_path / "loop.yml"
    loop.symlink_to(loop)
    assert complaint(loop) == "Too many levels of symbolic links"


def test_a_file_that_may_not_be_read_is_said_so(file: Path) -> None:
    file.write_text("limits: {}")
    load(str(file))
    file.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        assert complaint(file) == "Permission denied"
    finally:
        os.seteuid(user)
