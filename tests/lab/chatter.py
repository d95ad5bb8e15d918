"""Hosts that talk: they ask for others in an address's own name, once a second."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from typing import Self

from tests.lab import ndp
from tests.lab.namespace import stop
from tests.lab.segment import Host
from tests.lab.wire import Actor


class Chatter:
    """`with Chatter(host, "192.0.2.1"):` the host asks everyone for an address, once a second.

    source  the address that it asks in, one of the host's; its first by default
    """

    def __init__(self, host: Host, target: str, *, source: str | None = None) -> None:
        self._host = host
        self._options = ("-b", "-I", host.device, "-s", source or host.ip, target)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        process = self._host.namespace.popen(
            "arping", *self._options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._stack.callback(stop, process)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class Talker(Actor):
    """The same for IPv6, as an actor: `own` need not be an address of the host's kernel."""

    def __init__(self, host: Host, own: str, target: str) -> None:
        super().__init__(host)
        self._own, self._target = own, target

    def opened(self) -> None:
        self.after(0.0, self._ask)

    def _ask(self) -> None:
        self.send(ndp.solicitation(self.mac, self._own, self._target))
        self.after(1.0, self._ask)
