"""What becomes of whole frames: looked at, dissected, skipped, and how senders share the CPU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pytest

from l2exporter.budget import Budget
from l2exporter.dissect.frames import UNTAGGED, Whole
from l2exporter.dissect.mdns import Mdns
from l2exporter.dissect.slow import RESULTS
from l2exporter.limits import INTRODUCTION_RATE, INTRODUCTION_SECONDS, SLOW_CPU_SHARE
from l2exporter.slow_lane import Harvest, SlowLane
from tests.dissect import dns_messages
from tests.dissect.packets import MAC, ONE
from tests.dissect.samples import EVERY, SAMPLES
from tests.lab import frames

COST = 0.0005
"""CPU seconds that each dissection takes here."""

PROXY = 0x02_00_00_00_00_99
OFFER = dns_messages.multicast(dns_messages.offer("50-37-71-72.1 Bobs Mac"), MAC, ONE)
NAMES = dns_messages.multicast(dns_messages.announcement("a.local", [ONE]), MAC, ONE)
RARE = {protocol: SAMPLES[protocol][0] for protocol in ("dhcp", "wake_on_lan", "vrrp")}


class Cpu:
    """A clock that goes on by `cost` between two looks at it, and stands still otherwise."""

    def __init__(self, cost: float = COST) -> None:
        self.cost = cost
        self._time = 0.0

    def __call__(self) -> float:
        self._time += self.cost
        return self._time


class Lane:
    """A slow lane, and a clock that the test sets; results add up."""

    def __init__(self, cost: float = COST, interest: Iterable[int] = ()) -> None:
        self.cpu = Cpu(cost)
        self.lane = SlowLane(Budget(), self.cpu)
        self.interest = frozenset(interest)
        self.now = 100.0

    def take(self, *data: bytes) -> Harvest:
        whole = [Whole(one, len(one), UNTAGGED, False, self.now) for one in data]
        return self.lane.take(whole, [self.now] * len(whole), self.now, self.interest)

    def results(self, *data: bytes) -> Counter[str]:
        counts: Counter[str] = Counter()
        for (_, result), count in self.take(*data).results.items():
            counts[result] += count
        return counts

    def flood(self, data: bytes, macs: Sequence[int], seconds: float = 5.0) -> Counter[str]:
        """As many as there are MACs in each of `seconds`, a tenth at a time."""
        total: Counter[str] = Counter()
        share = max(1, len(macs) // 10)
        for step in range(int(seconds * 10)):
            self.now += 0.1
            begin = step * share % len(macs)
            total += self.results(*(sent_by(mac, data) for mac in macs[begin : begin + share]))
        return total


def sent_by(mac: int, frame: bytes) -> bytes:
    return frame[:6] + mac.to_bytes(6) + frame[12:]


FEW = [0x02_00_00_00_01_00] * 1000
MANY = [0x06_00_00_00_00_00 + n * 7919 for n in range(2000)]


def test_without_a_budget_everything_is_dissected_in_its_order() -> None:
    lane = SlowLane(None)
    whole = [Whole(frame, len(frame), UNTAGGED, False, 7.0) for _, frame in EVERY]
    harvest = lane.take(whole * 100, range(len(whole) * 100), 1.0, frozenset())
    assert {result for _, result in harvest.results} <= {"dissected", "passed_over"}
    assert harvest.results["mdns", "dissected"] == 800
    assert [one.at for one in harvest.messages] == sorted(one.at for one in harvest.messages)


@pytest.mark.parametrize("budget", [None, Budget()])
def test_each_frame_is_counted_under_exactly_one_result(budget: Budget | None) -> None:
    good = [frame for _, frame in EVERY]
    cut = [frame[:length] for frame in good for length in (0, 13, 20, 40, len(frame) - 1)]
    tagged = [frames.tagged(OFFER, *range(1, count)) for count in range(1, 6)]
    arp = [frames.announcement(MAC, ONE)]
    data = [*good, *cut, *tagged, *arp] * 5
    whole = [Whole(one, len(one), UNTAGGED, False, 7.0) for one in data]
    harvest = SlowLane(budget, Cpu()).take(whole, [1.0] * len(whole), 1.0, frozenset())
    assert harvest.results.total() == len(whole)
    assert {result for _, result in harvest.results} <= set(RESULTS)
    reasons = sum(counts.total() for counts in harvest.malformed.values())
    assert sum(n for (_, result), n in harvest.results.items() if result == "malformed") == reasons
    assert len(harvest.messages) == sum(
        n for (_, result), n in harvest.results.items() if result == "dissected"
    )


def test_what_matters_is_dissected_and_other_multicast_dns_is_not() -> None:
    lane = Lane()
    assert lane.results(OFFER) == {"dissected": 1}
    question = dns_messages.multicast(dns_messages.question(), MAC, ONE)
    lane.flood(question, FEW)
    assert lane.results(question)["passed_over"] == 1


@pytest.mark.parametrize("macs", [FEW, MANY], ids=["one sender", "random senders"])
def test_a_flood_is_dissected_within_the_budget(macs: Sequence[int]) -> None:
    lane = Lane()
    lane.flood(OFFER, macs)
    found = lane.flood(OFFER, macs, seconds=10)
    assert found["skipped"] > found["dissected"] > 0
    assert found["dissected"] * COST <= 10 * SLOW_CPU_SHARE * 1.02


def test_what_a_flood_leaves_no_time_for_is_not_even_looked_at() -> None:
    lane = Lane(interest=[PROXY])
    lane.flood(OFFER, MANY)
    broken = OFFER[:40]
    assert lane.results(sent_by(MANY[0], NAMES), broken) == {"skipped": 2}
    assert lane.results(sent_by(PROXY, broken)) == {"malformed": 1}
    lane.now += 60
    assert lane.results(broken) == {"malformed": 1}


def test_a_loud_sender_does_not_silence_a_quiet_one() -> None:
    lane = Lane()
    lane.flood(OFFER, FEW)
    # One in a hundred lands in the loud one's bin by the key that is drawn.
    heard = [lane.results(sent_by(mac, OFFER))["dissected"] for mac in MANY[:20]]
    assert sum(heard) >= 18


@pytest.mark.parametrize("protocol", RARE)
def test_a_flood_of_random_senders_starves_neither_the_rare_nor_a_known_proxy(
    protocol: str,
) -> None:
    lane = Lane(interest=[PROXY])
    for _ in range(20):
        lane.flood(OFFER, MANY, seconds=1)
        assert lane.results(sent_by(MANY[0], OFFER)) == {"skipped": 1}
        assert lane.results(RARE[protocol]) == {"dissected": 1}
        assert lane.results(sent_by(PROXY, OFFER)) == {"dissected": 1}


def test_a_known_proxy_is_heard_in_a_flood_of_what_is_rare() -> None:
    lane = Lane(interest=[PROXY])
    for _ in range(20):
        found = lane.flood(RARE["dhcp"], MANY, seconds=1)
        assert found["skipped"]
        assert lane.results(sent_by(PROXY, OFFER)) == {"dissected": 1}


def test_one_dear_packet_is_paid_off_and_no_more() -> None:
    lane = Lane(cost=0.05)
    assert lane.results(OFFER, OFFER, OFFER) == {"dissected": 1, "skipped": 2}
    lane.cpu.cost = COST
    other = sent_by(PROXY, OFFER)
    lane.now += 0.5
    assert lane.results(other) == {"dissected": 1}


def test_what_is_malformed_costs_its_sender_too() -> None:
    lane = Lane()
    broken = dns_messages.multicast(dns_messages.offer("a")[:-1], MAC, ONE)
    found = lane.flood(broken, FEW)
    assert found["skipped"] > found["malformed"] > 0


def test_a_host_is_introduced_once_in_a_while() -> None:
    lane = Lane()
    (introduced,) = lane.take(NAMES).messages
    assert isinstance(introduced.message, Mdns)
    for _ in range(9):
        lane.now += INTRODUCTION_SECONDS / 10
        assert lane.results(NAMES) == {"passed_over": 1}
    lane.now += INTRODUCTION_SECONDS / 10
    assert lane.results(NAMES) == {"dissected": 1}


def test_introductions_are_as_rare_as_they_should_be() -> None:
    found = Lane().flood(NAMES, MANY, seconds=10)
    assert found["dissected"] <= 11 * INTRODUCTION_RATE
    assert found["dissected"] >= 9 * INTRODUCTION_RATE
    assert not found["skipped"]
