from __future__ import annotations

from pathlib import Path

import pytest

from l2exporter.errors import KernelError
from l2exporter.kernel.netfilter import BridgeNetfilter, read_bridge_netfilter
from tests.lab.namespace import Namespace

LOADED = Path("/proc/sys/net/bridge").exists()
FILES = ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables")


@pytest.mark.root
@pytest.mark.skipif(not LOADED, reason="br_netfilter is not loaded")
@pytest.mark.parametrize("off", range(3))
def test_the_settings_of_the_namespace_of_the_thread(namespace: Namespace, off: int) -> None:
    for place, setting in enumerate(FILES):
        namespace.sysctl(f"net.bridge.{setting}", int(place != off))
    with namespace.entered():
        settings = read_bridge_netfilter()
    expected = [place != off for place in range(3)]
    assert [settings.iptables, settings.ip6tables, settings.arptables] == expected


def test_without_br_netfilter_they_are_absent(tmp_path: Path) -> None:
    assert read_bridge_netfilter(tmp_path / "bridge") == BridgeNetfilter(None, None, None)


def test_each_is_absent_by_itself(tmp_path: Path) -> None:
    (tmp_path / FILES[0]).write_text("1\n")
    (tmp_path / FILES[2]).write_text("0\n")
    assert read_bridge_netfilter(tmp_path) == BridgeNetfilter(True, None, False)


@pytest.mark.parametrize("content", [b"", b"on\n", b"\xff\n"])
def test_what_is_no_number_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILES[1]).write_bytes(content)
    with pytest.raises(KernelError, match=FILES[1]):
        read_bridge_netfilter(tmp_path)


def test_what_cannot_be_read_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / FILES[0]).mkdir()
    with pytest.raises(KernelError, match=FILES[0]):
        read_bridge_netfilter(tmp_path)
