"""Build the container image and use it for real: `make image-test`, as root.

Not part of `make test` by its name: it takes minutes and packages that nothing else needs.
The container sees a wire of a lab namespace, has a read-only file system, and of all capabilities
CAP_NET_RAW alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.engine import IMAGE, ULIMITS, Engine
from tests.lab import frames
from tests.lab.exporter import Exporter, key
from tests.lab.namespace import Namespace, veth
from tests.lab.promtool import check_metrics
from tests.lab.wait import wait_until

UID = 65532
CAP_NET_RAW = 1 << 13
LOCKED_DOWN = ("--read-only", "--cap-drop=ALL")
NET_RAW = "--cap-add=NET_RAW"
SEEN = key("l2_arp_packets_total", device="eth0", vlan="", type="announcement")


pytestmark = [pytest.mark.root, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    # Not tmp_path: podman wants short paths, and pytest would keep the images of three runs.
    with tempfile.TemporaryDirectory(prefix="l2t-") as home:
        engine = Engine(Path(home))
        engine.build()
        yield engine


def test_the_image_counts_a_packet_as_nobody_with_one_capability(engine: Engine) -> None:
    with Namespace() as sender, Namespace() as here:
        veth(sender, "eth0", here, "eth0")
        name = f"{here.name}-exporter"
        command = run(engine, name, NET_RAW)
        with Exporter(here, "--capture.device=eth0", command=command) as exporter:
            frames.send(sender, "eth0", [frames.announcement("02:00:00:00:00:01", "192.0.2.1")])
            wait_until(lambda: exporter.scrape().get(SEEN) == 1.0, "the packet is counted")
            check_metrics(exporter.get("/metrics")[1])
            assert identity(engine, name) == ([str(UID)] * 4, CAP_NET_RAW)
            with here.entered():
                subprocess.run(engine.podman("healthcheck", "run", name), check=True)
            assert exporter.stop() == 0, exporter.log()


def test_without_the_capability_the_image_serves_and_says_what_is_missing(engine: Engine) -> None:
    with Namespace() as sender, Namespace() as here:
        veth(sender, "eth0", here, "eth0")
        command = run(engine, f"{here.name}-exporter")
        with Exporter(here, "--capture.device=eth0", command=command) as exporter:
            assert exporter.scrape()[key("l2_capture_up", device="eth0")] == 0.0
            assert exporter.log().count("CAP_NET_RAW") == 1
            assert exporter.stop() == 0, exporter.log()


def run(engine: Engine, name: str, *more: str) -> tuple[str, ...]:
    """The command line that runs the image in the foreground, in the caller's network."""
    # `ip netns exec` hides the control groups that runc looks for: back to our own mounts.
    ours = ("nsenter", f"--target={os.getpid()}", "--mount")
    options = ("--rm", f"--name={name}", "--network=host", *ULIMITS, *LOCKED_DOWN, *more)
    return (*ours, *engine.podman("run", *options, IMAGE))


def identity(engine: Engine, name: str) -> tuple[list[str], int]:
    """User ids (real, effective, saved, file system) and effective capabilities inside."""
    inspect = engine.podman("inspect", "--format={{.State.Pid}}", name)
    pid = subprocess.check_output(inspect, text=True).strip()
    status = Path(f"/proc/{pid}/status").read_text()
    uids = re.findall(r"^Uid:\s+(.*)$", status, re.MULTILINE)
    effective = re.findall(r"^CapEff:\s+(.*)$", status, re.MULTILINE)
    return uids[0].split(), int(effective[0], 16)
