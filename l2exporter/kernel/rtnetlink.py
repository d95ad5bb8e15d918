"""rtnetlink: dumps and events of the kernel's link, address, route and neighbour tables.

Numbers are those of linux/netlink.h, linux/rtnetlink.h and linux/socket.h. Why not a library:
docs/decisions/0002-own-rtnetlink-reader.md.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self, TypeVar

import numpy as np

from ..errors import KernelError, Overrun
from . import bpf
from .columns import Batch, split
from .messages import (
    FIRST_OF_FAMILY,
    HEADER,
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    Message,
    check,
    messages,
)
from .netlink_socket import AT_ONCE, discard, open_socket, receive, send
from .tally import Tally

RTMGRP_LINK = 0x1
RTMGRP_NEIGH = 0x4
RTMGRP_IPV4_IFADDR = 0x10
RTMGRP_IPV4_ROUTE = 0x40
RTMGRP_IPV6_IFADDR = 0x100
RTMGRP_IPV6_ROUTE = 0x400

ANSWER_SECONDS = 10
"""The kernel answers within the request's own system call; this only bounds a surprise."""

DUMP_ATTEMPTS = 3
DATAGRAMS_AT_ONCE = 1 << 14
"""Bound of one reading loop: a dump of a million routes takes about 3,000 datagrams."""

DATAGRAMS_TOGETHER = 4
"""Of a dump that is decoded in batches: 1,700 rows, of which numpy's calls are a small part."""

_SO_RCVBUFFORCE = 33

_NLM_F_REQUEST = 0x1
_NLM_F_DUMP = 0x300

Row = TypeVar("Row")
Result = TypeVar("Result")


