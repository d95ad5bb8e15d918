from __future__ import annotations

import pytest

from l2exporter.dissect.dns_names import EXPANSION, RUNS, Names, label_text, name_end
from l2exporter.dissect.reader import DissectError
from tests.dissect.dns_wire import HEADER, point

BEFORE = bytes(HEADER)
LOCAL = b"\5local\0"


def wire(data: bytes, offset: int = HEADER) -> bytes:
    return Names(BEFORE + data).wire(offset)


def fault(data: bytes, offset: int = HEADER) -> str:
    with pytest.raises(DissectError) as error:
        wire(data, offset)
    return error.value.reason


def text(name: bytes) -> str:
    return Names(bytes(300)).text(name)


def test_a_name_is_its_labels_and_the_root() -> None:
    assert wire(b"\3Mac" + LOCAL) == b"\3Mac" + LOCAL
    assert wire(b"\0") == b"\0"


def test_a_pointer_leads_to_the_rest_of_the_name() -> None:
    data = LOCAL + b"\3Mac" + point(HEADER) + point(HEADER + len(LOCAL))
    assert wire(data, HEADER + len(LOCAL)) == b"\3Mac" + LOCAL
    assert wire(data, HEADER + len(data) - 2) == b"\3Mac" + LOCAL


def test_a_pointer_may_lead_into_the_middle_of_a_name() -> None:
    assert wire(b"\1a\1b\0\1c" + point(HEADER + 2), HEADER + 5) == b"\1c\1b\0"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (point(HEADER), "pointer"),
        (point(HEADER + 2) + b"\0", "pointer"),
        (b"\1a" + point(HEADER), "pointer"),
        (b"\1a" + point(HEADER + 2), "pointer"),
        (point(0), "pointer"),
        (point(HEADER - 1), "pointer"),
        (b"\x40" + bytes(64), "label"),
        (b"\x80" + bytes(128), "label"),
        (b"\xbf" + bytes(191), "label"),
        (b"", "truncated"),
        (b"\1", "truncated"),
        (b"\1a", "truncated"),
        (b"\x3f" + bytes(62), "truncated"),
        (b"\xc0", "truncated"),
        (b"\x3f" + b"a" * 63 + b"\1b" * 96 + b"\0", "name_length"),
    ],
)
def test_what_is_no_name(data: bytes, reason: str) -> None:
    assert fault(data) == reason


def test_the_longest_name_has_255_bytes() -> None:
    longest = b"\x3f" + b"a" * 63 + b"\1b" * 95 + b"\0"
    assert len(longest) == 255
    assert wire(longest) == longest
    together = longest[190:] + longest[:190] + point(HEADER)
    assert len(wire(together, HEADER + 65)) == 255
    assert fault(LOCAL + b"\1b" * 125 + point(HEADER), HEADER + 7) == "name_length"


def test_pointers_to_pointers_end_somewhere() -> None:
    chain = b"\0" + b"".join(point(HEADER + max(0, 2 * i - 1)) for i in range(RUNS))
    at = HEADER + 1
    assert wire(chain, at + 2 * (RUNS - 2)) == b"\0"
    assert fault(chain, at + 2 * (RUNS - 1)) == "pointer"


def test_what_was_read_costs_nothing_again() -> None:
    names = Names(BEFORE + LOCAL + (b"\1a" + point(HEADER)) * 3)
    first = names.wire(HEADER + 7)
    spent = names.spent
    assert names.wire(HEADER + 7) is first
    assert names.spent == spent
    names.wire(HEADER + 11)
    assert names.spent == spent + 4
    names.text(first)
    once = names.spent
    names.text(first)
    assert names.spent == once == spent + 4 + len(first)


def test_names_that_are_much_longer_than_their_message_are_refused() -> None:
    data = BEFORE + b"\1a" * 126 + b"\0"
    names = Names(data)
    for offset in (HEADER, HEADER + 2, HEADER + 4, HEADER + 6):
        names.wire(offset)
    with pytest.raises(DissectError, match="compression"):
        names.wire(HEADER + 8)
    assert EXPANSION * len(data) < names.spent < EXPANSION * len(data) + 260


@pytest.mark.parametrize("data", [b"\3Mac\0", b"\3Mac" + point(HEADER), b"\0", point(0xFFF)])
def test_a_name_ends_behind_its_root_or_its_pointer(data: bytes) -> None:
    assert name_end(BEFORE + data + b"rest", HEADER) == HEADER + len(data)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"\0", ""),
        (b"\x08Bobs-Mac\5local\0", "Bobs-Mac.local"),
        ("\x0bBob\u2019s Mac\5local\0".encode(), "Bob\u2019s Mac.local"),
        ("\x0aBüro Rüm\0".encode(), "Büro Rüm"),
        (b"\5a.b\\c\0", r"a\.b\\c"),
        (b"\3a\xffb\0", r"a\xffb"),
        (b"\3a\nb\1.\0", r"a\x0ab.\."),
        (b"\2\xc2\xa0\0", r"\xc2\xa0"),
        (b"\1\xc2\1\xa0\0", r"\xc2.\xa0"),
        (b"\4\\xff\0", r"\\xff"),
    ],
)
def test_names_as_text(name: bytes, expected: str) -> None:
    assert text(name) == expected


def test_a_label_alone_keeps_its_dots() -> None:
    assert label_text("50-37-71-72.1 Bob\u2019s Mac".encode()) == "50-37-71-72.1 Bob\u2019s Mac"
    assert label_text("\u202ecam".encode()) == r"\xe2\x80\xaecam"
