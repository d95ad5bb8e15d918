"""From the wire to /metrics: how long until a frame is to be seen there."""

from __future__ import annotations

import http.client
import re
import socket
import time

from benchmarks.receivers import DEVICE, Ours
from benchmarks.report import Row, Section, spread
from tests.lab import frames
from tests.lab.exporter import PORT
from tests.lab.namespace import Namespace, veth

TRIALS = 30
PAUSE_SECONDS = 0.13
"""Between two trials: not a multiple of any wait in the exporter, so that all phases are met."""

MOST_MILLISECONDS = 100.0
GIVE_UP_SECONDS = 5.0
ARP_ONLY = "/metrics?collect%5B%5D=arp"
_ANNOUNCEMENTS = re.compile(
    r'^l2_arp_packets_total\{.*type="announcement".*\} (\S+)$', re.MULTILINE
)


def sections() -> list[Section]:
    section = Section(
        "From the wire to /metrics",
        f"One announcement, then the endpoint is read without pause until it counts it; {TRIALS}"
        " trials on a quiet wire; median (lowest to highest). The time of one read is in it.",
    )
    with Namespace() as there, Namespace() as here:
        veth(there, DEVICE, here, DEVICE)
        with there.entered():
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        with wire, Ours(here):
            wire.bind((DEVICE, 0))
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=GIVE_UP_SECONDS)
            with here.entered():
                connection.connect()
            trials = [_trial(wire, connection, n) for n in range(TRIALS)]
            connection.close()
    met = max(trials) <= MOST_MILLISECONDS
    figure = spread(trials, "{:.0f}") + " ms"
    row = Row("frame to metric", figure, target=f"<= {MOST_MILLISECONDS:.0f} ms", met=met)
    section.rows.append(row)
    return [section]


def _trial(wire: socket.socket, connection: http.client.HTTPConnection, number: int) -> float:
    """Milliseconds from sending the frame to the end of the first read that counts it."""
    time.sleep(PAUSE_SECONDS)
    before = _announcements(connection)
    frame = frames.announcement("02:00:00:00:00:01", "192.0.2.1")
    began = time.perf_counter()
    wire.send(frame)
    while _announcements(connection) == before:
        if time.perf_counter() - began > GIVE_UP_SECONDS:
            raise TimeoutError(f"trial {number}: the frame was not counted")
    return (time.perf_counter() - began) * 1e3


def _announcements(connection: http.client.HTTPConnection) -> float:
    connection.request("GET", ARP_ONLY)
    found = _ANNOUNCEMENTS.search(connection.getresponse().read().decode())
    return float(found[1]) if found else 0.0
