"""Whole frames to messages: a cheap look, a bound on CPU, and one dissector after the other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from .budget import CROWD_FLOOR, KNOWN_FLOOR, RARE_FLOOR, Budget
from .dissect import datagrams, ethernet, look, slow
from .dissect.datagrams import Datagram
from .dissect.frames import Whole
from .dissect.mdns import Mdns
from .dissect.reader import DissectError
from .dissect.slow import Message
from .limits import INTRODUCTION_RATE, INTRODUCTION_SECONDS, INTRODUCTIONS
from .tables.admission import TokenBucket

UNKNOWN: Final = "unknown"
"""In the place of a protocol, of what the filter passed and no dissector knows."""

SENDER: Final = slice(6, 12)
"""Where an Ethernet frame has its source address."""

CROWDED: Final = frozenset({"mdns", "dns_update"})
"""What anybody sends much of."""


@dataclass(frozen=True, slots=True)
class Dissected:
    """A message, and the frame that it came in; `at` is monotonic."""

    vlan: int
    datagram: Datagram
    sent: bool
    time: float
    at: float
    message: Message


@dataclass(slots=True)
class Harvest:
    """What a batch of whole frames led to.

    results    frames by (protocol, one of slow.RESULTS); each frame is counted once
    malformed  reasons by protocol
    """

    messages: list[Dissected] = field(default_factory=list)
    results: Counter[tuple[str, str]] = field(default_factory=Counter)
    malformed: dict[str, Counter[str]] = field(default_factory=dict)


class SlowLane:
    """Dissects what matters of each batch; for one thread.

    Without a budget (a capture file waits for as long as it takes) everything is dissected that a
    dissector knows. `cpu` tells the CPU seconds that the thread has used.
    """

    def __init__(self, budget: Budget | None, cpu: Callable[[], float] = time.thread_time) -> None:
        self._budget = budget
        self._cpu = cpu
        self._introductions = Introductions()

    def take(
        self, frames: Sequence[Whole], at: Iterable[float], now: float, interest: Container[int]
    ) -> Harvest:
        """Dissect the frames in their order; a frame costs a bounded time, whatever it holds.

        `at` is the monotonic time of each, `now` the batch's; `interest` are the MACs that
        evidence is being gathered of.
        """
        harvest = Harvest()
        if self._budget is not None:
            self._budget.refill(now)
        for frame, moment in zip(frames, at, strict=True):
            self._take(frame, moment, interest, harvest)
        return harvest

    def _take(self, frame: Whole, at: float, interest: Container[int], harvest: Harvest) -> None:
        if self._is_hopeless(frame.data, interest):
            harvest.results[look.MDNS, "skipped"] += 1
            return
        protocol = "ethernet"
        try:
            data, vlan = ethernet.strip(frame.data, frame.tci)
            protocol = "datagram"
            datagram = datagrams.decode(data)
            protocol = slow.protocol_of(datagram) or UNKNOWN
            result, message = self._judge(protocol, datagram, at, interest)
        except DissectError as error:
            harvest.malformed.setdefault(protocol, Counter())[error.reason] += 1
            result, message = "malformed", None
        harvest.results[protocol, result] += 1
        if message is not None:
            dissected = Dissected(vlan, datagram, frame.sent, frame.time, at, message)
            harvest.messages.append(dissected)

    def _is_hopeless(self, data: bytes, interest: Container[int]) -> bool:
        """Tell whether it is multicast DNS that the budget has no time for, whatever is in it.

        To find out what is in it is half of what a flood would cost.
        """
        if self._budget is None or not look.is_multicast_dns(data):
            return False
        sender = int.from_bytes(data[SENDER])
        return sender not in interest and not self._budget.allows(sender, CROWD_FLOOR)

    def _judge(
        self, protocol: str, datagram: Datagram, at: float, interest: Container[int]
    ) -> tuple[str, Message | None]:
        """Return one of slow.RESULTS, and the message, if any; DissectError when malformed."""
        if protocol == UNKNOWN:
            return "passed_over", None
        if self._budget is None:
            return self._dissect(protocol, datagram)
        sender = datagram.source_mac
        if not look.matters(protocol, datagram, interest):
            if not (look.answers(datagram.payload) and self._introductions.wanted(sender, at)):
                return "passed_over", None
            floor = CROWD_FLOOR
        elif sender in interest:
            floor = KNOWN_FLOOR
        else:
            floor = CROWD_FLOOR if protocol in CROWDED else RARE_FLOOR
        if not self._budget.allows(sender, floor):
            return "skipped", None
        began = self._cpu()
        try:
            result, message = self._dissect(protocol, datagram)
        finally:
            self._budget.spend(sender, self._cpu() - began)
        if isinstance(message, Mdns) and message.addresses:
            self._introductions.made(sender, at)
        return result, message

    def _dissect(self, protocol: str, datagram: Datagram) -> tuple[str, Message | None]:
        message = slow.dissect(protocol, datagram)
        return ("passed_over" if message is None else "dissected"), message


class Introductions:
    """Whose multicast answers to listen to once in a while, though nothing in them seems to matter.

    What a host is called is known only if it was heard before its address moves.
    """

    def __init__(self) -> None:
        self._until: dict[int, float] = {}
        self._tokens = TokenBucket(INTRODUCTION_RATE, INTRODUCTION_RATE)

    def wanted(self, sender: int, at: float) -> bool:
        """Tell whether the sender's packet should be dissected; it takes a token."""
        return self._until.get(sender, at) <= at and self._tokens.take(1, at) == 1

    def made(self, sender: int, at: float) -> None:
        """The sender has told its name; the one that told its longest ago gives way."""
        self._until.pop(sender, None)
        if len(self._until) >= INTRODUCTIONS:
            del self._until[next(iter(self._until))]
        self._until[sender] = at + INTRODUCTION_SECONDS
