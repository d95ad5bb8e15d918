"""A real DHCP server (dnsmasq 2.90) and real clients (busybox's udhcpc) on hosts of a segment."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.lab.namespace import stop
from tests.lab.segment import Host
from tests.lab.wait import wait_until

_SCRIPT = """\
#!/bin/sh
[ "$1" = bound ] && exec ip address add "$ip/24" dev "$interface"
exit 0
"""


class Dnsmasq:
    """`with Dnsmasq(host, "192.0.2.100"):` gives this one address to whoever asks.

    It keeps leases in memory only: with `restart` it has forgotten whom it gave the address to.
    It names `options`, as "option:dns-server,192.0.2.53", and by default itself as the router.
    """

    def __init__(self, host: Host, address: str, *options: str) -> None:
        self._host = host
        self._address = address
        self._options = [f"--dhcp-option={option}" for option in options]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._log = stack.enter_context((self._home / "log").open("wb"))
            self._process = self._start()
            stack.callback(lambda: stop(self._process))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def restart(self) -> None:
        """End it and start it anew."""
        stop(self._process)
        self._process = self._start()

    def log(self) -> str:
        """What it has said so far, of all its runs."""
        return (self._home / "log").read_text()

    def _start(self) -> subprocess.Popen[bytes]:
        started = self.log().count(" started,")
        process = self._host.namespace.popen(
            *("dnsmasq", "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null"),
            *("--port=0", "--user=root", f"--pid-file={self._home}/pid", "--leasefile-ro"),
            *("--log-dhcp", f"--interface={self._host.device}", "--bind-interfaces"),
            *(f"--dhcp-range={self._address},{self._address},2m", *self._options),
            stderr=self._log,
        )

        def serves() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"dnsmasq ended: {self.log()}")
            return self.log().count(" started,") > started

        wait_until(serves, "dnsmasq serves")
        return process


def lease(host: Host, *flags: str, device: str | None = None) -> str:
    """Ask for an address, give it to the device, and end: udhcpc's words.

    RuntimeError with them where there is none to be had.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False) as script:
        script.write(_SCRIPT)
    path = Path(script.name)
    path.chmod(0o755)
    options = ("-f", "-n", "-q", "-t", "5", "-T", "2", "-i", device or host.device)
    try:
        return host.namespace.run("udhcpc", *options, "-s", str(path), *flags)
    finally:
        path.unlink()
