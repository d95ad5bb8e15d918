from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest
from scapy.layers.dhcp import BOOTP

from l2exporter.dissect.dhcp import REASONS, TEXT_BYTES, TYPES, Dhcp, decode
from l2exporter.dissect.reader import DissectError
from tests.dissect.packets import DNSMASQ_ACK, OFFER, ONE, REQUEST, TWO, datagram, dhcp, udp

ACK = ("message-type", "ack")
BOOTP_ALONE = bytes(BOOTP(op=1, chaddr=b"\2\0\0\0\0\1"))[:236]


def message(frame: bytes) -> Dhcp:
    found = decode(datagram(frame))
    assert found is not None
    return found


def ack(*options: object, **fields: Any) -> Dhcp:
    return message(dhcp(ACK, *options, operation=2, **fields))


def raw(payload: bytes) -> Dhcp | None:
    return decode(datagram(udp(payload, 67, source=68)))


def reason(payload: bytes) -> str:
    with pytest.raises(DissectError) as caught:
        raw(payload)
    assert caught.value.reason in REASONS
    return caught.value.reason


def options(data: bytes, *, operation: int = 1) -> bytes:
    """A message whose options are `data`, byte for byte."""
    return bytes((operation,)) + BOOTP_ALONE[1:] + b"\x63\x82\x53\x63" + data


def test_what_a_server_offers() -> None:
    assert message(OFFER) == Dhcp(
        type="offer",
        xid=7,
        client_mac=0x020000000001,
        your_ip=IPv4Address("192.0.2.77"),
        server_id=IPv4Address(TWO),
        routers=(IPv4Address(TWO), IPv4Address(ONE)),
        dns_servers=(IPv4Address(TWO),),
        lease=7200,
    )


def test_what_a_client_asks_for() -> None:
    assert message(REQUEST) == Dhcp(
        type="request",
        xid=7,
        client_mac=0x020000000001,
        client_id=b"\x01\x02\0\0\0\0\x01",
        requested_ip=IPv4Address("192.0.2.77"),
        host_name="mac-mini",
    )


def test_what_dnsmasq_says() -> None:
    assert message(DNSMASQ_ACK) == Dhcp(
        type="ack",
        xid=7,
        client_mac=0x020000000002,
        your_ip=IPv4Address("192.0.2.56"),
        server_id=IPv4Address(ONE),
        routers=(IPv4Address(ONE),),
        dns_servers=(IPv4Address("192.0.2.53"),),
        lease=3600,
    )


def test_a_client_that_has_an_address_says_so() -> None:
    renewal = dhcp(("message-type", "request"), ciaddr="192.0.2.77")
    assert message(renewal).client_ip == IPv4Address("192.0.2.77")


@pytest.mark.parametrize(("number", "name"), list(enumerate(TYPES, start=1)))
def test_each_type(number: int, name: str) -> None:
    operation = 2 if name in {"offer", "ack", "nak"} else 1
    found = raw(options(bytes((53, 1, number)), operation=operation))
    assert found is not None
    assert found.type == name
    assert reason(options(bytes((53, 1, number)), operation=3 - operation)) == "operation"


@pytest.mark.parametrize("number", [0, 9, 10, 18, 255])
def test_types_that_tell_nothing_of_addresses(number: int) -> None:
    assert raw(options(bytes((53, 1, number)))) is None


def test_bootp_is_no_dhcp() -> None:
    assert raw(BOOTP_ALONE) is None
    assert raw(BOOTP_ALONE + b"\1\2\3\4" + bytes((53, 1, 1))) is None
    assert raw(options(b"\xff")) is None
    assert raw(options(b"")) is None


def test_behind_the_end_lies_nothing() -> None:
    found = raw(options(bytes((53, 1, 1, 255, 12, 1)) + b"x"))
    assert found is not None
    assert found.host_name == ""


def test_pads_lie_anywhere_and_the_end_may_be_missing() -> None:
    found = raw(options(bytes((0, 0, 53, 1, 3, 0, 0, 12, 1)) + b"x" + bytes(30)))
    assert found is not None
    assert (found.type, found.host_name) == ("request", "x")


def test_fragments_of_an_option_are_joined_in_order() -> None:
    found = raw(options(bytes((12, 2)) + b"ab" + bytes((53, 1, 1, 12, 2)) + b"cd"))
    assert found is not None
    assert found.host_name == "abcd"


