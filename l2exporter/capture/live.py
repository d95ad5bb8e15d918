"""Frames of the chosen devices as they arrive: the thread that drains rings and hears netlink."""

from __future__ import annotations

import logging
import os
import select
import threading
import time

from ..errors import KernelError, StartError
from ..kernel.host import Host
from .device import Device
from .devices import Selection, choose
from .lane import Lane
from .roster import Roster, Sink

log = logging.getLogger(__name__)

NAP_SECONDS = 0.01
NAPS = 4
"""Waits after the first frame, for others to join it: batches are what makes a frame cheap. A
ring that is a quarter full ends them; in a nap even the fastest storm does not fill the rest.

A turn may take as long as a nap for the same reason: the fast rings wait meanwhile. Hence the
bound on whole frames a turn, and whoever dissects them must keep to a share of the CPU."""

FOLLOW_SECONDS = 0.1
"""Between two looks at what netlink tells: a host that starts 500 guests makes thousands."""

RETRY_SECONDS = 1.0
"""Until netlink is asked again after it failed."""

TICK_SECONDS = 1.0
"""Between two tellings of the time to the sink, which waits for what does not come too."""


class LiveCapture:
    """One thread that drains every ring in batches and follows netlink between them.

    `open` is called before privileges are dropped, in the caller's thread; then `start`.

    fault  what went wrong in the thread's last turn, None while all is well
    """

    def __init__(
        self, host: Host, selection: Selection, sink: Sink, *, slots: int, promiscuous: bool
    ) -> None:
        self.fault: str | None = None
        self._host = host
        self._selection = selection
        self._sink = sink
        self._roster = Roster(sink, selection.names, slots=slots, promiscuous=promiscuous)
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._follow_at: float | None = None
        self._tick_at = 0.0
        self._stale = False
        self._stopping = False
        self._logged: set[type[Exception]] = set()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def open(self) -> None:
        """Open the rings of the devices that are there; StartError for a named one that is not."""
        links = self._host.links.values()
        names = {link.name for link in links}
        reasons = choose(self._host.links, self._selection)
        for name in self._selection.names:
            if name not in names:
                raise StartError(f"--capture.device: there is no device {name!r} here")
        for link in links:
            if link.name in self._selection.names and reasons[link.index]:
                raise StartError(f"--capture.device: {link.name}: {reasons[link.index]}")
        self._reconcile()
        captured = self._roster.numbers()
        for link in links:
            if link.name in self._selection.names and link.index not in captured:
                raise StartError(f"--capture.device: {link.name}: beyond limits.devices")
        if not captured:
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
        self._roster.close()
        os.close(self._wake)

    def lanes(self) -> list[Lane]:
        """Tell how each lane fares; from any thread."""
        return self._roster.lanes()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._turn()
                self.fault = None
            except Exception as error:
                # Whatever it is, capturing must go on; the batch at fault is already consumed.
                self.fault = str(error) or type(error).__name__
                if type(error) not in self._logged:
                    self._logged.add(type(error))
                    log.error("capture: logged once for this kind", exc_info=error)

    def _turn(self) -> None:
        """Wait for something, see to the devices, then take in what waits in the rings."""
        try:
            self._hear()
        finally:
            # Whatever is wrong with one device, the frames of the others are taken in.
            self._nap()
            self._take()
            self._tick()

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._tick_at:
            self._tick_at = now + TICK_SECONDS
            self._sink.tick(now, time.time())

    def _take(self) -> None:
        """Take in what waits in every ring; raise what was wrong with one after all others."""
        error: Exception | None = None
        for device in self._roster:
            try:
                self._roster.take(device)
            except Exception as wrong:
                error = wrong
        if error is not None:
            raise error

    def _nap(self) -> None:
        for _ in range(NAPS):
            time.sleep(NAP_SECONDS)
            if self._roster.crowded():
                break

    def _hear(self) -> None:
        poll, rings = self._poll()
        faulty: set[Device] = set()
        for descriptor, event in poll.poll(self._timeout()):
            if descriptor == self._host.fileno():
                self._follow_at = time.monotonic() + FOLLOW_SECONDS
            elif descriptor in rings and event & (select.POLLERR | select.POLLNVAL):
                faulty.add(rings[descriptor])
        for device in faulty:
            self._roster.fault(device)
        now = time.monotonic()
        if self._follow_at is not None and now >= self._follow_at:
            self._follow()
        elif self._stale or any(device.retry_at <= now for device in self._roster.waiting()):
            self._reconcile()

    def _poll(self) -> tuple[select.poll, dict[int, Device]]:
        """Return what to poll, and the devices by descriptor; netlink only when it may be heard."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        if self._follow_at is None:
            poll.register(self._host.fileno(), select.POLLIN)
        rings = {
            descriptor: device
            for device in self._roster
            if device.rings
            for descriptor in device.rings.descriptors()
        }
        for descriptor in rings:
            poll.register(descriptor, select.POLLIN)
        return poll, rings

    def _timeout(self) -> float:
        """Milliseconds until something is due."""
        due = [self._tick_at, *(device.retry_at for device in self._roster.waiting())]
        if self._follow_at is not None:
            due.append(self._follow_at)
        return max(0.0, min(due) - time.monotonic()) * 1000

    def _follow(self) -> None:
        overruns = self._host.overruns
        try:
            changed = self._host.follow()
        except KernelError as error:
            log.warning("%s; what is known of the devices may be old", error)
            self._follow_at = time.monotonic() + RETRY_SECONDS
            return
        self._follow_at = None
        if self._host.overruns != overruns:
            log.warning("netlink events were lost; devices, addresses and routes were read again")
        self._roster.close_orphans()
        if changed:
            self._reconcile()

    def _reconcile(self) -> None:
        """Make the rings agree with the links."""
        self._stale = True
        self._roster.follow(self._host.links, choose(self._host.links, self._selection))
        self._sink.surroundings(self._host, self._roster.numbers())
        self._stale = False
