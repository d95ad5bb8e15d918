"""Devices that come, go, bounce and change their names under a running exporter."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.lab import frames
from tests.lab.exporter import Exporter, key
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until
from tests.live.samples import Key, by, eventually, grows

pytestmark = pytest.mark.root

A, B = "02:00:00:00:0a:01", "02:00:00:00:0a:02"
IP = "192.0.2.10"
MANY = 40
"""Pairs: with what the other tests make, more devices than the exporter follows."""

IDLE_SECONDS = 1.0
SPINNING = 0.5
"""Share of a core: an idle exporter uses a hundredth, one that spins all of it."""


@pytest.fixture(scope="module")
def exporter(here: Namespace) -> Iterator[Exporter]:
    """Started when there is nothing but the loopback device."""
    with Exporter(here) as running:
        yield running


def up(device: str) -> Key:
    return key("l2_capture_up", device=device)


def handled(device: str) -> Key:
    return key("l2_capture_frames_total", device=device, lane="fast")


def moves(device: str) -> Key:
    return key("l2_arp_moves_total", device=device, vlan="", ip=IP)


def plug(there: Namespace, here: Namespace, exporter: Exporter, device: str) -> None:
    veth(there, device, here, device)
    eventually(exporter, {up(device): 1})


def send(there: Namespace, device: str, *macs: str) -> None:
    frames.send(there, device, [frames.announcement(mac, IP) for mac in macs])


def assert_it_rests(exporter: Exporter) -> None:
    began = exporter.cpu_seconds()
    time.sleep(IDLE_SECONDS)
    assert exporter.cpu_seconds() - began < SPINNING * IDLE_SECONDS


def test_without_a_device_it_serves_and_says_so(exporter: Exporter) -> None:
    assert not by(exporter.scrape(), "l2_capture_up", "device")
    assert exporter.log().count("no device to capture as yet") == 1


def test_a_device_that_appears_is_captured(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "new0")
    send(there, "new0", A)
    eventually(exporter, {handled("new0"): 1, moves("new0"): 0})


def test_one_that_goes_down_and_comes_back_goes_on(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "down0")
    send(there, "down0", A)
    eventually(exporter, {handled("down0"): 1})
    here.ip("link", "set", "down0", "down")
    eventually(exporter, {up("down0"): 0, handled("down0"): 1})
    assert_it_rests(exporter)
    here.ip("link", "set", "down0", "up")
    eventually(exporter, {up("down0"): 1})
    send(there, "down0", B)
    eventually(exporter, {handled("down0"): 2, moves("down0"): 1})


def test_one_that_is_deleted_and_made_again_keeps_its_totals(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "gone0")
    send(there, "gone0", A, B)
    eventually(exporter, {handled("gone0"): 2, moves("gone0"): 1})
    here.ip("link", "delete", "gone0")
    eventually(exporter, {up("gone0"): None, handled("gone0"): 2, moves("gone0"): 1})
    plug(there, here, exporter, "gone0")
    send(there, "gone0", A)
    flips = key("l2_arp_flip_flops_total", device="gone0", vlan="", ip=IP)
    eventually(exporter, {handled("gone0"): 3, moves("gone0"): 2, flips: 1})


def test_one_that_is_deleted_and_made_again_at_once_is_captured_anew(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "fast0")
    send(there, "fast0", A)
    eventually(exporter, {handled("fast0"): 1})
    here.ip("link", "delete", "fast0")
    veth(there, "fast0", here, "fast0")
    # Which of the two devices `l2_capture_up` is about cannot be told: only frames can.
    wait_until(lambda: arrives(there, exporter, "fast0"), "frames of the second device")


def test_another_device_under_the_same_index_is_captured_anew(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "same0")
    index = here.run("cat", "/sys/class/net/same0/ifindex").strip()
    batch(
        here,
        "link delete same0",
        f"link add same0 index {index} up type veth peer name same1",
        "link set same1 up",
    )
    eventually(exporter, {up("same1"): 1})
    wait_until(lambda: arrives(here, exporter, "same0"), "frames of the second device")


def test_what_it_sent_last_is_counted(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "short0")
    send(there, "short0", *([A] * 50))
    here.ip("link", "delete", "short0")
    eventually(exporter, {up("short0"): None, handled("short0"): 50})


def arrives(there: Namespace, exporter: Exporter, device: str) -> bool:
    before = exporter.scrape()[handled(device)]
    send(there, device, A)
    time.sleep(0.05)
    return exporter.scrape()[handled(device)] > before


def test_one_that_was_down_and_is_made_anew_under_its_index_is_captured_anew(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    """The socket's error was read away when it went down: it does not come a second time."""
    plug(there, here, exporter, "twin0")
    mac, index = here.mac("twin0"), here.run("cat", "/sys/class/net/twin0/ifindex").strip()
    here.ip("link", "set", "twin0", "down")
    eventually(exporter, {up("twin0"): 0})
    batch(
        here,
        "link delete twin0",
        f"link add twin0 address {mac} index {index} up type veth peer name twin1",
        "link set twin1 up",
    )
    eventually(exporter, {up("twin1"): 1, up("twin0"): 1})
    wait_until(lambda: arrives(here, exporter, "twin0"), "frames of the second device")


