"""A real spoofer: arpspoof of dsniff 2.4, which claims an address every two seconds."""

from __future__ import annotations

import signal
import subprocess
from contextlib import ExitStack
from typing import Self

from tests.lab.segment import Host


class Arpspoof:
    """`with Arpspoof(host, "192.0.2.1"):` tells everyone that `host` is 192.0.2.1.

    With `target` it tells that host alone. It sends plain ARP replies that nobody asked for. At its
    end it is killed: by SIGTERM it would put right what it can, for five seconds.
    """

    def __init__(self, host: Host, address: str, *, target: str | None = None) -> None:
        self._host = host
        self._options = ("-i", host.device, *(("-t", target) if target else ()), address)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        process = self._host.namespace.popen(
            "arpspoof", *self._options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.send_signal, signal.SIGKILL)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
