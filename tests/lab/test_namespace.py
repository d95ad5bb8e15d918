from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.lab.namespace import Namespace, stop, veth

pytestmark = pytest.mark.root


def test_it_is_removed_with_the_processes_started_in_it() -> None:
    with Namespace() as namespace:
        sleeper = namespace.popen("sleep", "600")
        assert namespace.name in subprocess.check_output(["ip", "netns"], text=True)
    assert sleeper.returncode is not None
    assert namespace.name not in subprocess.check_output(["ip", "netns"], text=True)


def test_a_process_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.lab.namespace.STOP_SECONDS", 0.1)
    with Namespace() as namespace:
        ignore = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
        process = namespace.popen("sh", "-c", ignore, stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == b"ready\n"
        assert stop(process) == -9


def test_a_socket_opened_inside_belongs_to_it_and_the_thread_comes_back() -> None:
    home = Path("/proc/thread-self/ns/net").readlink()
    with Namespace() as namespace:
        with namespace.entered():
            assert [name for _, name in socket.if_nameindex()] == ["lo"]
            assert Path("/proc/thread-self/ns/net").readlink() != home
        assert Path("/proc/thread-self/ns/net").readlink() == home
        with pytest.raises(KeyError), namespace.entered():
            raise KeyError
        assert Path("/proc/thread-self/ns/net").readlink() == home


def test_a_failing_command_tells_what_it_said() -> None:
    with Namespace() as namespace:
        with pytest.raises(RuntimeError, match="Cannot find device"):
            namespace.ip("link", "set", "nosuch", "up")
        assert namespace.run("false", check=False) == ""


def test_a_batch_is_one_process_for_many_commands() -> None:
    with Namespace() as namespace:
        namespace.batch("ip", (f"link add br{n} type bridge" for n in range(3)))
        assert namespace.ip("-br", "link").count("br") == 3
        with pytest.raises(RuntimeError, match=r"Command failed .*:2"):
            namespace.batch("ip", ["link delete br0", "link delete br0"])


def test_a_wire_between_two_namespaces_carries_packets() -> None:
    with Namespace() as one, Namespace() as two:
        veth(one, "eth0", two, "eth0")
        one.address("eth0", "192.0.2.1/24")
        two.address("eth0", "192.0.2.2/24")
        assert "1 received" in one.run("ping", "-c1", "-W5", "192.0.2.2")
        assert one.mac("eth0") in two.ip("neigh")


def test_a_bridge_forwards_at_once() -> None:
    with Namespace() as switch, Namespace() as one, Namespace() as two:
        veth(switch, "p1", one, "eth0", ("02:00:00:00:00:a1", "02:00:00:00:00:01"))
        veth(switch, "p2", two, "eth0", ("02:00:00:00:00:a2", "02:00:00:00:00:02"))
        switch.bridge("br0", "p1", "p2")
        one.address("eth0", "192.0.2.1/24")
        two.address("eth0", "192.0.2.2/24")
        assert "1 received" in one.run("ping", "-c1", "-W5", "192.0.2.2")


def test_names_do_not_clash_between_runs() -> None:
    first, second = Namespace(), Namespace()
    assert first.name != second.name
    assert first.name.startswith(f"l2t-{os.getpid()}-")
