from __future__ import annotations

import pytest

from tests.lab import frames
from tests.lab.hypervisor import ADDRESS, FAMILIES, Hypervisor
from tests.lab.netlink import authenticate_by_mac, limit_learned
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root


def known(host: Hypervisor) -> str:
    return host.namespace.run("bridge", "fdb", "show", "dynamic")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_quiet_guest_is_forgotten_by_the_bridge_and_not_by_the_host(family: str) -> None:
    with Hypervisor(2) as host:
        quiet, bystander = host.guests
        host.ageing(1)
        host.ask(quiet, family)
        assert quiet.mac in known(host)
        wait_until(lambda: quiet.mac not in known(host), "the bridge forgets")
        neighbor = f"{quiet.address(family)} dev br0 lladdr {quiet.mac} STALE"
        wait_until(lambda: neighbor in host.namespace.ip("neigh"), "the host is unsure")
        with quiet.receiving(family) as service, bystander.listening() as listener:
            host.tell(quiet, family)
            host.tell(quiet, family)
            assert service.recv(64) == service.recv(64) == b"quiet"
            assert listener.heard(quiet.mac) == 2
        assert quiet.mac not in known(host)


def test_a_guest_that_speaks_is_learned_and_answered_by_nobody() -> None:
    with Hypervisor(2) as host:
        one, two = host.guests
        with one.listening() as listener:
            two.send(count=3)
            two.send(one.mac, source="02:00:00:00:00:99")
            wait_until(lambda: "02:00:00:00:00:99 dev p2" in known(host), "it is learned")
            assert listener.heard(frames.BROADCAST) == 3
            assert listener.heard(one.mac) == 1
        assert two.mac in known(host)
        assert ADDRESS["ipv4"] in host.namespace.ip("address")


def test_what_iproute2_does_not_know_can_be_set() -> None:
    with Hypervisor(2) as host:
        one, two = host.guests
        limit_learned(host.namespace, "br0", 3)
        for number in range(6):
            one.send(source=f"02:00:00:00:01:{number:02x}")
        assert len(known(host).splitlines()) == 3
        authenticate_by_mac(host.namespace, two.port, on=True)
        limit_learned(host.namespace, "br0", 0)
        two.send(source="02:00:00:00:02:00")
        wait_until(lambda: "02:00:00:00:02:00 dev p2" in known(host), "it is noted")
        with pytest.raises(OSError, match="not supported"):
            limit_learned(host.namespace, two.port, 3)
