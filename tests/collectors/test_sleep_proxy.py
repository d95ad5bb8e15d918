from __future__ import annotations

import pytest

from l2exporter.collectors.base import mac
from l2exporter.collectors.sleep_proxy import DURATION_BOUNDS, SleepProxyCollector
from l2exporter.dissect.mdns import Mdns
from l2exporter.evidence.sleep.transitions import DROPPED, TRANSITIONS, WAKES, SleepEvent
from l2exporter.limits import SLEEP_PROXY_NAME
from tests.collectors.evidence_scene import EvidenceScene, Samples
from tests.evidence.story import HELD, OWNER, PROXY, WALL, Story

TRANSITIONS_TOTAL, WAKES_TOTAL = "l2_sleep_proxy_transitions_total", "l2_sleep_proxy_wakes_total"
INFO, NUMBER = "l2_sleep_proxy_info", "l2_sleep_proxy_held_addresses"
HOLDS, SINCE = "l2_sleep_proxy_held", "l2_sleep_proxy_held_since_timestamp_seconds"
DURATION = "l2_sleep_proxy_hold_duration_seconds"


class Shown(Story):
    """A story on eth0's segment without a tag, and what the collector shows of it."""

    def __init__(self) -> None:
        self._scene = EvidenceScene(SleepProxyCollector)
        self.segment = self._scene.tables.segment_of(self._device(), 0, 0.0)
        collector = self._scene.collector
        assert isinstance(collector, SleepProxyCollector)
        self.collector = collector
        ledger = collector._ledger
        super().__init__(ledger.holds, ledger.proxies)
        self._counted = 0

    def _device(self) -> int:
        number = self._scene.tables.device("eth0")
        assert number is not None
        return number

    def samples(self, name: str) -> Samples:
        told, self._counted = self.told[self._counted :], len(self.told)
        for event in told:
            if isinstance(event, SleepEvent):
                assert list(self.collector.observe(event)) == []
        return self._scene.samples(name)


@pytest.fixture
def shown() -> Shown:
    return Shown()


def counts(samples: Samples) -> dict[str, float]:
    return {labels[-1]: value for labels, value in samples.items() if value}


def test_nothing_is_there_before_a_proxy_is(shown: Shown) -> None:
    names = (INFO, NUMBER, HOLDS, SINCE, TRANSITIONS_TOTAL, WAKES_TOTAL, f"{DURATION}_count")
    assert [shown.samples(name) for name in names] == [{}] * len(names)


def test_with_a_proxy_every_kind_is_there_at_zero(shown: Shown) -> None:
    shown.offers(10, segment=shown.segment)
    place = ("eth0", "")
    assert shown.samples(TRANSITIONS_TOTAL) == {
        (*place, kind): 0 for kind in (*TRANSITIONS, DROPPED)
    }
    assert shown.samples(WAKES_TOTAL) == {(*place, reason): 0 for reason in WAKES}
    assert shown.samples(f"{DURATION}_count") == {place: 0}
    assert shown.samples(NUMBER) == {(*place, mac(PROXY)): 0}


def test_its_name_is_shown_decoded(shown: Shown) -> None:
    shown.offers(10, segment=shown.segment)
    figures = ("MBP XYZ", "50", "37", "71", "72", "")
    assert shown.samples(INFO) == {("eth0", "", mac(PROXY), *figures): 1}


def test_one_of_another_form_as_it_is_and_cut(shown: Shown) -> None:
    shown.offers(10, segment=shown.segment, name="x" * 200, decoded=False)
    (labels,) = shown.samples(INFO)
    assert labels[3:] == ("x" * SLEEP_PROXY_NAME, "", "", "", "", "")


def test_a_held_address_is_shown_with_owner_proxy_confidence_and_since_when(shown: Shown) -> None:
    sleep(shown, 100)
    address = ("eth0", "", HELD)
    assert shown.samples(HOLDS) == {(*address, mac(OWNER), mac(PROXY), "medium"): 1}
    assert shown.samples(SINCE) == {address: WALL + 100}
    assert shown.samples(NUMBER) == {("eth0", "", mac(PROXY)): 1}
    assert counts(shown.samples(TRANSITIONS_TOTAL)) == {"hold": 1}


def test_a_release_ends_that_and_counts_the_wake_and_the_time(shown: Shown) -> None:
    sleep(shown, 100)
    shown.wakes(400, segment=shown.segment)
    shown.claims(403, OWNER, segment=shown.segment)
    assert shown.samples(HOLDS) == shown.samples(SINCE) == {}
    assert counts(shown.samples(TRANSITIONS_TOTAL)) == {"hold": 1, "release": 1}
    assert counts(shown.samples(WAKES_TOTAL)) == {"demand": 1}
    assert shown.samples(f"{DURATION}_sum") == {("eth0", ""): 303}
    buckets = shown.samples(f"{DURATION}_bucket")
    assert [bound for *_, bound in buckets] == [*(f"{b}.0" for b in DURATION_BOUNDS), "+Inf"]
    assert list(buckets.values()) == [0, 0, *[1] * 8]


@pytest.mark.parametrize(("seconds", "below"), [(60, 0), (61, 1), (86_400, 8), (86_401, 9)])
def test_a_bucket_holds_what_lasted_as_long(shown: Shown, seconds: int, below: int) -> None:
    sleep(shown, 100)
    shown.registers(99, lease=86_400, segment=shown.segment)
    shown.wakes(100 + seconds - 1, segment=shown.segment)
    shown.claims(100 + seconds, OWNER, segment=shown.segment)
    values = list(shown.samples(f"{DURATION}_bucket").values())
    assert values == [0] * below + [1] * (len(DURATION_BOUNDS) + 1 - below)


def test_counts_stay_when_the_proxy_goes(shown: Shown) -> None:
    sleep(shown, 100)
    shown.offers(200, ttl=0, segment=shown.segment)
    shown.claims(300, OWNER, segment=shown.segment)
    shown.passes(330)
    assert shown.samples(INFO) == {}
    assert counts(shown.samples(TRANSITIONS_TOTAL)) == {"hold": 1, "release": 1}


def test_a_hold_that_was_none_is_dropped_and_has_no_duration(shown: Shown) -> None:
    sleep(shown, 100)
    shown.says(103, PROXY, Mdns(True), ip=HELD, segment=shown.segment)
    assert shown.dropped == ["own"]
    assert counts(shown.samples(TRANSITIONS_TOTAL)) == {"hold": 1, "dropped": 1}
    assert shown.samples(f"{DURATION}_count") == {("eth0", ""): 0}


def test_what_is_on_a_segment_that_is_gone_is_not_shown(shown: Shown) -> None:
    shown.offers(10, segment=0)
    names = (INFO, NUMBER, TRANSITIONS_TOTAL)
    assert [shown.samples(name) for name in names] == [{}] * len(names)


def sleep(shown: Shown, at: float) -> None:
    shown.claims(at - 50, OWNER, segment=shown.segment)
    shown.offers(at - 10, segment=shown.segment)
    shown.claims(at, PROXY, segment=shown.segment)
