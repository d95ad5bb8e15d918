"""One device's count of unknown unicast frames, which outlives the sockets that count."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .device import FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS
from .flood_socket import Direction, FloodSocket
from .flood_targets import Target

UNTRIED = "not tried yet"


@dataclass(slots=True, eq=False)
class FloodCounter:
    """A figure for as long as its device is there.

    problem   why there is no socket, as was told last; empty when there is one
    known     MACs that the socket's filter takes for no flood
    retry_at  when a socket may be opened, on the monotonic clock
    """

    target: Target
    problem: str = UNTRIED
    socket: FloodSocket | None = None
    known: frozenset[int] = frozenset()
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

    def open(self, index: int, known: frozenset[int]) -> None:
        """Begin to count, or go on after a pause; OSError."""
        self.socket = FloodSocket(index, self.target.direction, known)
        self.known = known
        self.retry_after = FIRST_RETRY_SECONDS

    def expect(self, known: frozenset[int]) -> None:
        """Go on with other MACs; OSError.

        What a captured device has counted since the last reading may have been for a MAC that
        is told of only now, on a macvlan that came up in a container: that is let go. Guests are
        told of within a tenth of a second.
        """
        if self.socket is None or known == self.known:
            return
        self.socket.expect(known)
        if self.target.direction is Direction.TO_OTHERS and not known <= self.known:
            self.socket.frames()
        self.known = known

    def postpone(self) -> None:
        """Let the socket be opened again later, each time twice as late."""
        self.retry_at = time.monotonic() + self.retry_after
        self.retry_after = min(2 * self.retry_after, LAST_RETRY_SECONDS)
