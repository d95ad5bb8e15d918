"""Unknown unicast frames of many devices, counted in the kernel as devices and guests change."""

from __future__ import annotations

import logging
import resource
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import KernelError
from ..kernel.links import Link
from ..kernel.rtnetlink import Netlink
from ..kernel.unicast_list import read_unicast_list
from ..limits import FLOOD_SOCKETS, GUEST_MACS
from .devices import Selection
from .flood_counter import FloodCounter
from .flood_socket import Direction, FloodSocket, close_all
from .flood_targets import CROWDED, Guests, Target, Targets

log = logging.getLogger(__name__)

_DENIED = (
    "CAP_NET_RAW is missing"
    " (run as root, or grant it: setcap, AmbientCapabilities=, --cap-add=NET_RAW)"
)
_DESCRIPTOR_SHARE = 2
_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class FloodStatus:
    """What is counted of a device; `frames` since the start, None where they cannot be counted."""

    device: str
    frames: int | None


def places() -> int:
    """Return how many devices can be counted on.

    The web server needs file descriptors too, or nobody could read the figures.
    """
    return min(FLOOD_SOCKETS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _DESCRIPTOR_SHARE)


class FloodWatch:
    """Counts unknown unicast frames in the kernel by packet sockets that are never read.

    devices      on captured devices: frames for MACs that are neither the device's nor those of
                 what is stacked on it, containers' macvlans included. A switch sends them here
                 because it does not know where else to (a mirror port gets them on purpose). The
                 devices become promiscuous.
    guest_ports  on the ports that bridges give to guests: frames sent out for MACs that are not
                 behind the port. Of a guest whose MAC is not known, because it has said nothing
                 yet, those for itself count too: the bridge floods them.

    From any thread, but `follow` by one at a time. Sockets belong to the network namespace of the
    thread that calls `follow`; `statuses` tries again what failed, and belongs in the same.
    """

    def __init__(self, selection: Selection, *, devices: bool, guest_ports: bool) -> None:
        self._targets = Targets(selection, devices=devices, guest_ports=guest_ports)
        self._lock = threading.Lock()
        self._counters: dict[int, FloodCounter] = {}
        self._netlink: Netlink | None = None
        self._sockets = 0
        self._idle: list[FloodSocket] = []
        self._denied = False

    def follow(self, links: Mapping[int, Link], guests: Guests) -> None:
        """Make sockets and filters agree with links and guests."""
        # Without the lock: guests have one of their own, whose holder may wait for this one.
        targets = self._targets.follow(links, guests)
        with self._lock:
            for index, counter in list(self._counters.items()):
                target = targets.get(index)
                if (
                    target is None
                    or target.direction is not counter.target.direction
                    or counter.gone()
                ):
                    self._end(index)
            for index, target in targets.items():
                if index in self._counters:
                    self._aim(self._counters[index], target)
                else:
                    self._counters[index] = FloodCounter(target)
            self._mend()
        self._release()

    def statuses(self) -> list[FloodStatus]:
        """Each device's figure; one that cannot be counted is tried again first, if it is time."""
        found: list[FloodStatus] = []
        with self._lock:
            self._mend()
            for counter in self._counters.values():
                counter.read()
                counted = counter.socket is not None and not counter.gone()
                found.append(FloodStatus(counter.target.name, counter.frames if counted else None))
        return found

    def close(self) -> None:
        """Count no longer."""
        with self._lock:
            for index in list(self._counters):
                self._end(index)
            if self._netlink is not None:
                self._netlink.close()
                self._netlink = None
        self._release()

    def _aim(self, counter: FloodCounter, target: Target) -> None:
        counter.target = target
        if target.refusal:
            self._drop(counter)

    def _end(self, index: int) -> None:
        self._drop(self._counters.pop(index))

    def _drop(self, counter: FloodCounter) -> None:
        if counter.socket is not None:
            counter.read()
            self._idle.append(counter.socket)
            self._sockets -= 1
            counter.socket = None

    def _release(self) -> None:
        """Close what was dropped; without the lock, as it takes long."""
        with self._lock:
            idle, self._idle = self._idle, []
        if idle:
            close_all(idle)

    def _mend(self) -> None:
        """Open what is not open and can be; tell of each device once that it is, or why not."""
        room = places()
        denied = self._denied
        news: dict[str, list[str]] = {}
        for index, counter in self._counters.items():
            problem = self._tend(index, counter, room)
            if problem != counter.problem:
                counter.problem = problem
                news.setdefault(problem, []).append(counter.target.name)
        if denied:  # and told of
            news.pop(_DENIED, None)
        for problem, names in news.items():
            _tell(problem, names)

    def _tend(self, index: int, counter: FloodCounter, room: int) -> str:
        """Make a counter's socket what it should be; why there is none, or an empty string."""
        hindrance = self._hindrance(counter, room)
        if hindrance:
            return hindrance
        try:
            known = self._known(index, counter.target)
            if len(known) > GUEST_MACS:
                self._drop(counter)
                return CROWDED
            if counter.socket is None:
                counter.open(index, known)
                self._sockets += 1
            counter.expect(known)
        except PermissionError:
            self._denied = True
            return _DENIED
        except (OSError, KernelError) as error:
            self._drop(counter)
            counter.postpone()
            return str(error.strerror if isinstance(error, OSError) else error)
        return ""

    def _hindrance(self, counter: FloodCounter, room: int) -> str:
        """Why a counter is not to have a socket, or not yet."""
        if counter.socket is not None:
            return ""
        if counter.target.refusal:
            return counter.target.refusal
        if self._denied:
            return _DENIED
        if self._sockets >= room:
            return f"no more than {room} can be counted on (half of the file descriptors at most)"
        return counter.problem if time.monotonic() < counter.retry_at else ""

    def _known(self, index: int, target: Target) -> frozenset[int]:
        """MACs whose frames are no flood there; KernelError."""
        if target.direction is Direction.OUT:
            return target.known
        if self._netlink is None:
            self._netlink = Netlink()
        return read_unicast_list(self._netlink, index)


def _tell(problem: str, names: list[str]) -> None:
    shown = ", ".join(names[:_NAMES_SHOWN])
    if len(names) > _NAMES_SHOWN:
        shown += f" and {len(names) - _NAMES_SHOWN} more"
    if problem:
        log.warning("unknown unicast frames are not counted on %s: %s", shown, problem)
    else:
        log.info("counting unknown unicast frames on %s", shown)
