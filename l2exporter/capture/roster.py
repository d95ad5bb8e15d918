"""The devices that are captured, their rings and figures, as links come, go and change names."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Protocol

from ..dissect.frames import Frames
from ..kernel.host import Host
from ..kernel.links import Link
from ..limits import FULL_RINGS, SMALL_RING_SHARE, WHOLE_SLOTS
from .device import FIRST_RETRY_SECONDS, LANES, Device
from .devices import DOWN
from .lane import Lane
from .rings import Rings

log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where frames and the news of devices go; called from the capture thread alone."""

    def device(self, name: str) -> int | None:
        """Return a number for the device of that name; None when there are too many."""

    def rename(self, names: Mapping[int, str]) -> None:
        """Devices, by number, have new names, all at once: two may have exchanged theirs."""

    def retire(self, number: int) -> None:
        """The device is not captured any more."""

    def frames(self, number: int, frames: Frames) -> None:
        """Take in a batch; its `data` is written over once this returns."""

    def tick(self, now: float, wall: float) -> None:
        """Time has passed, with frames or without: at least a second since the last call.

        `now` is monotonic, `wall` the wall clock, both in seconds.
        """

    def surroundings(self, host: Host, numbers: Mapping[int, int]) -> None:
        """Links, addresses or gateways changed; `numbers` are those of the captured links."""


class Roster:
    """Which link is which device, and the rings of each; for the capture thread.

    `lanes` may be called from any thread. `named` are the devices that the operator asked for by
    name: they are told of even while they are gone.
    """

    def __init__(
        self, sink: Sink, named: tuple[str, ...], *, slots: int, promiscuous: bool
    ) -> None:
        self._sink = sink
        self._named = named
        self._slots = slots
        self._promiscuous = promiscuous
        self._devices: dict[int, Device] = {}
        self._present: dict[int, Device] = {}
        self._homeless: dict[int, str] = {}
        self._denied = False
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Device]:
        return iter(list(self._present.values()))

    def numbers(self) -> dict[int, int]:
        """Return the numbers of the devices that are there, by index."""
        return {index: device.number for index, device in self._present.items()}

    def waiting(self) -> list[Device]:
        """Return the devices whose rings are to be opened at their `retry_at`."""
        return [] if self._denied else [device for device in self if device.rings is None]

    def follow(self, links: Mapping[int, Link], reasons: Mapping[int, str]) -> None:
        """Make devices and rings agree with the links; `reasons` as `devices.choose` gives them."""
        for index, device in list(self._present.items()):
            # A device that is only down keeps its rings: frames flow again when it comes back.
            if reasons.get(index, "gone") not in ("", DOWN):
                self._leave(index, device)
        # Before anybody enters: a newcomer may have the name that another just gave away.
        self._rename({i: links[i].name for i in self._present if links[i].name != self._name(i)})
        wanted = {index for index, reason in reasons.items() if not reason}
        for index in wanted - self._present.keys():
            self._enter(links[index])
        self._homeless = {i: name for i, name in self._homeless.items() if i in wanted}
        for index, device in self._present.items():
            device.up = links[index].up
            if device.rings is None and not self._denied and device.retry_at <= time.monotonic():
                self._open(device, index)

    def _name(self, index: int) -> str:
        return self._present[index].name

    def _rename(self, names: Mapping[int, str]) -> None:
        renamed = {self._present[index].number: name for index, name in names.items()}
        if not renamed:
            return
        self._sink.rename(renamed)
        with self._lock:
            for number, name in renamed.items():
                log.info("%s: renamed to %s", self._devices[number].name, name)
                self._devices[number].name = name
                self._absorb(self._devices[number])

    def _absorb(self, device: Device) -> None:
        """Go on with the figures that a device which is gone left under the same name."""
        for number, other in list(self._devices.items()):
            if other.name == device.name and other is not device and other.index is None:
                device.opened |= other.opened
                device.fast.add(other.fast)
                device.slow.add(other.slow)
                del self._devices[number]

    def _enter(self, link: Link) -> None:
        number = self._sink.device(link.name)
        if number is None:
            if link.index not in self._homeless:
                log.warning("%s: not captured: more devices than limits.devices", link.name)
            self._homeless[link.index] = link.name
            return
        self._homeless.pop(link.index, None)
        device = self._devices.get(number)
        if device is None or device.name != link.name:
            device = Device(number, link.name)
        device.index = link.index
        device.retry_at = 0.0
        with self._lock:
            self._devices[number] = device
        self._present[link.index] = device

    def _leave(self, index: int, device: Device) -> None:
        if device.opened:
            log.info("%s: no longer captured", device.name)
        self._close(device)
        del self._present[index]
        device.index = None
        device.up = False
        self._sink.retire(device.number)

    def _open(self, device: Device, index: int) -> None:
        full = sum(other.rings is not None for other in self) < FULL_RINGS
        slots = [count // (1 if full else SMALL_RING_SHARE) for count in (self._slots, WHOLE_SLOTS)]
        try:
            rings = Rings(index, *slots, promiscuous=self._promiscuous)
        except PermissionError:
            self._denied = True
            log.error(
                "no frames are captured: CAP_NET_RAW is missing"
                " (run as root, or grant it: setcap, AmbientCapabilities=, --cap-add=NET_RAW)"
            )
        except OSError as error:
            log.warning("%s: cannot capture: %s", device.name, error.strerror)
            device.postpone()
        else:
            device.rings = rings
            device.opened = True
            device.retry_after = FIRST_RETRY_SECONDS
            log.info("%s: capturing", device.name)

    def close(self) -> None:
        """Close every ring; `lanes` still answers."""
        for device in self:
            self._close(device)

    def _close(self, device: Device) -> None:
        rings = device.rings
        if rings is None:
            return
        try:
            self.take(device)
        finally:
            with self._lock:  # lanes() must see the drops once, not twice and not never
                rings.close()
                device.fast.drops += rings.fast.drops()
                device.slow.drops += rings.slow.drops()
                device.rings = None

    def crowded(self) -> bool:
        """Tell whether any ring is so full that it should not wait longer."""
        return any(device.rings.crowded() for device in self if device.rings)

    def take(self, device: Device) -> None:
        """Take in what waits in a device's rings, up to a bound."""
        for frames in device.rings.batches() if device.rings else ():
            device.fast.frames += len(frames)
            device.slow.frames += len(frames.whole)
            self._sink.frames(device.number, frames)

    def fault(self, device: Device) -> None:
        """Read the sockets' errors away; unless the device is merely down, the rings go with them.

        Netlink may not tell of a device that is gone: another can have its index by then.
        """
        if device.rings is None or device.rings.fit():
            return
        self._close(device)
        device.postpone()

    def close_orphans(self) -> None:
        """Close the rings whose device is gone; who has its index now waits for another.

        One that is down may go without an error, and one made anew in its place look the same.
        """
        for device in self:
            if device.rings is not None and not device.rings.bound():
                self._close(device)

    def lanes(self) -> list[Lane]:
        """Tell how each lane fares; from any thread."""
        now = time.monotonic()
        with self._lock:
            known = [
                lane
                for device in self._devices.values()
                for lane in device.lanes(now, named=device.name in self._named)
            ]
        return known + [
            Lane(name, lane, False, None, None, None)
            for name in sorted(self._homeless.values())
            for lane in LANES
        ]
