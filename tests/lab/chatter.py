"""Hosts that talk: real ARP requests in an address's own name, from the kernel's own address."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from typing import Self

from tests.lab.namespace import stop
from tests.lab.segment import Host


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
