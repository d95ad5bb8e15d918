"""Whatever a configuration file holds: settings, or one line that tells what is wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from l2exporter import config
from l2exporter.config import load
from l2exporter.errors import ConfigError
from tests.configuration import complaint

keys = st.sampled_from(["protected_addresses", "limits", "ip", "mac", "role", *config.LIMIT_RANGES])
scalars = (
    keys
    | st.sampled_from(
        ["192.0.2.1", "::1", "2010-10-28", "!!binary aGk=", "!!timestamp 2010-10-28", "~", "1_000"]
    )
    | st.sampled_from(["&a", "*a", "!!set {a}", "'", '"', "|", "%YAML 1.9", "1e999", "\\x", "0o7"])
)
pieces = scalars | st.sampled_from([": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ", ", "#", "? "])


@given(st.text() | st.lists(pieces, max_size=30).map("".join))
@example('"\\UFFFFFFFF"')
@example("%YAML 1." + "9" * 5000)
@example("limits: {addresses: " + "9" * 5000 + "}")
def test_any_text_is_settings_or_one_line_of_complaint(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_bytes(text.encode(errors="surrogatepass"))
    with suppress(ConfigError):
        load(str(file))
        return
    assert complaint(file)


@given(st.binary(max_size=200))
def test_so_are_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_bytes(data)
    with suppress(ConfigError):
        load(str(file))
        return
    assert complaint(file)
