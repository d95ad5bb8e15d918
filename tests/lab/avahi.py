"""A real mDNS responder, avahi-daemon 0.8, on a host of a segment."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from xml.sax.saxutils import escape

from tests.lab.namespace import stop
from tests.lab.segment import Host
from tests.lab.wait import wait_until

_CONFIG = """\
[server]
host-name={name}
allow-interfaces={device}
enable-dbus=no
[publish]
publish-hinfo=no
publish-workstation=no
"""
_SERVICE = """\
<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
<name>{name}</name><service><type>{type}</type><port>{port}</port></service>
</service-group>
"""

_START = """\
mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon &&
mount --bind "$1" /etc/avahi/services &&
exec avahi-daemon --no-chroot --no-drop-root --no-rlimits --file "$2"
"""
"""Its places for its state and for services are fixed. `ip netns exec` has made a mount namespace
of its own, so these mounts are nobody else's."""


class Avahi:
    """`with Avahi(host, "lab", {"50-37-71-72 Avahi": "_sleep-proxy._udp"}):` has announced all.

    name      the host's, before `.local`
    services  type of each by its instance name
    """

    PORT = 5000

    def __init__(self, host: Host, name: str, services: Mapping[str, str]) -> None:
        self._host = host
        self._name = name
        self._services = services
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._log = home / "log"
            log = stack.enter_context(self._log.open("wb"))
            process = self._host.namespace.popen(
                *("sh", "-c", _START, "avahi", *self._write(home)), stdout=log, stderr=log
            )
            stack.callback(stop, process)

            def serves() -> bool:
                if process.poll() is not None:
                    raise RuntimeError(f"avahi-daemon ended: {self.log()}")
                services = self.log().count("successfully established")
                return "startup complete" in self.log() and services == len(self._services)

            wait_until(serves, "avahi-daemon has established its services")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    def _write(self, home: Path) -> tuple[str, str]:
        services, config = home / "services", home / "conf"
        services.mkdir()
        for number, (name, kind) in enumerate(self._services.items()):
            text = _SERVICE.format(name=escape(name), type=kind, port=self.PORT)
            (services / f"{number}.service").write_text(text)
        config.write_text(_CONFIG.format(name=self._name, device=self._host.device))
        return str(services), str(config)
