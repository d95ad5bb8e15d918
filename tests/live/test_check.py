"""`l2exporter check` as users run it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.exporter import COMMAND
from tests.lab.namespace import Namespace, veth

pytestmark = pytest.mark.root

WITHOUT_NET_RAW = ("setpriv", "--bounding-set=-net_raw", *COMMAND)


@pytest.fixture(scope="module")
def here() -> Iterator[Namespace]:
    """A host with a bridge, a guest on it, and a device that is down."""
    with Namespace() as made:
        veth(made, "guest0", made, "guest0p")
        made.bridge("br0", "guest0")
        made.ip("link", "add", "br1", "type", "bridge")
        yield made


def check(
    here: Namespace, *flags: str, command: tuple[str, ...] = COMMAND
) -> tuple[int, dict[str, str]]:
    """Exit status, and the rest of each row by its subject."""
    process = here.popen(
        *command, "check", *flags, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = process.communicate(timeout=20)
    rows = (line.split(maxsplit=1) for line in said.decode().splitlines() if line.startswith("  "))
    return process.returncode, dict(rows)


def test_it_tells_which_devices_are_captured_and_why_others_are_not(here: Namespace) -> None:
    status, rows = check(here)
    assert status == 0
    devices = {name: " ".join(rows[name].split()) for name in ("br0", "guest0", "br1", "lo")}
    assert devices == {
        "br0": "ok captured",
        "guest0": "ok not captured: guest port of br0",
        "br1": "ok not captured: down",
        "lo": "ok not captured: not an Ethernet device",
    }
    assert rows["CAP_NET_RAW"].split() == ["ok", "held"]
    assert rows["packet"].split() == ["ring", "ok", "TPACKET_V2", "with", "a", "filter"]


def test_without_the_capability_it_says_what_to_do(here: Namespace) -> None:
    status, rows = check(here, command=WITHOUT_NET_RAW)
    assert status == 1
    assert rows["CAP_NET_RAW"].startswith("MISSING  missing")
    assert "--cap-add=NET_RAW" in rows["CAP_NET_RAW"]
    assert "see CAP_NET_RAW" in rows["packet"]
    assert rows["br0"].split() == ["ok", "captured"]


def test_a_device_that_is_not_there_or_cannot_be_had_is_missing(here: Namespace) -> None:
    status, rows = check(here, "--capture.device=br0", "--capture.device=lo", "--capture.device=x0")
    assert status == 1
    assert rows["br0"].split() == ["ok", "captured"]
    assert rows["lo"].startswith("MISSING  not captured: not an Ethernet device")
    assert rows["x0"].split() == [
        *("MISSING", "there", "is", "no", "such", "device"),
        *("->", "see", "ip", "link"),
    ]


def test_with_nothing_to_capture_it_says_how_to(here: Namespace) -> None:
    status, rows = check(here, "--capture.device-exclude=.*")
    assert status == 1
    assert rows["(all)"].startswith("MISSING")
    assert "ip link set DEV up" in rows["(all)"]
