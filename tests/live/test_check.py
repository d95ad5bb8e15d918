"""`l2exporter check` as users run it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.crowd import crowded
from tests.lab.exporter import COMMAND
from tests.lab.hypervisor import FAMILIES, Hypervisor
from tests.lab.namespace import Namespace, veth
from tests.lab.netlink import limit_learned
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root

WITHOUT_NET_RAW = ("setpriv", "--bounding-set=-net_raw", *COMMAND)


@pytest.fixture(scope="module")
def here() -> Iterator[Namespace]:
    """A host with a bridge, a guest on it, and a device that is down."""
    with Namespace() as made:
        veth(made, "guest0", made, "guest0p")
        made.bridge("br0", "guest0")
        made.ip("link", "add", "br1", "type", "bridge")
        yield made


def report(
    here: Namespace, *flags: str, command: tuple[str, ...] = COMMAND
) -> tuple[int, dict[str, str]]:
    """Exit status, and the lines of each section by its title."""
    process = here.popen(
        *command, "check", *flags, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = process.communicate(timeout=20)
    sections = (section.partition("\n") for section in said.decode().split("\n\n"))
    return process.returncode, {title: lines for title, _, lines in sections}


def check(
    here: Namespace, *flags: str, command: tuple[str, ...] = COMMAND
) -> tuple[int, dict[str, str]]:
    """Exit status, and the rest of each row by its subject; without bridges, who have no rows."""
    status, sections = report(here, *flags, command=command)
    sections.pop("bridges", None)
    lines = "\n".join(sections.values()).splitlines()
    rows = (line.split(maxsplit=1) for line in lines if line.startswith("  "))
    return status, dict(rows)


def test_it_tells_which_devices_are_captured_and_why_others_are_not(here: Namespace) -> None:
    status, rows = check(here)
    assert status == 0
    devices = {name: " ".join(rows[name].split()) for name in ("br0", "guest0", "br1", "lo")}
    assert devices == {
        "br0": "ok captured",
        "guest0": "ok not captured: guest port of br0",
        "br1": "ok not captured: down",
        "lo": "ok not captured: not an Ethernet device",
    }
    assert rows["CAP_NET_RAW"].split() == ["ok", "held"]
    assert rows["packet"].split() == ["ring", "ok", "TPACKET_V2", "with", "a", "filter"]


def test_without_the_capability_it_says_what_to_do(here: Namespace) -> None:
    status, rows = check(here, command=WITHOUT_NET_RAW)
    assert status == 1
    assert rows["CAP_NET_RAW"].startswith("MISSING  missing")
    assert "--cap-add=NET_RAW" in rows["CAP_NET_RAW"]
    assert "see CAP_NET_RAW" in rows["packet"]
    assert rows["br0"].split() == ["ok", "captured"]


def test_a_device_that_is_not_there_or_cannot_be_had_is_missing(here: Namespace) -> None:
    status, rows = check(here, "--capture.device=br0", "--capture.device=lo", "--capture.device=x0")
    assert status == 1
    assert rows["br0"].split() == ["ok", "captured"]
    assert rows["lo"].startswith("MISSING  not captured: not an Ethernet device")
    assert rows["x0"].split() == [
        *("MISSING", "there", "is", "no", "such", "device"),
        *("->", "see", "ip", "link"),
    ]


def test_with_nothing_to_capture_it_says_how_to(here: Namespace) -> None:
    status, rows = check(here, "--capture.device-exclude=.*")
    assert status == 1
    assert rows["(all)"].startswith("MISSING")
    assert "ip link set DEV up" in rows["(all)"]


def bridges(here: Namespace) -> dict[str, tuple[str, str]]:
    """(mark, lines in one) of each paragraph about bridges by its subject; all are advice."""
    status, sections = report(here)
    assert status == 0
    paragraphs = re.split(r"^  (?=\S)", sections.get("bridges", ""), flags=re.MULTILINE)[1:]
    found = (re.split(r" +(ok|advice) +", paragraph, maxsplit=1) for paragraph in paragraphs)
    return {subject: (mark, " ".join(rest.split())) for subject, mark, rest in found}


def remedy(host: Hypervisor, subject: str) -> str:
    """The one command that this paragraph advises, as it stands there."""
    mark, rest = bridges(host.namespace)[subject]
    assert mark == "advice"
    return rest.partition("Remedy: ")[2]


WORDS = {"ipv4": "ARP entry", "ipv6": "IPv6 neighbour entry"}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_table_too_empty_to_be_collected_lets_a_quiet_host_be_flooded(
    host: Hypervisor, family: str
) -> None:
    number = FAMILIES[family]
    expected = re.compile(
        rf"br0 forgets a MAC after 300 s; this host keeps an idle {WORDS[family]} without limit"
        r" because its table holds (\d+) of (\d+) entries;"
        r" a frame to a quiet host will be flooded\."
        rf" Remedy: sysctl -w net\.ipv{number}\.neigh\.default\.gc_thresh1=0 in the initial network"
        r" namespace \(then 60 to 75 s\)"
        r" or ip link set dev br0 type bridge ageing_time 8640000 \(a day: .*\)"
    )
    mark, rest = bridges(host.namespace)[f"br0 {family}"]
    found = expected.fullmatch(rest)
    assert found
    assert mark == "advice"
    assert int(found[1]) < int(found[2])


@pytest.mark.parametrize("family", FAMILIES)
def test_what_it_advises_mends_a_bridge_that_forgets_too_soon(
    host: Hypervisor, family: str
) -> None:
    with crowded(host.namespace):
        host.ageing(30)
        _, rest = bridges(host.namespace)[f"br0 {family}"]
        assert rest.startswith(
            f"br0 forgets a MAC after 30 s; this host keeps an idle {WORDS[family]} for 60 to 75 s"
        )
        command = remedy(host, f"br0 {family}")
        assert command.startswith("ip link set dev br0 type bridge ageing_time ")
        host.namespace.run(*command.split())
        mark, rest = bridges(host.namespace)[f"br0 {family}"]
    assert mark == "ok"
    assert rest.startswith("br0 forgets a MAC after 76 s; this host keeps an idle")
    assert rest.endswith("it asks for a quiet host anew before br0 forgets it.")
    host.ageing(300)


def test_a_bridge_without_ageing_is_said_to_flood_always(host: Hypervisor) -> None:
    host.ageing(0)
    _, rest = bridges(host.namespace)["br0 ipv4"]
    assert rest.startswith("br0 remembers no MAC, its ageing time is 0; every frame is flooded.")
    host.ageing(300)


def test_a_neighbour_that_the_bridge_forgot_is_named_until_it_speaks(host: Hypervisor) -> None:
    guest, other = host.guests
    for one in (guest, other):
        host.ask(one, "ipv4")
    assert "br0 ipv4 now" not in bridges(host.namespace)
    host.namespace.run("bridge", "fdb", "del", guest.mac, "dev", guest.port, "master")
    mark, rest = bridges(host.namespace)["br0 ipv4 now"]
    assert mark == "advice"
    assert re.fullmatch(
        "br0 does not know 1 of this host's neighbours; the next frame to each is flooded:"
        rf" 192\.0\.2\.1 \({guest.mac}, (reachable|stale|delay|probe)\)",
        rest,
    )
    guest.send()
    wait_until(lambda: "br0 ipv4 now" not in bridges(host.namespace), "it is known again")


def test_a_port_that_learns_nothing_is_named_until_it_does_or_is_told(host: Hypervisor) -> None:
    guest = host.guests[0]
    host.namespace.run("bridge", "link", "set", "dev", guest.port, "learning", "off")
    command = remedy(host, "br0 ports")
    assert command == f"bridge link set dev {guest.port} learning on"
    entry = (guest.mac, "dev", guest.port, "master", "static")
    host.namespace.run("bridge", "fdb", "replace", *entry)
    assert "br0 ports" not in bridges(host.namespace)
    host.namespace.run("bridge", "fdb", "del", *entry)
    assert "br0 ports" in bridges(host.namespace)
    host.namespace.run(*command.split())
    assert "br0 ports" not in bridges(host.namespace)


def test_a_table_at_its_limit_is_named(host: Hypervisor) -> None:
    one, two = host.guests
    one.send()
    two.send()
    limit_learned(host.namespace, "br0", 2)
    _, rest = bridges(host.namespace)["br0 table"]
    assert rest.startswith("br0 has learned 2 of 2 MACs;")
    limit_learned(host.namespace, "br0", 3)
    assert "br0 table" not in bridges(host.namespace)
    limit_learned(host.namespace, "br0", 0)


def test_without_a_bridge_there_is_no_word_of_bridges() -> None:
    with Namespace() as plain:
        status, sections = report(plain)
    assert list(sections) == ["devices", "capabilities", "kernel"]
    assert status == 1
