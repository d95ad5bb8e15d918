from __future__ import annotations

import pytest

from tests.lab import frames
from tests.lab.exporter import Exporter, key, parse
from tests.lab.namespace import Namespace, veth
from tests.lab.promtool import check_metrics
from tests.lab.wait import wait_until


def test_samples_are_found_by_name_and_labels() -> None:
    text = '# TYPE l2_x counter\nl2_x_total{vlan="",device="a"} 2\nl2_up 1\n'
    assert parse(text) == {key("l2_x_total", device="a", vlan=""): 2.0, key("l2_up"): 1.0}


@pytest.mark.root
def test_it_counts_a_packet_and_ends_when_told() -> None:
    seen = key("l2_arp_packets_total", device="eth0", vlan="", type="announcement")
    with Namespace() as sender, Namespace() as here:
        veth(sender, "eth0", here, "eth0")
        with Exporter(here, "--capture.device=eth0") as exporter:
            frames.send(sender, "eth0", [frames.announcement("02:00:00:00:00:01", "192.0.2.1")])
            wait_until(lambda: exporter.scrape().get(seen) == 1.0, "the packet is counted")
            check_metrics(exporter.get("/metrics")[1])
            assert exporter.rss() > 2**20
            assert exporter.cpu_seconds() > 0
            assert exporter.stop() == 0


@pytest.mark.root
def test_one_that_cannot_start_is_an_error_with_its_words() -> None:
    with (
        Namespace() as here,
        pytest.raises(RuntimeError, match=r"(?s)status [12]: .*--no-such-flag"),
        Exporter(here, "--no-such-flag"),
    ):
        pass
