"""Frames of the chosen devices as they arrive, while devices come, go and change their names."""

from __future__ import annotations

import errno
import logging
import os
import select
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..dissect.frames import Frames
from ..errors import KernelError, StartError
from ..kernel.host import Host
from ..kernel.links import Link
from .devices import DOWN, Selection, choose
from .lane import Lane
from .ring import Ring

log = logging.getLogger(__name__)

BUSY_SECONDS = 0.01
QUIET_SECONDS = 0.04
"""Wait after the first frame, for others to join it: batches are what makes a frame cheap. While
frames are few the wait is longer, since then the batches themselves are the cost; the fastest
storm that begins in it fills half of a ring."""

BUSY_FRAMES = 100
"""In one turn; below it the wait is the quiet one."""

FOLLOW_SECONDS = 0.1
"""Between two looks at what netlink tells: a host that starts 500 guests makes thousands."""

FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 60.0
_DRAINS_A_TURN = 4


class Sink(Protocol):
    """Where frames and the news of devices go; called from the capture thread alone."""

    def device(self, name: str) -> int | None:
        """Return a number for the device of that name; None when there are too many."""

    def rename(self, number: int, name: str) -> None:
        """The device has a new name."""

    def retire(self, number: int) -> None:
        """The device is not captured any more."""

    def frames(self, number: int, frames: Frames) -> None:
        """Take in a batch."""

    def surroundings(self, host: Host, numbers: Mapping[int, int]) -> None:
        """Links, addresses or gateways changed; `numbers` are those of the captured links."""


@dataclass(slots=True, eq=False)
class _Device:
    """A device's lane; outlives its ring, and the link as long as its number does."""

    number: int
    name: str
    index: int | None = None
    up: bool = False
    ring: Ring | None = None
    opened: bool = False
    frames: int = 0
    drops: int = 0
    retry_at: float = 0.0
    retry_after: float = FIRST_RETRY_SECONDS


