"""Unknown unicast frames of many devices, counted in the kernel as devices and guests change."""

from __future__ import annotations

import logging
import resource
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..kernel.links import Link
from ..limits import FLOOD_SOCKETS
from .devices import Selection
from .flood_socket import FloodSocket, close_all
from .flood_targets import Guests, Target, Targets
from .roster import FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS

log = logging.getLogger(__name__)

_UNTRIED = "not tried yet"
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


@dataclass(slots=True, eq=False)
class _Counter:
    """One device's figure, for as long as the device is there; its socket may come and go.

    problem  why there is no socket, as was told last; empty when there is one
    """

    target: Target
    problem: str = _UNTRIED
    socket: FloodSocket | None = None
    frames: int = 0
    retry_at: float = 0.0
    retry_after: float = FIRST_RETRY_SECONDS

    def gone(self) -> bool:
        """Tell whether the device that the socket was opened on is no more."""
        return self.socket is not None and not self.socket.bound()

    def read(self) -> None:
        """Add what the socket has counted, if there is one."""
        if self.socket is not None:
            self.frames += self.socket.frames()

    def postpone(self) -> None:
        """Let the socket be opened again later, each time twice as late."""
        self.retry_at = time.monotonic() + self.retry_after
        self.retry_after = min(2 * self.retry_after, LAST_RETRY_SECONDS)


class FloodWatch:
    """Counts unknown unicast frames in the kernel by packet sockets that are never read.

    devices      on captured devices: frames for MACs that are not this host's, which a switch
                 sends here because it does not know where else to (or, on a mirror port, on
                 purpose). The devices become promiscuous.
    guest_ports  on the ports that bridges give to guests: frames sent out for MACs that are not
                 behind the port. Of a guest whose MAC is not known, because it has said nothing
                 yet, those for itself count too: the bridge floods them.

    From any thread, but `follow` by one at a time. Sockets belong to the network namespace of the
    thread that calls `follow`; `statuses` tries again what failed, and belongs in the same.
    """

    def __init__(self, selection: Selection, *, devices: bool, guest_ports: bool) -> None:
        self._targets = Targets(selection, devices=devices, guest_ports=guest_ports)
        self._lock = threading.Lock()
        self._counters: dict[int, _Counter] = {}
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
                    self._counters[index] = _Counter(target)
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
        self._release()

    def _aim(self, counter: _Counter, target: Target) -> None:
        """Go on counting with another name or other MACs."""
        before, counter.target = counter.target, target
        if counter.socket is None:
            return
        if target.refusal:
            self._drop(counter)
        elif target.known != before.known:
            try:
                counter.socket.expect(target.known)
            except OSError:  # the old filter stands, and is wrong by now
                self._drop(counter)

    def _end(self, index: int) -> None:
        self._drop(self._counters.pop(index))

    def _drop(self, counter: _Counter) -> None:
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
            problem = "" if counter.socket else self._open(index, counter, room)
            if problem != counter.problem:
                counter.problem = problem
                news.setdefault(problem, []).append(counter.target.name)
        if denied:  # and told of
            news.pop(_DENIED, None)
        for problem, names in news.items():
            _tell(problem, names)

    def _open(self, index: int, counter: _Counter, room: int) -> str:
        """Open a counter's socket if it is time; why there is none, or an empty string."""
        hindrance = self._hindrance(counter, room)
        if hindrance:
            return hindrance
        target = counter.target
        try:
            counter.socket = FloodSocket(index, target.direction, target.known)
        except PermissionError:
            self._denied = True
            return _DENIED
        except OSError as error:
            counter.postpone()
            return str(error.strerror)
        self._sockets += 1
        counter.retry_after = FIRST_RETRY_SECONDS
        return ""

    def _hindrance(self, counter: _Counter, room: int) -> str:
        if counter.target.refusal:
            return counter.target.refusal
        if self._denied:
            return _DENIED
        if self._sockets >= room:
            return f"no more than {room} can be counted on (half of the file descriptors at most)"
        return counter.problem if time.monotonic() < counter.retry_at else ""


def _tell(problem: str, names: list[str]) -> None:
    shown = ", ".join(names[:_NAMES_SHOWN])
    if len(names) > _NAMES_SHOWN:
        shown += f" and {len(names) - _NAMES_SHOWN} more"
    if problem:
        log.warning("unknown unicast frames are not counted on %s: %s", shown, problem)
    else:
        log.info("counting unknown unicast frames on %s", shown)
