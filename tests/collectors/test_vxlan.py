from __future__ import annotations

import math

import pytest

from l2exporter.collectors import vxlan
from l2exporter.kernel.vxlans import Vxlan
from tests.collectors.kernel_scene import KernelScene, vxlan_rows

ENTRIES = "l2_vxlan_fdb_entries"


def scene(*devices: Vxlan) -> KernelScene:
    host = KernelScene("vxlan")
    host.reader.vxlan_devices += devices
    return host


def device(
    index: int = 7, name: str = "vxlan100", vni: int | None = 100, limit: int | None = 0
) -> Vxlan:
    return Vxlan(index, name, vni, 300.0, learning=True, limit=limit)


def test_every_kind_is_there_for_a_devices_own_vni() -> None:
    assert scene(device()).samples(ENTRIES) == {
        ("vxlan100", "100", "static"): 0,
        ("vxlan100", "100", "learned"): 0,
        ("vxlan100", "100", "extern_learned"): 0,
    }


def test_entries_are_counted_by_vni_and_kind_of_each_device() -> None:
    host = scene(device(), device(8, "vxlan200", 200))
    host.reader.vxlan_entries[7] = vxlan_rows((0, "static"), (0, "learned"), (0, "learned"))
    host.reader.vxlan_entries[8] = vxlan_rows((0, "static"), (300, "extern_learned"))
    assert host.nonzero(ENTRIES) == {
        ("vxlan100", "100", "static"): 1,
        ("vxlan100", "100", "learned"): 2,
        ("vxlan200", "200", "static"): 1,
        ("vxlan200", "300", "extern_learned"): 1,
    }


def test_an_entry_that_names_the_devices_own_vni_is_one_of_them() -> None:
    host = scene(device())
    host.reader.vxlan_entries[7] = vxlan_rows((0, "learned"), (100, "learned"))
    assert host.nonzero(ENTRIES) == {("vxlan100", "100", "learned"): 2}


def test_a_device_for_all_vnis_has_none_of_its_own() -> None:
    host = scene(device(vni=None))
    host.reader.vxlan_entries[7] = vxlan_rows((0, "static"), (1 << 24, "learned"))
    assert host.nonzero(ENTRIES) == {
        ("vxlan100", "", "static"): 1,
        ("vxlan100", "16777216", "learned"): 1,
    }


def test_beyond_the_cap_the_smallest_vnis_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vxlan, "VXLAN_SERIES", 4)
    host = scene(device(vni=None))
    host.reader.vxlan_entries[7] = vxlan_rows(
        *[(5, "learned")] * 9, *((vni, "learned") for vni in range(10, 20))
    )
    assert host.nonzero(ENTRIES) == {
        ("vxlan100", "5", "learned"): 9,
        ("vxlan100", "other", "learned"): 10,
    }
    assert len(host.samples(ENTRIES)) == 4


def test_settings_are_those_of_each_device() -> None:
    still = Vxlan(8, "vxlan200", 200, 0.0, learning=False, limit=64)
    host = scene(device(), still, device(9, "old", limit=None))
    assert host.samples("l2_vxlan_ageing_seconds") == {
        ("vxlan100",): 300,
        ("vxlan200",): 0,
        ("old",): 300,
    }
    assert host.samples("l2_vxlan_learning") == {("vxlan100",): 1, ("vxlan200",): 0, ("old",): 1}
    assert host.samples("l2_vxlan_fdb_limit") == {("vxlan100",): math.inf, ("vxlan200",): 64}