def test_one_that_is_renamed_takes_its_totals_along(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "old0")
    send(there, "old0", A)
    eventually(exporter, {handled("old0"): 1})
    here.ip("link", "set", "old0", "down")
    here.ip("link", "set", "old0", "name", "lan0")
    here.ip("link", "set", "lan0", "up")
    wait_until(lambda: "old0" not in exporter.get("/metrics")[1], "nothing has the old name")
    eventually(exporter, {up("lan0"): 1, handled("lan0"): 1, moves("lan0"): 0})
    send(there, "old0", B)
    eventually(exporter, {handled("lan0"): 2, moves("lan0"): 1})


def test_one_that_takes_the_name_of_one_that_is_gone_goes_on_with_its_totals(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    packets = key("l2_arp_packets_total", device="wan0", vlan="", type="announcement")
    plug(there, here, exporter, "wan0")
    send(there, "wan0", A, B, A)
    eventually(exporter, {handled("wan0"): 3, moves("wan0"): 2, packets: 3})
    here.ip("link", "delete", "wan0")
    eventually(exporter, {up("wan0"): None})
    plug(there, here, exporter, "eth7")
    send(there, "eth7", B)
    eventually(exporter, {handled("eth7"): 1})
    batch(here, "link set eth7 down", "link set eth7 name wan0", "link set wan0 up")
    samples = eventually(
        exporter, {up("wan0"): 1, handled("wan0"): 4, moves("wan0"): 2, packets: 4}
    )
    assert not [labels for _, labels in samples if ("device", "eth7") in labels]
    send(there, "eth7", B)
    eventually(exporter, {handled("wan0"): 5, moves("wan0"): 3, packets: 5})


def test_one_whose_name_is_no_text_is_captured(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    label = r"ba\xff"
    veth(there, "bytes0", here, os.fsdecode(b"ba\xff"))
    eventually(exporter, {up(label): 1})
    send(there, "bytes0", A, B)
    samples = eventually(exporter, {handled(label): 2, moves(label): 1})
    assert samples[up(label)] == 1
    here.ip("link", "delete", os.fsdecode(b"ba\xff"))
    eventually(exporter, {up(label): None, handled(label): 2})
    assert exporter.get("/metrics")[0] == 200


def test_two_that_swap_their_names_swap_their_totals(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "left0")
    plug(there, here, exporter, "right0")
    send(there, "left0", A, B)
    send(there, "right0", A)
    eventually(exporter, {moves("left0"): 1, moves("right0"): 0})
    steps = (("left0", "other0"), ("right0", "left0"), ("other0", "right0"))
    batch(
        here,
        *("link set left0 down", "link set right0 down"),
        *(f"link set {old} name {new}" for old, new in steps),
        *("link set left0 up", "link set right0 up"),
    )
    eventually(exporter, {moves("left0"): 0, moves("right0"): 1, up("left0"): 1, up("right0"): 1})
    send(there, "left0", A)
    eventually(exporter, {handled("right0"): 3, handled("left0"): 1})


def test_many_that_come_and_go_leave_nothing_behind(
    there: Namespace, here: Namespace, exporter: Exporter
) -> None:
    plug(there, here, exporter, "stays0")
    before = descriptors(exporter)
    batch(here, *(f"link add m{n} up type veth peer name n{n}" for n in range(MANY)))
    batch(here, *(f"link set n{n} up" for n in range(MANY)))
    eventually(exporter, {up("m0"): 1})
    batch(here, *(f"link delete m{n}" for n in range(MANY)))
    eventually(exporter, {up(f"{side}{n}"): None for n in range(MANY) for side in "mn"})
    wait_until(lambda: descriptors(exporter) <= before, "the rings are closed")
    send(there, "stays0", A)
    samples = eventually(exporter, {handled("stays0"): 1})
    table = {name: key(f"l2_tracked_{name}", table="devices") for name in ("entries", "limit")}
    assert samples[table["entries"]] == samples[table["limit"]]
    plug(there, here, exporter, "late0")
    grows(exporter, samples, {key("l2_tracked_evictions_total", table="devices"): 1})
    assert "traceback" not in exporter.log()


def test_after_all_that_it_rests(exporter: Exporter) -> None:
    assert_it_rests(exporter)


def test_a_named_device_that_is_gone_is_down_until_it_returns(there: Namespace) -> None:
    with Namespace() as here, ExitStack() as stack:
        veth(there, "named0", here, "named0")
        exporter = stack.enter_context(Exporter(here, "--capture.device=named0"))
        send(there, "named0", A)
        eventually(exporter, {up("named0"): 1, handled("named0"): 1})
        here.ip("link", "delete", "named0")
        eventually(exporter, {up("named0"): 0, handled("named0"): 1})
        plug(there, here, exporter, "named0")
        send(there, "named0", B)
        samples = eventually(exporter, {handled("named0"): 2, moves("named0"): 1})
        assert set(by(samples, "l2_capture_up", "device")) == {"named0"}


def batch(namespace: Namespace, *lines: str) -> None:
    """`ip` with many commands at once: hundreds a second."""
    command = ["ip", "-netns", namespace.name, "-batch", "-"]
    subprocess.run(command, input="\n".join(lines), text=True, check=True)


def descriptors(exporter: Exporter) -> int:
    return len(list(Path(f"/proc/{exporter.process.pid}/fd").iterdir()))
