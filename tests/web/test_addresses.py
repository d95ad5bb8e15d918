from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.errors import UsageError
from l2exporter.web.addresses import EVERYWHERE, format_address, parse_listen_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":10806", (EVERYWHERE, 10806)),
        ("10806", (EVERYWHERE, 10806)),
        ("127.0.0.1:10806", ("127.0.0.1", 10806)),
        ("0.0.0.0:10806", ("0.0.0.0", 10806)),
        ("[::1]:10806", ("::1", 10806)),
        ("[::]:0", ("::", 0)),
        ("[fe80::1%eth0]:9", ("fe80::1%eth0", 9)),
        ("[2001:DB8::0:1]:65535", ("2001:db8::1", 65535)),
        ("localhost:10806", ("localhost", 10806)),
        ("Mon-1.example.net:80", ("Mon-1.example.net", 80)),
    ],
)
def test_an_address(text: str, address: tuple[str, int]) -> None:
    assert parse_listen_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "localhost",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:http",
        "127.0.0.1:-1",
        "127.0.0.1:65536",
        "127.0.0.1:999999",
        "127.0.0.1:٣",
        "127.0.0.1.5:80",
        "127.1:80",
        "300.0.0.1:80",
        "::1:10806",
        "[::1]",
        "[]:80",
        "[127.0.0.1]:80",
        "[::1]:80:80",
        "[localhost]:80",
        "*:80",
        " :80",
        ":80\n",
        "a..b:80",
        "-a:80",
        "a" * 64 + ":80",
        "http://localhost:80",
        "/run/l2exporter.sock",
    ],
)
def test_anything_else_is_a_usage_error_that_names_flag_and_value(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_listen_address(text)
    message = str(caught.value)
    assert message.startswith(f"--web.listen-address: {text!r}: ")
    assert "\n" not in message


@given(st.text(st.sampled_from("[]:.%a1f0 ")) | st.text())
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    try:
        host, port = parse_listen_address(text)
    except UsageError:
        return
    assert 0 <= port <= 65535
    assert parse_listen_address(format_address(host, port)) == (host, port)
