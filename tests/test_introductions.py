"""Names of hosts that nobody has asked about: learnt from what they answer, at a bounded rate."""

from __future__ import annotations

from l2exporter.budget import Budget
from l2exporter.dissect.frames import UNTAGGED, Whole
from l2exporter.limits import INTRODUCTION_RATE, INTRODUCTION_SECONDS
from l2exporter.slow_lane import SlowLane
from tests.dissect import dns_messages

HOST, ASKER, ONE = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "192.0.2.1"
ANSWER = dns_messages.multicast(dns_messages.announcement("laptop.local", [ONE]), HOST, ONE)
QUESTION = dns_messages.multicast(dns_messages.question(), ASKER, ONE)


def take(lane: SlowLane, *sent: bytes, at: float = 0.0) -> list[int]:
    """The senders of what was dissected."""
    frames = [Whole(frame, len(frame), UNTAGGED, sent=False, time=at) for frame in sent]
    harvest = lane.take(frames, [at] * len(frames), at, frozenset())
    return [one.datagram.source_mac for one in harvest.messages]


def test_a_host_that_answers_is_listened_to_once_in_a_while() -> None:
    lane, host = SlowLane(Budget()), int(HOST.replace(":", ""), 16)
    assert take(lane, ANSWER, ANSWER) == [host]
    assert take(lane, ANSWER, at=INTRODUCTION_SECONDS - 1) == []
    assert take(lane, ANSWER, at=INTRODUCTION_SECONDS) == [host]


def test_questions_name_nobody_and_take_no_answers_turn() -> None:
    lane, host = SlowLane(Budget()), int(HOST.replace(":", ""), 16)
    assert take(lane, *[QUESTION] * int(2 * INTRODUCTION_RATE), ANSWER) == [host]