class Netlink:
    """rtnetlink of the network namespace that the calling thread is in; belongs to one thread.

    groups          RTMGRP_* bits of the events to hear; `fileno()` is readable when some wait
    receive_buffer  bytes of kernel memory for waiting events, at least what an event storm
                    brings between two calls of `events()` (about 1 to 4 KiB an event); without
                    CAP_NET_ADMIN the kernel cuts it to net.core.rmem_max

    Requests have a socket of their own, so that no event is lost in the answers to a dump.
    """

    def __init__(self, groups: int = 0, *, receive_buffer: int = 1 << 20) -> None:
        self._sequence = 0
        self._requests = open_socket(0)
        try:
            self._events = open_socket(groups)
        except KernelError:
            self._requests.close()
            raise
        # struct timeval: an answer that never comes must not hold the program
        timeout = struct.pack("ll", ANSWER_SECONDS, 0)
        self._requests.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        self._events.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        with suppress(PermissionError):
            self._events.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_buffer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close both sockets."""
        self._requests.close()
        self._events.close()

    def fileno(self) -> int:
        """Descriptor to poll for events."""
        return self._events.fileno()

    def dump(
        self,
        message_type: int,
        body: bytes,
        parse: Callable[[Message], Row | None],
        tally: Tally | None = None,
    ) -> list[Row]:
        """What `parse` makes of each message of a dump (RTM_GET*), without its Nones.

        Messages go through `parse` as they arrive and are not kept. A dump during which the
        table changed (NLM_F_DUMP_INTR) is repeated, DUMP_ATTEMPTS in all. KernelError when the
        kernel refuses, answers what cannot be read, or when each attempt was interrupted.
        `tally` counts dumps, interruptions and failures.
        """

        def attempt() -> tuple[list[Row], int]:
            rows: list[Row] = []
            flags = 0
            for message in self._answers(message_type, body):
                flags |= message.flags
                row = parse(message) if message.type >= FIRST_OF_FAMILY else None
                if row is not None:
                    rows.append(row)
            return rows, flags

        return _repeat(attempt, Tally() if tally is None else tally)

    def read(
        self,
        message_type: int,
        body: bytes,
        gather: Callable[[Iterator[Batch]], Result],
        tally: Tally,
    ) -> Result:
        """What `gather` makes of the datagrams of a dump: `dump` for tables of many thousands.

        It takes all batches, each as it arrives, of DATAGRAMS_TOGETHER at most; the last one holds
        the NLMSG_DONE that ends the dump, alone or after other messages. Repetition, errors and
        counts are those of `dump`: a dump that is repeated is gathered anew, and what was made of
        it before is dropped. Messages whose length cannot be are left out, and counted in `tally`
        as malformed.
        """

        def attempt() -> tuple[Result, int]:
            flags = 0

            def batches() -> Iterator[Batch]:
                nonlocal flags
                self._request(message_type, body)
                ended = False
                while not ended:
                    batch = split(self._datagrams(), tally)
                    flags |= int(np.bitwise_or.reduce(batch.flags, initial=0))
                    yield batch
                    ended = _ended(batch)

            return gather(batches()), flags

        return _repeat(attempt, tally)

    def events(self) -> list[Message]:
        """The events that wait, oldest first; never blocks. The rest comes with the next call.

        Overrun when the kernel had to drop some: those that still waited are dropped too, since
        they are older than the dump that the caller makes next. After any other KernelError what
        this call had read is gone as well: dump again.
        """
        return [
            message
            for datagram in self.event_datagrams(DATAGRAMS_AT_ONCE)
            for message in messages(datagram)
            if message.type >= FIRST_OF_FAMILY
        ]

    def event_datagrams(self, most: int) -> list[bytes]:
        """The events that wait, `most` of them, as the kernel sent them: a datagram each.

        Like `events`, for those who read many at once; empty datagrams are of no meaning.
        """
        found: list[bytes] = []
        try:
            while len(found) < most:
                datagram = receive(self._events, AT_ONCE)
                if datagram is None:
                    break
                found.append(datagram)
        except Overrun:
            # All of them: the kernel drops events without a word until none waits any more.
            discard(self._events)
            raise
        return found

    def filter_events(self, program: bpf.Program) -> None:
        """Let a classic BPF program judge each event in the kernel; KernelError if it refuses."""
        try:
            bpf.attach(self._events, program)
        except OSError as error:
            raise KernelError(f"netlink: cannot attach a filter: {error.strerror}") from error

    def _answers(self, message_type: int, body: bytes) -> Iterator[Message]:
        """Send one dump request; its messages up to and with the one that ends it."""
        self._request(message_type, body)
        while True:
            for message in messages(self._answer()):
                yield message
                if message.type in (NLMSG_ERROR, NLMSG_DONE):
                    check(message)
                    return

    def _request(self, message_type: int, body: bytes) -> None:
        # An answer that an error left half-read would make the kernel say EBUSY.
        discard(self._requests)
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        flags = _NLM_F_REQUEST | _NLM_F_DUMP
        size = HEADER.size + len(body)
        header = HEADER.pack(size, message_type, flags, self._sequence, 0)
        send(self._requests, header + body)

    def _datagrams(self) -> list[bytes]:
        """The next datagrams of the answer: the kernel makes one as the one before is taken."""
        found = [self._answer()]
        while len(found) < DATAGRAMS_TOGETHER and (more := self._answer(AT_ONCE)):
            found.append(more)
        return found

    def _answer(self, flags: int = 0) -> bytes:
        """The next datagram of the answer to the request; the kernel puts no other's into it.

        Empty when there is none AT_ONCE; otherwise that is an error.
        """
        while True:
            datagram = receive(self._requests, flags)
            if datagram is None:
                if flags:
                    return b""
                raise KernelError(f"netlink: no answer within {ANSWER_SECONDS} s")
            if len(datagram) < HEADER.size:
                continue
            if HEADER.unpack_from(datagram)[3] == self._sequence:
                return datagram


def _ended(batch: Batch) -> bool:
    """Whether the dump ends in this batch; KernelError when it fails there."""
    ends = np.flatnonzero((batch.types == NLMSG_DONE) | (batch.types == NLMSG_ERROR))
    if len(ends):
        check(batch.message(int(ends[0])))
    return len(ends) > 0


def _repeat(attempt: Callable[[], tuple[Result, int]], tally: Tally) -> Result:
    """The result of the first attempt in whose messages' flags no interruption is told."""
    try:
        for _ in range(DUMP_ATTEMPTS):
            result, flags = attempt()
            if not flags & NLM_F_DUMP_INTR:
                tally.dumps += 1
                return result
            tally.interrupted += 1
        raise KernelError(f"netlink: the table changed during each of {DUMP_ATTEMPTS} dumps")
    except KernelError:
        tally.failures += 1
        raise
