from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path

import pytest

from l2exporter import config
from l2exporter.config import FileConfig, Protected, load
from l2exporter.limits import PROTECTED_ADDRESSES, Limits
from tests.configuration import complaint

FULL = """\
# what must not be taken over
protected_addresses:
  - 192.0.2.1
  - {ip: 192.0.2.53, mac: "02:00:00:00:00:53", role: dns}
  - ip: 2001:db8::1
    mac: 02-AA-BB-CC-DD-EE
limits:
  addresses: 1000
  address_burst: 500
  address_rate: 0.5
  vlans: 16
  devices: 8
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "l2.yml"


def loads(file: Path, text: str) -> FileConfig:
    """The settings in the file once it holds this text."""
    file.write_bytes(text.encode())
    return load(str(file))


def test_without_a_file_there_are_defaults() -> None:
    assert load(None) == FileConfig(protected=(), limits=Limits())


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "---\n...\n", "{}", "\ufeff"])
def test_an_empty_file_is_defaults_too(file: Path, text: str) -> None:
    assert loads(file, text) == FileConfig()


def test_every_key_is_read(file: Path) -> None:
    assert loads(file, FULL) == FileConfig(
        protected=(
            Protected(ip_address("192.0.2.1")),
            Protected(ip_address("192.0.2.53"), "02:00:00:00:00:53", "dns"),
            Protected(ip_address("2001:db8::1"), "02:aa:bb:cc:dd:ee"),
        ),
        limits=Limits(addresses=1000, address_burst=500, address_rate=0.5, vlans=16, devices=8),
    )


def test_what_is_not_given_keeps_its_default(file: Path) -> None:
    assert loads(file, "limits: {vlans: 7}") == FileConfig(limits=Limits(vlans=7))
    assert loads(file, "protected_addresses: []").protected == ()


def test_whole_numbers_stay_whole(file: Path) -> None:
    limits = loads(file, "limits: {addresses: 16.0, address_rate: 1000}").limits
    assert (limits.addresses, type(limits.addresses)) == (16, int)
    assert (limits.address_rate, type(limits.address_rate)) == (1000.0, float)


def test_anchors_and_tags_are_no_more_than_yaml(file: Path) -> None:
    text = "protected_addresses: [&gateway 192.0.2.1, *gateway, !!str 192.0.2.2]"
    assert [str(entry.ip) for entry in loads(file, text).protected] == [
        "192.0.2.1",
        "192.0.2.1",
        "192.0.2.2",
    ]


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("protected: []", 1, "'protected'"),
        ("# a\n\nlimits:\n  speed: 3", 4, "'speed'"),
        ("protected_addresses:\n- {ip: 192.0.2.1, name: x}", 2, "'name'"),
        ("? [1, 2]\n: 3", 1, "sequence"),
        ("?\n: 3", 1, "''"),
        ("<<: {limits: {}}", 1, "'<<'"),
        ("? 'a\n  b'\n: 1", 1, "'a b'"),
        ('"a\\nb": 1', 1, r"'a\nb'"),
    ],
)
def test_an_unknown_key_is_named_with_its_line(file: Path, text: str, line: int, key: str) -> None:
    file.write_text(text)
    said = complaint(file)
    assert said.startswith(f"line {line}: unknown key ")
    assert key in said
    assert "(known: " in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits: {}\nlimits: {}", "line 2: key 'limits' is there twice"),
        ("limits:\n  vlans: 1\n  vlans: 1", "line 3: key 'vlans' is there twice"),
        (
            "protected_addresses:\n- ip: 192.0.2.1\n  ip: 192.0.2.2",
            "line 3: key 'ip' is there twice",
        ),
    ],
)
def test_a_key_may_be_there_once(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    assert complaint(file) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7", "line 1: keys are wanted here: protected_addresses, limits"),
        ("- limits", "line 1: keys are wanted here: protected_addresses, limits"),
        ("~", "line 1: keys are wanted here: protected_addresses, limits"),
        ("protected_addresses:", "line 1: protected_addresses: a list is wanted"),
        ("\nprotected_addresses: 192.0.2.1", "line 2: protected_addresses: a list is wanted"),
        ("protected_addresses: {ip: 192.0.2.1}", "line 1: protected_addresses: a list is wanted"),
        (
            "protected_addresses:\n- [192.0.2.1]",
            "line 2: protected_addresses: keys are wanted here: ip, mac, role",
        ),
        ("protected_addresses:\n- role: dns", "line 2: protected_addresses: an entry without ip"),
        ("protected_addresses: [{ip: [1]}]", "line 1: ip: a sequence will not do"),
        ("protected_addresses: &a [*a]", "line 1: protected_addresses: keys are wanted here: "),
        ("protected_addresses: [&a {ip: *a}]", "line 1: ip: a mapping will not do"),
        ("limits: 3", "line 1: limits: keys are wanted here: addresses, "),
        ("limits:", "line 1: limits: keys are wanted here: addresses, "),
        ("limits:\n  vlans: many", "line 2: vlans: 'many' will not do"),
        ("limits:\n  vlans: [1]", "line 2: vlans: a sequence will not do"),
        ("limits: {vlans: }", "line 1: vlans: '' will not do"),
        ("limits: {vlans: -1}", "line 1: vlans: '-1' will not do"),
        ("limits: {vlans: 0x10}", "line 1: vlans: '0x10' will not do"),
        ("limits: {vlans: 1e3}", "line 1: vlans: '1e3' will not do"),
        ("limits: {address_rate: .inf}", "line 1: address_rate: '.inf' will not do"),
        ("limits: {vlans: true}", "line 1: vlans: 'true' will not do"),
        ("limits: {vlans: 2026-01-01}", "line 1: vlans: '2026-01-01' will not do"),
    ],
)
def test_a_wrong_type_is_named_with_line_and_key(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    assert complaint(file).startswith(said)


@pytest.mark.parametrize(
    "ip", ["192.0.2", "192.0.2.256", "192.0.2.0/24", "gateway", "1", "192.0.02.1", "::g", "''"]
)
def test_what_is_no_ip_address_is_quoted(file: Path, ip: str) -> None:
    file.write_text(f"protected_addresses:\n- 192.0.2.1\n- {ip}")
    assert re.fullmatch(r"line 3: ip: '.*' (is not an IP address|will not do)", complaint(file))


@pytest.mark.parametrize(
    "mac",
    [
        "02:00:00:00:00",
        "02:00:00:00:00:0g",
        "020000000053",
        "02:00:00:00:00:53:01",
        "0200.0000.0053",
    ],
)
def test_what_is_no_mac_is_quoted(file: Path, mac: str) -> None:
    file.write_text(f"protected_addresses:\n- ip: 192.0.2.1\n  mac: {mac!r}")
    assert complaint(file) == f"line 3: mac: {mac!r} will not do"


@pytest.mark.parametrize("role", ["", "DNS", "1st", "a b", "a-b", "x" * 33, "name\\n"])
def test_a_role_is_a_word_fit_for_a_label(file: Path, role: str) -> None:
    file.write_text(f'protected_addresses:\n- ip: 192.0.2.1\n  role: "{role}"')
    assert complaint(file).startswith("line 3: role: '")


@pytest.mark.parametrize(("key", "span"), config.LIMIT_RANGES.items())
def test_limits_have_their_ranges(file: Path, key: str, span: tuple[int, int]) -> None:
    low, high = span
    for good in span:
        assert getattr(loads(file, f"limits: {{{key}: {good}}}").limits, key) == good
    wrong = [high + 1, "9" * 400, *([low - 1] if low else [])]
    for bad in wrong:
        file.write_text(f"limits:\n  {key}: {bad}")
        assert complaint(file) == f"line 2: {key}: {bad} is not within {low} to {high}"


@pytest.mark.parametrize("key", ["addresses", "address_burst", "vlans", "devices"])
def test_counts_are_whole(file: Path, key: str) -> None:
    file.write_text(f"limits: {{{key}: 16.5}}")
    assert complaint(file) == f"line 1: {key}: 16.5 is not a whole number"


def test_the_ranges_are_those_of_all_limits_and_hold_the_defaults() -> None:
    for key, (low, high) in config.LIMIT_RANGES.items():
        assert low <= getattr(Limits(), key) <= high
    assert set(config.LIMIT_RANGES) == set(Limits.__dataclass_fields__)


def test_the_addresses_that_may_be_protected_are_limited(file: Path) -> None:
    lines = "".join(f"- 10.0.{n >> 8}.{n & 255}\n" for n in range(PROTECTED_ADDRESSES))
    assert len(loads(file, f"protected_addresses:\n{lines}").protected) == PROTECTED_ADDRESSES
    file.write_text(f"protected_addresses:\n{lines}- 192.0.2.1\n")
    assert complaint(file) == f"line 2: protected_addresses: more than {PROTECTED_ADDRESSES}"


def test_as_many_as_may_be_fit_into_a_file_in_the_longest_form(file: Path) -> None:
    rest = f"  mac: 02:00:00:00:00:53\n  role: {'r' * 32}\n"
    lines = "".join(
        f"- ip: 2001:0db8:0000:0000:0000:ffff:ffff:{n:04x}\n{rest}"
        for n in range(PROTECTED_ADDRESSES)
    )
    assert len(loads(file, f"protected_addresses:\n{lines}").protected) == PROTECTED_ADDRESSES
