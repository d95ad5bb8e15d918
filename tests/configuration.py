"""What is said of a configuration file that will not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from l2exporter.config import load
from l2exporter.errors import ConfigError


def complaint(path: Path) -> str:
    """What is said of the file, without its name in front; always one line."""
    with pytest.raises(ConfigError) as caught:
        load(str(path))
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert said.isprintable()
    assert caught.value.exit_status == 1
    return said.removeprefix(f"{path}: ")