class LiveCapture:
    """One thread that drains every ring in batches and follows netlink between them.

    `open` is called before privileges are dropped, in the caller's thread; then `start`.
    """

    def __init__(
        self, host: Host, selection: Selection, sink: Sink, *, slots: int, promiscuous: bool
    ) -> None:
        self._host = host
        self._selection = selection
        self._sink = sink
        self._slots = slots
        self._promiscuous = promiscuous
        self._devices: dict[int, _Device] = {}
        self._by_index: dict[int, _Device] = {}
        self._denied = False
        self._poll = select.poll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll.register(self._wake, select.POLLIN)
        self._poll.register(host.fileno(), select.POLLIN)
        self._follow_at: float | None = None
        self._wait = QUIET_SECONDS
        self._stopping = False
        self._logged: set[type[Exception]] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def open(self) -> None:
        """Open the rings of the devices that are there; StartError for a named one that is not."""
        names = {link.name for link in self._host.links.values()}
        for name in self._selection.names:
            if name not in names:
                raise StartError(f"--capture.device: there is no device {name!r} here")
        refused = choose(self._host.links, self._selection)
        for index, link in self._host.links.items():
            if link.name in self._selection.names and refused[index]:
                raise StartError(f"--capture.device: {link.name}: {refused[index]}")
        self._reconcile()
        if not self._by_index:
            log.warning("no device to capture as yet; `l2exporter check` tells why")

    def start(self) -> None:
        """Begin to drain."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the rings; at most a batch later. `lanes` still answers."""
        self._stopping = True
        os.eventfd_write(self._wake, 1)
        if self._thread.is_alive():
            self._thread.join()
        for device in list(self._by_index.values()):
            self._close(device)
        os.close(self._wake)

    def lanes(self) -> list[Lane]:
        """Tell how each lane fares; from any thread."""
        now = time.monotonic()
        with self._lock:
            return [self._lane(device, now) for device in list(self._devices.values())]

    def _lane(self, device: _Device, now: float) -> Lane:
        ring = device.ring
        up: bool | None = ring is not None and device.up
        if device.index is None and device.name not in self._selection.names:
            up = None
        return Lane(
            device=device.name,
            lane="fast",
            up=up,
            frames=device.frames if device.opened else None,
            drops=device.drops + (ring.drops() if ring else 0) if device.opened else None,
            used=None if ring is None else ring.used(now),
        )

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._turn()
            except Exception as error:
                # Whatever it is, capturing must go on; the batch at fault is already consumed.
                if type(error) not in self._logged:
                    self._logged.add(type(error))
                    log.error("capture: logged once for this kind", exc_info=error)
                time.sleep(FOLLOW_SECONDS)

    def _turn(self) -> None:
        rings = {device.ring.fileno(): device for device in self._by_index.values() if device.ring}
        for descriptor, event in self._poll.poll(self._timeout()):
            if descriptor == self._host.fileno():
                self._poll.unregister(descriptor)
                self._follow_at = time.monotonic() + FOLLOW_SECONDS
            elif descriptor in rings and event & (select.POLLERR | select.POLLNVAL):
                self._fault(rings[descriptor])
        now = time.monotonic()
        if self._follow_at is not None and now >= self._follow_at:
            self._follow()
        elif any(device.retry_at <= now for device in self._waiting()):
            self._reconcile()
        if self._by_index:
            time.sleep(self._wait)
            self._wait = BUSY_SECONDS if self._drain() >= BUSY_FRAMES else QUIET_SECONDS

    def _timeout(self) -> float | None:
        """Milliseconds until something is due; None when only events can bring work."""
        due = [device.retry_at for device in self._waiting()]
        if self._follow_at is not None:
            due.append(self._follow_at)
        return max(0.0, min(due) - time.monotonic()) * 1000 if due else None

    def _waiting(self) -> list[_Device]:
        if self._denied:
            return []
        return [device for device in self._by_index.values() if device.ring is None]

    def _drain(self) -> int:
        """Take in what waits in all rings; return how many frames that were."""
        return sum(self._take(device) for device in self._by_index.values())

    def _take(self, device: _Device) -> int:
        """Take in what waits in one ring, up to a bound; return how many frames that were."""
        count = 0
        for _ in range(_DRAINS_A_TURN):
            frames = device.ring.drain(time.monotonic()) if device.ring else None
            if frames is None:
                break
            count += len(frames)
            device.frames += len(frames)
            self._sink.frames(device.number, frames)
        return count

    def _follow(self) -> None:
        self._follow_at = None
        self._poll.register(self._host.fileno(), select.POLLIN)
        overruns = self._host.overruns
        try:
            changed = self._host.follow()
        except KernelError as error:
            log.warning("%s; what is known of the devices may be old", error)
            self._follow_at = time.monotonic() + FIRST_RETRY_SECONDS
            return
        if self._host.overruns != overruns:
            log.warning("netlink events were lost; devices, addresses and routes were read again")
        if changed:
            self._reconcile()

    def _reconcile(self) -> None:
        """Make the rings agree with the links."""
        reasons = choose(self._host.links, self._selection)
        for index in list(self._by_index):
            # A device that is only down keeps its ring: frames flow again when it comes back.
            if reasons.get(index, "gone") not in ("", DOWN):
                self._leave(self._by_index[index])
        for index, reason in reasons.items():
            if not reason or index in self._by_index:
                self._enter(self._host.links[index])
        numbers = {index: device.number for index, device in self._by_index.items()}
        self._sink.surroundings(self._host, numbers)

    def _enter(self, link: Link) -> None:
        device = self._by_index.get(link.index)
        if device is None:
            number = self._sink.device(link.name)
            if number is None:
                return
            device = self._devices.get(number)
            if device is None or device.name != link.name:
                device = self._devices[number] = _Device(number, link.name)
            device.index = link.index
            device.retry_at = 0.0
            self._by_index[link.index] = device
        elif device.name != link.name:
            log.info("%s: renamed to %s", device.name, link.name)
            self._sink.rename(device.number, link.name)
            self._drop_namesakes(device, link.name)
            device.name = link.name
        device.up = link.up
        if device.ring is None and not self._denied and device.retry_at <= time.monotonic():
            self._open(device, link.index)

    def _drop_namesakes(self, device: _Device, name: str) -> None:
        for number, other in list(self._devices.items()):
            if other.name == name and other is not device and other.index is None:
                del self._devices[number]

    def _leave(self, device: _Device) -> None:
        if device.opened:
            log.info("%s: no longer captured", device.name)
        self._close(device)
        self._by_index = {i: other for i, other in self._by_index.items() if other is not device}
        device.index = None
        device.up = False
        self._sink.retire(device.number)

    def _open(self, device: _Device, index: int) -> None:
        try:
            ring = Ring(index, self._slots, promiscuous=self._promiscuous)
        except PermissionError:
            self._denied = True
            log.error(
                "no frames are captured: CAP_NET_RAW is missing"
                " (run as root, or grant it: setcap, AmbientCapabilities=, --cap-add=NET_RAW)"
            )
        except OSError as error:
            log.warning("%s: cannot capture: %s", device.name, error.strerror)
            device.retry_at = time.monotonic() + device.retry_after
            device.retry_after = min(2 * device.retry_after, LAST_RETRY_SECONDS)
        else:
            device.ring = ring
            device.opened = True
            device.retry_after = FIRST_RETRY_SECONDS
            self._poll.register(ring.fileno(), select.POLLIN)
            log.info("%s: capturing", device.name)

    def _close(self, device: _Device) -> None:
        ring = device.ring
        if ring is None:
            return
        try:
            self._take(device)
        finally:
            self._poll.unregister(ring.fileno())
            with self._lock:  # lanes() must see the drops once, not twice and not never
                ring.close()
                device.drops += ring.drops()
                device.ring = None

    def _fault(self, device: _Device) -> None:
        """Read a socket's error away; unless the device is merely down, the ring goes with it.

        Netlink may not tell of a device that is gone: another can have its index by then.
        """
        if device.ring is None or (device.ring.error() == errno.ENETDOWN and device.ring.bound()):
            return
        self._close(device)
        device.retry_at = time.monotonic() + device.retry_after
        device.retry_after = min(2 * device.retry_after, LAST_RETRY_SECONDS)
