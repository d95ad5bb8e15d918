from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import pytest

from l2exporter.errors import KernelError, Overrun
from l2exporter.kernel.columns import Batch
from l2exporter.kernel.links import RTM_NEWLINK, parse_link, read_links
from l2exporter.kernel.messages import NLMSG_DONE, Message, messages
from l2exporter.kernel.rtnetlink import (
    DATAGRAMS_AT_ONCE,
    DUMP_ATTEMPTS,
    RTMGRP_LINK,
    Netlink,
)
from l2exporter.kernel.tally import Tally
from tests.kernel.build import packet
from tests.lab.namespace import Namespace

pytestmark = pytest.mark.root

Made = TypeVar("Made")

RTM_GETLINK = 18
EVERY_LINK = bytes(16)
MANY = 100


def opened(namespace: Namespace, groups: int = 0, receive_buffer: int = 1 << 20) -> Netlink:
    with namespace.entered():
        return Netlink(groups, receive_buffer=receive_buffer)


def batch(namespace: Namespace, *lines: str) -> None:
    """Many `ip` commands in one process."""
    subprocess.run(
        ["ip", "-n", namespace.name, "-batch", "-"],
        input="\n".join(lines),
        text=True,
        check=True,
    )


def many_links(namespace: Namespace) -> None:
    """More than fit into the first datagrams of a dump (32 KiB each)."""
    batch(namespace, *(f"link add b{n} type bridge" for n in range(MANY)))


def test_a_dump_of_many_datagrams_is_complete(namespace: Namespace) -> None:
    many_links(namespace)
    with opened(namespace) as netlink:
        names = netlink.dump(RTM_GETLINK, EVERY_LINK, lambda m: parse_link(m).name)
    assert sorted(names) == sorted(["lo", *(f"b{n}" for n in range(MANY))])


def test_rows_that_the_parser_does_not_want_are_left_out(namespace: Namespace) -> None:
    with opened(namespace) as netlink:
        assert netlink.dump(RTM_GETLINK, EVERY_LINK, lambda _: None) == []


def test_a_parser_that_fails_midway_does_not_spoil_the_next_dump(namespace: Namespace) -> None:
    many_links(namespace)

    def fail(message: Message) -> None:
        raise KernelError("cannot read")

    with opened(namespace) as netlink:
        for _ in range(3):
            with pytest.raises(KernelError, match="cannot read"):
                netlink.dump(RTM_GETLINK, EVERY_LINK, fail)
        assert len(read_links(netlink)) == MANY + 1


def test_a_dump_that_a_change_interrupts_is_repeated(namespace: Namespace) -> None:
    many_links(namespace)
    seen = 0

    def disturb(message: Message) -> str:
        nonlocal seen
        seen += 1
        if seen == 1:
            namespace.ip("link", "add", "late", "type", "bridge")
        return parse_link(message).name

    tally = Tally()
    with opened(namespace) as netlink:
        names = netlink.dump(RTM_GETLINK, EVERY_LINK, disturb, tally)
    assert tally == Tally(dumps=1, interrupted=1)
    assert seen > MANY + 2, "the kernel did not call the first dump interrupted"
    assert len(names) == len(set(names)) == MANY + 2
    assert "late" in names


def test_a_table_that_never_rests_is_an_error_not_a_loop(namespace: Namespace) -> None:
    many_links(namespace)
    attempts, tally = 0, Tally()

    def disturb(message: Message) -> None:
        nonlocal attempts
        if parse_link(message).name == "lo":
            attempts += 1
            namespace.ip("link", "add", f"late{attempts}", "type", "bridge")

    with opened(namespace) as netlink, pytest.raises(KernelError, match="the table changed"):
        netlink.dump(RTM_GETLINK, EVERY_LINK, disturb, tally)
    assert attempts == DUMP_ATTEMPTS
    assert tally == Tally(interrupted=DUMP_ATTEMPTS, failures=1)


def names_in(batch: Batch) -> list[str]:
    places = np.flatnonzero(batch.types == RTM_NEWLINK)
    return [parse_link(batch.message(int(place))).name for place in places]


def each(make: Callable[[Batch], Made]) -> Callable[[Iterator[Batch]], list[Made]]:
    """Gathers what it makes of each batch."""
    return lambda batches: [make(batch) for batch in batches]


def test_datagrams_of_a_dump_hold_every_message_and_its_end(namespace: Namespace) -> None:
    many_links(namespace)
    tally = Tally()
    with opened(namespace) as netlink:
        singly = netlink.dump(RTM_GETLINK, EVERY_LINK, lambda m: parse_link(m).name)
        batches = netlink.read(RTM_GETLINK, EVERY_LINK, list, tally)
    assert len(batches) > 1
    assert [name for each in batches for name in names_in(each)] == singly
    ends = [NLMSG_DONE in each.types for each in batches]
    assert ends == [False] * (len(batches) - 1) + [True]
    assert tally == Tally(dumps=1)


def test_datagrams_of_a_dump_that_a_change_interrupts_are_read_again(
    namespace: Namespace, one_by_one: None
) -> None:
    many_links(namespace)
    seen, tally = 0, Tally()

    def disturb(batch: Batch) -> list[str]:
        nonlocal seen
        seen += 1
        if seen == 1:
            namespace.ip("link", "add", "late", "type", "bridge")
        return names_in(batch)

    with opened(namespace) as netlink:
        read = netlink.read(RTM_GETLINK, EVERY_LINK, each(disturb), tally)
    names = [name for some in read for name in some]
    assert tally == Tally(dumps=1, interrupted=1)
    assert len(names) == len(set(names)) == MANY + 2
    assert "late" in names


