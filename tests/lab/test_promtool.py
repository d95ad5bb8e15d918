from __future__ import annotations

import pytest

from tests.lab.promtool import check_metrics

GOOD = """\
# HELP l2_arp_packets_total ARP packets.
# TYPE l2_arp_packets_total counter
l2_arp_packets_total{device="eth0",type="probe",vlan=""} 1.0
"""


def test_a_clean_exposition_passes() -> None:
    check_metrics(GOOD)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (GOOD.replace("packets_total", "packets"), 'should have "_total" suffix'),
        (GOOD.partition("\n")[2], "no help text"),
        (GOOD + "l2_broken{ 1\n", "error"),
    ],
    ids=["lint", "no help", "not the format"],
)
def test_a_remark_is_an_error_in_its_words(text: str, remark: str) -> None:
    with pytest.raises(AssertionError, match=remark):
        check_metrics(text)