@pytest.mark.parametrize(
    ("overload", "expected"), [(1, "start-file"), (2, "start-name"), (3, "start-file-name")]
)
def test_options_in_the_fields_of_names(overload: int, expected: str) -> None:
    file, sname = bytes((12, 5)) + b"-file\xff", bytes((12, 5)) + b"-name\xff"
    start = ("dhcp-option-overload", overload), ("hostname", b"start")
    assert ack(*start, file=file, sname=sname).host_name == expected


def test_names_are_no_options_unless_it_is_said() -> None:
    assert ack(("hostname", b"start"), file=bytes((12, 1)) + b"x").host_name == "start"


def test_an_overload_within_an_overload_leads_nowhere() -> None:
    again = bytes((12, 1)) + b"y\xff"
    found = ack(("dhcp-option-overload", 1), file=bytes((12, 1)) + b"x\xff", sname=again)
    assert found.host_name == "x"
    twice = bytes((52, 1, 2)) + b"\xff"
    frame = dhcp(ACK, ("dhcp-option-overload", 1), operation=2, file=twice, sname=again)
    with pytest.raises(DissectError, match="option_length"):
        decode(datagram(frame))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"mini\0\0", "mini"),
        ("küche".encode(), "küche"),
        (b"k\xfcche", "k\\xfcche"),
        (b"two\nlines\x1b[0m", "two\\nlines\\x1b[0m"),
        ("\u202erekcah".encode(), "\\u202erekcah"),
        (b"\0\0", ""),
    ],
)
def test_host_names_are_one_line_of_text(name: bytes, expected: str) -> None:
    assert ack(("hostname", name)).host_name == expected


def test_texts_are_kept_up_to_a_bound() -> None:
    half = bytes((12, 250)) + b"n" * 250 + bytes((61, 250)) + b"i" * 250
    found = raw(options(bytes((53, 1, 1)) + half + half))
    assert found is not None
    assert found.host_name == "n" * TEXT_BYTES
    assert found.client_id == b"i" * TEXT_BYTES


def test_addresses_of_zero_are_none() -> None:
    found = ack(("requested_addr", "0.0.0.0"), yiaddr="0.0.0.0")
    assert (found.your_ip, found.requested_ip) == (None, None)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({0: 0}, "operation"),
        ({0: 3}, "operation"),
        ({1: 32}, "hardware"),
        ({2: 0}, "hardware"),
        ({2: 16}, "hardware"),
    ],
)
def test_headers_that_cannot_be_believed(change: dict[int, int], expected: str) -> None:
    payload = bytearray(options(bytes((53, 1, 1))))
    for place, value in change.items():
        payload[place] = value
    assert reason(bytes(payload)) == expected


def test_ieee_802_is_ethernet_too() -> None:
    payload = bytearray(options(bytes((53, 1, 1))))
    payload[1] = 6
    assert raw(bytes(payload)) is not None


def test_every_cut_of_the_header_is_noticed() -> None:
    assert {reason(BOOTP_ALONE[:end]) for end in range(236)} == {"truncated"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bytes((53,)), "truncated"),
        (bytes((53, 2, 1)), "truncated"),
        (bytes((53, 2, 1, 1)), "option_length"),
        (bytes((53, 0)), "option_length"),
        (bytes((53, 1, 1, 53, 1, 1)), "option_length"),
        (bytes((50, 3, 1, 1, 1)), "option_length"),
        (bytes((51, 5, 1, 1, 1, 1, 1)), "option_length"),
        (bytes((54, 0)), "option_length"),
        (bytes((3, 5, 1, 1, 1, 1, 1)), "option_length"),
        (bytes((6, 3, 1, 1, 1)), "option_length"),
    ],
)
def test_options_that_lie(data: bytes, expected: str) -> None:
    assert reason(options(data)) == expected


def test_options_that_are_not_ours_may_have_any_length() -> None:
    assert raw(options(bytes((53, 1, 1, 1, 3, 1, 1, 1, 82, 0, 255)))) is not None


def test_options_in_a_field_of_names_end_with_it() -> None:
    full, other = bytes((12, 62)) + b"x" * 62, bytes((12, 1)) + b"y\xff"
    assert ack(("dhcp-option-overload", 2), sname=full, file=other).host_name == "x" * 62
    over = dhcp(ACK, ("dhcp-option-overload", 2), operation=2, sname=bytes((12, 63)) + b"x" * 62)
    with pytest.raises(DissectError, match="truncated"):
        decode(datagram(over))
    full = bytes((12, 126)) + b"x" * 126
    assert ack(("dhcp-option-overload", 1), file=full).host_name == "x" * 126


def test_a_packet_of_nothing_but_options_is_read() -> None:
    found = raw(options(bytes((53, 1, 1)) + bytes((12, 0)) * 600))
    assert found is not None
    assert found.host_name == ""