def test_datagrams_of_a_table_that_never_rests_are_an_error(
    namespace: Namespace, one_by_one: None
) -> None:
    many_links(namespace)
    attempts, tally = 0, Tally()

    def disturb(batch: Batch) -> None:
        nonlocal attempts
        if "lo" in names_in(batch):
            attempts += 1
            namespace.ip("link", "add", f"late{attempts}", "type", "bridge")

    with opened(namespace) as netlink, pytest.raises(KernelError, match="the table changed"):
        netlink.read(RTM_GETLINK, EVERY_LINK, each(disturb), tally)
    assert attempts == DUMP_ATTEMPTS
    assert tally == Tally(interrupted=DUMP_ATTEMPTS, failures=1)


def test_what_the_kernel_refuses_is_told_with_its_own_words(namespace: Namespace) -> None:
    body = b"\0" * 4 + b"\x09" + b"\0" * 11  # strict checking: no index in a dump of links
    with opened(namespace) as netlink:
        with pytest.raises(KernelError, match=r"EINVAL \(Invalid argument\): \w+"):
            netlink.dump(RTM_GETLINK, body, parse_link)
        tally = Tally()
        with pytest.raises(KernelError, match=r"EINVAL \(Invalid argument\): \w+"):
            netlink.read(RTM_GETLINK, body, each(names_in), tally)
        assert tally == Tally(failures=1)
        assert list(read_links(netlink)) == [1]


def test_a_request_that_does_not_exist_is_refused(namespace: Namespace) -> None:
    with opened(namespace) as netlink, pytest.raises(KernelError, match=r"EOPNOTSUPP|ENOTSUP"):
        netlink.dump(1022, bytes(16), parse_link)


def test_no_events_without_groups_and_none_without_changes(namespace: Namespace) -> None:
    with opened(namespace) as deaf, opened(namespace, RTMGRP_LINK) as netlink:
        assert netlink.events() == []
        namespace.ip("link", "add", "b0", "type", "bridge")
        assert deaf.events() == []
        assert netlink.events() != []


def test_a_dump_loses_no_event(namespace: Namespace) -> None:
    with opened(namespace, RTMGRP_LINK) as netlink:
        namespace.ip("link", "add", "b0", "type", "bridge")
        read_links(netlink)
        heard = [parse_link(m).name for m in netlink.events() if m.type == RTM_NEWLINK]
    assert "b0" in heard


def test_a_decoder_that_fails_midway_does_not_spoil_the_next_dump(namespace: Namespace) -> None:
    many_links(namespace)

    def fail(batch: Batch) -> None:
        raise KernelError("cannot read")

    with opened(namespace) as netlink:
        tally = Tally()
        with pytest.raises(KernelError, match="cannot read"):
            netlink.read(RTM_GETLINK, EVERY_LINK, each(fail), tally)
        assert tally == Tally(failures=1)
        assert len(read_links(netlink)) == MANY + 1


def test_events_come_as_datagrams_no_more_than_asked_for(namespace: Namespace) -> None:
    with opened(namespace, RTMGRP_LINK) as netlink:
        batch(namespace, *(f"link add b{n} type bridge" for n in range(5)))
        first, rest = netlink.event_datagrams(2), netlink.event_datagrams(DATAGRAMS_AT_ONCE)
        assert netlink.event_datagrams(2) == []
    assert len(first) == 2
    heard = [parse_link(m).name for datagram in first + rest for m in messages(datagram)]
    assert list(dict.fromkeys(heard)) == [f"b{n}" for n in range(5)]


def test_an_overrun_leaves_none_waiting_however_many_there_were(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Until its queue is empty the kernel drops what comes, and tells nobody a second time.
    monkeypatch.setattr("l2exporter.kernel.rtnetlink.DATAGRAMS_AT_ONCE", 2)
    with opened(namespace, RTMGRP_LINK, receive_buffer=1 << 16) as netlink:
        many_links(namespace)
        with pytest.raises(Overrun):
            netlink.event_datagrams(2)
        namespace.ip("link", "add", "after", "type", "bridge")
        assert {parse_link(m).name for m in netlink.events()} == {"after"}


def test_an_overrun_is_told_once_and_the_socket_works_on(namespace: Namespace) -> None:
    with opened(namespace, RTMGRP_LINK, receive_buffer=1) as netlink:
        many_links(namespace)
        with pytest.raises(Overrun):
            netlink.events()
        assert netlink.events() == [], "events from before the overrun are older than a new dump"
        assert len(read_links(netlink)) == MANY + 1
        namespace.ip("link", "add", "after", "type", "bridge")
        assert {parse_link(m).name for m in netlink.events()} == {"after"}


def test_what_another_process_sends_is_not_the_kernels_word(namespace: Namespace) -> None:
    with opened(namespace, RTMGRP_LINK) as netlink:
        with socket.socket(fileno=os.dup(netlink.fileno())) as same:
            port, _ = same.getsockname()
        with namespace.entered():
            forger = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        with forger:
            forger.sendto(packet(RTM_NEWLINK, bytes(16)), (port, 0))
        namespace.ip("link", "add", "true", "type", "bridge")
        assert {parse_link(m).name for m in netlink.events()} == {"true"}


def test_closed_means_an_error_of_ours(namespace: Namespace) -> None:
    netlink = opened(namespace)
    netlink.close()
    with pytest.raises(KernelError):
        netlink.events()
    with pytest.raises(KernelError):
        read_links(netlink)


def test_a_filter_that_is_none_is_refused(namespace: Namespace) -> None:
    with opened(namespace) as netlink, pytest.raises(KernelError, match="cannot attach"):
        netlink.filter_events([(0xFFFF, 0xFF, 0xFF, 0xFFFFFFFF)])
