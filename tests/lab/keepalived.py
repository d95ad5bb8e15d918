"""A real VRRP failover: two keepalived 2.2 on two hosts of a segment, sharing an address."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.lab.namespace import stop
from tests.lab.segment import Host
from tests.lab.wait import wait_until

ROUTER_ID = 51
VMAC = f"00:00:5e:00:01:{ROUTER_ID:02x}"
"""RFC 5798, section 7.3: the virtual router's hardware address."""

_CONFIG = """\
global_defs {{
    vrrp_version 3
    vrrp_garp_master_repeat {repeat}
    vrrp_garp_master_delay 1
}}
vrrp_instance lab {{
    interface {device}
    virtual_router_id {router_id}
    state BACKUP
    {preempt}
    priority {priority}
    advert_int 0.1
    {vmac}
    virtual_ipaddress {{
        {vip}/24
    }}
}}
"""


class Failover:
    """`with Failover(one, two, "192.0.2.100") as vrrp:` and `one` holds the address.

    Whoever takes over sends GARP_BURST gratuitous requests at once, and again a second later. The
    first master wins by its priority. Without `use_vmac` each claims the address with its own
    hardware address: a failover is a move. With it both use VMAC, on a macvlan device of their
    own: no move at all.

    vip    the shared address
    macs   the hardware address of `first` and `second` for it
    """

    GARP_BURST = 5

    def __init__(self, first: Host, second: Host, vip: str, *, use_vmac: bool = False) -> None:
        self.vip = vip
        self.macs = (VMAC, VMAC) if use_vmac else (first.mac, second.mac)
        self._hosts = (first, second)
        self._use_vmac = use_vmac
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            first, second = self._hosts
            self._master = self._start(first, 200)
            stack.callback(stop, self._master)
            wait_until(lambda: self.held_by(first), "the first keepalived is master")
            stack.callback(stop, self._start(second, 100))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fail(self) -> None:
        """End the master; return when the other one holds the address."""
        stop(self._master)
        wait_until(lambda: self.held_by(self._hosts[1]), "the second keepalived takes over")

    def recover(self) -> None:
        """Start the first again, which claims what is its own; return when it holds the address."""
        self._stack.callback(stop, self._start(self._hosts[0], 200, preempts=True))
        wait_until(lambda: self.held_by(self._hosts[0]), "the first keepalived takes over again")

    def held_by(self, host: Host) -> bool:
        """Whether the address is on one of the host's devices."""
        return f" {self.vip}/" in host.namespace.ip("-4", "-o", "address")

    def _start(
        self, host: Host, priority: int, *, preempts: bool = False
    ) -> subprocess.Popen[bytes]:
        base = self._home / host.namespace.name
        config = base.with_suffix(".conf")
        config.write_text(
            _CONFIG.format(
                repeat=self.GARP_BURST,
                device=host.device,
                router_id=ROUTER_ID,
                priority=priority,
                preempt="" if preempts else "nopreempt",
                vmac="use_vmac" if self._use_vmac else "",
                vip=self.vip,
            )
        )
        return host.namespace.popen(
            *("keepalived", "--dont-fork", "--vrrp", "--log-console"),
            *("--use-file", str(config)),
            *("--pid", f"{base}.pid", "--vrrp_pid", f"{base}-vrrp.pid"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
