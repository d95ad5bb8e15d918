from __future__ import annotations

import pytest

from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.wake_on_lan import REASONS, decode
from tests.dissect.packets import datagram, magic, udp, wake

TARGET = "0a:1b:2c:3d:4e:5f"


def reason(payload: bytes) -> str:
    with pytest.raises(DissectError) as caught:
        decode(datagram(udp(payload, 9)))
    assert caught.value.reason in REASONS
    return caught.value.reason


@pytest.mark.parametrize("behind", [b"", b"pass", b"passwd", b"\0" * 46, b"\xff" * 6])
def test_the_target_is_the_mac_that_is_repeated(behind: bytes) -> None:
    for frame in (wake(TARGET, behind=behind), udp(magic(TARGET, behind=behind), 7)):
        assert decode(datagram(frame)).target == 0x0A1B2C3D4E5F


def test_the_packet_of_the_facts_has_122_bytes() -> None:
    assert len(wake(TARGET, behind=b"passwd")) == 122


def test_every_cut_is_noticed() -> None:
    assert {reason(magic()[:end]) for end in range(102)} == {"truncated"}


@pytest.mark.parametrize("place", range(6, 102))
def test_every_repetition_counts(place: int) -> None:
    other = bytearray(magic(TARGET))
    other[place] ^= 1
    assert reason(bytes(other)) == "repetitions"


def test_it_begins_with_ones() -> None:
    assert reason(b"\xff" * 5 + b"\xfe" + magic()[6:]) == "sync"
    assert reason(b"x" + magic()) == "sync"


@pytest.mark.parametrize("target", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:12"])
def test_no_station_has_such_a_mac(target: str) -> None:
    assert reason(magic(target)) == "target"
