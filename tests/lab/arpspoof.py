"""A real spoofer: arpspoof of dsniff 2.4, which claims an address every two seconds."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from typing import Self

from tests.lab.segment import Host


class Arpspoof:
    """`with Arpspoof(host, "192.0.2.1"):` tells everyone that `host` is 192.0.2.1.

    With `target` it tells that host alone. It sends plain ARP replies that nobody asked for. At the
    end of the block it is killed, if `end` has not ended it as its user would.
    """

    def __init__(self, host: Host, address: str, *, target: str | None = None) -> None:
        self._host = host
        self._options = ("-i", host.device, *(("-t", target) if target else ()), address)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._process = self._host.namespace.popen(
            "arpspoof", *self._options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._stack.callback(self._process.wait)
        self._stack.callback(self._process.kill)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def end(self) -> None:
        """End it by SIGTERM: it tells everyone five times in as many seconds who is who."""
        self._process.terminate()
        self._process.wait()
