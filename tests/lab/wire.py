"""A host's device as a wire to send frames on and to hear them from, for actors that play hosts."""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Self

from tests.lab.segment import Host

ETH_P_ALL = 3
OUTGOING = 4


class Actor:
    """A thread that hears a host's frames and does things at their time.

    `with Actor(host) as actor:`; what it does is said by `heard`, called with every frame that
    arrives, and by `after`. An error ends it, and is raised again when the block ends.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.mac = host.mac
        self._tasks: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._error: BaseException | None = None
        self._wake, self._waker = socket.socketpair()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        with self.host.namespace.entered():
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.wire.bind((self.host.device, ETH_P_ALL))
            self.opened()
        self.listen(self.wire, self._frame)
        self._selector.register(self._wake, selectors.EVENT_READ, lambda: None)
        self._stopping = False
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._waker.send(b"x")
        self.thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()
        self._waker.close()
        self.check()

    def check(self) -> None:
        """Raise what has ended it, if anything has."""
        if self._error is not None:
            raise self._error

    def opened(self) -> None:
        """Open further sockets, inside the host's namespace."""

    def heard(self, frame: bytes) -> None:
        """A frame has arrived."""

    def listen(self, sock: socket.socket, reader: Callable[[], None]) -> None:
        """Call `reader` whenever `sock` can be read."""
        self._selector.register(sock, selectors.EVENT_READ, reader)

    def send(self, *frames: bytes) -> None:
        """Put frames on the wire."""
        for frame in frames:
            self.wire.send(frame)

    def after(self, seconds: float, task: Callable[[], None]) -> None:
        """Do something later, in the actor's own thread."""
        with self._lock:
            heapq.heappush(self._tasks, (time.monotonic() + seconds, next(self._numbers), task))
        self._waker.send(b"x")

    def _frame(self) -> None:
        frame, address = self.wire.recvfrom(65_536)
        if address[2] != OUTGOING:
            self.heard(frame)

    def _run(self) -> None:
        try:
            while not self._stopping:
                for key, _ in self._selector.select(self._timeout()):
                    if key.fileobj is self._wake:
                        self._wake.recv(4096)
                    else:
                        key.data()
                self._due()
        except BaseException as error:
            self._error = error

    def _timeout(self) -> float | None:
        with self._lock:
            return max(0.0, self._tasks[0][0] - time.monotonic()) if self._tasks else None

    def _due(self) -> None:
        while True:
            with self._lock:
                if not self._tasks or self._tasks[0][0] > time.monotonic():
                    return
                task = heapq.heappop(self._tasks)[2]
            task()
