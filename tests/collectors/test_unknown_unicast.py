"""The collector alone, over figures set by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from l2exporter.capture.floods import FloodStatus
from l2exporter.collectors.base import Context, KernelSide
from l2exporter.collectors.unknown_unicast import UnknownUnicastCollector


class Floods:
    """The kernel's side, of which this collector asks only for `floods`."""

    def __init__(self, *statuses: FloodStatus) -> None:
        self.statuses = list(statuses)

    def kernel_side(self) -> KernelSide:
        return cast(KernelSide, self)

    def floods(self) -> Sequence[FloodStatus]:
        return self.statuses


def collector(floods: Floods) -> UnknownUnicastCollector:
    return UnknownUnicastCollector(cast(Context, floods))


def samples(made: UnknownUnicastCollector) -> dict[str, float]:
    (family,) = made.collect()
    assert family.type == "counter"
    return {sample.labels["device"]: sample.value for sample in family.samples}


def test_each_device_that_is_counted_has_its_figure_from_zero_on() -> None:
    floods = Floods(FloodStatus("vnet0", 0), FloodStatus("eth0", 2**40))
    made = collector(floods)
    assert samples(made) == {"vnet0": 0, "eth0": 2**40}
    floods.statuses[0] = FloodStatus("vnet0", 7)
    assert samples(made) == {"vnet0": 7, "eth0": 2**40}


def test_one_that_cannot_be_counted_is_absent() -> None:
    assert samples(collector(Floods(FloodStatus("vnet0", None), FloodStatus("vnet1", 3)))) == {
        "vnet1": 3
    }
    assert samples(collector(Floods())) == {}


def test_its_docstring_ends_with_a_sample_of_what_it_yields() -> None:
    (family,) = collector(Floods(FloodStatus("vnet3", 17))).collect()
    (sample,) = family.samples
    last = (UnknownUnicastCollector.__doc__ or "").strip().splitlines()[-1].strip()
    assert re.fullmatch(r'(\w+)\{device="vnet3"\} 17\.0', last)
    assert last.startswith(sample.name)
