"""A proxy is made to claim the router: never a sleeper's hold, and told of where it is guarded."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.captures import abuse
from tests.captures.abuse import ROUTER, ROUTER_IP
from tests.captures.macbook import PROXY
from tests.captures.sleep_proxy import Trace
from tests.captures.watch import Guard, Watch, in_file
from tests.replaying import replay

FILE = Path(__file__).with_name("sleep_proxy_abuse.pcap")
STUBBORN = {"plain": abuse.plain(), "mirror": abuse.mirror()}
MEEK = {"plain": abuse.plain(gives_in=True), "mirror": abuse.mirror(gives_in=True)}
GUARD: Guard = (ip_address(ROUTER_IP), int(ROUTER.replace(":", ""), 16), "gateway")
SAID = {"plain": 2, "mirror": 3}
"""Claims in words: two announcements by mDNS, and the registration where it is seen."""


def causes(watch: Watch) -> set[str]:
    return {cause for _, _, cause in watch.journal.settled}


@pytest.fixture(params=["plain", "mirror"])
def view(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("traces", [STUBBORN, MEEK], ids=["goes on", "gives in"])
def test_where_it_is_guarded_every_move_is_suspected_and_every_claim_counted(
    view: str, traces: dict[str, Trace], tmp_path: Path
) -> None:
    watch = Watch([GUARD]).take(in_file(traces[view], tmp_path))
    assert causes(watch) == {"suspected_spoofing"}
    moves = len(watch.journal.lines)
    assert watch.samples("l2_protected_address_moves_total", "ip", "role", "cause") == {
        (ROUTER_IP, "gateway", "suspected_spoofing"): moves
    }
    claims = SAID[view] + (4 if traces is STUBBORN else 1)
    told = watch.samples("l2_protected_address_claims_total", "ip", "role")
    assert told == {(ROUTER_IP, "gateway"): claims}
    last = watch.samples("l2_protected_address_last_claim_info", "ip", "mac")
    assert last == {(ROUTER_IP, PROXY): 1}
    info = watch.samples("l2_protected_address_info", "ip", "mac", "role")
    assert info == {(ROUTER_IP, ROUTER, "gateway"): 1}


def test_unguarded_it_is_a_duplicate_address_while_both_go_on(view: str, tmp_path: Path) -> None:
    watch = Watch().take(in_file(STUBBORN[view], tmp_path))
    assert causes(watch) == {"duplicate_address"}
    assert len(watch.journal.lines) == 6


def test_unguarded_nothing_is_claimed_of_a_proxy_that_gives_in(view: str, tmp_path: Path) -> None:
    """The router loses its address once, for a second, and has it back: that shows no more."""
    watch = Watch().take(in_file(MEEK[view], tmp_path))
    assert causes(watch) == {"unknown"}
    assert len(watch.journal.lines) == 2


@pytest.mark.parametrize("traces", [STUBBORN, MEEK], ids=["goes on", "gives in"])
@pytest.mark.parametrize("guards", [[], [GUARD]], ids=["unguarded", "guarded"])
def test_no_host_has_slept(
    view: str, traces: dict[str, Trace], guards: list[Guard], tmp_path: Path
) -> None:
    watch = Watch(guards).take(in_file(traces[view], tmp_path))
    journal = watch.journal
    assert journal.dropped == [(ROUTER_IP, "contested")]
    assert {kind for _, kind, *_ in journal.transitions} <= {"hold", "renew"}
    assert (journal.held, journal.wakes) == ([], [])
    assert not watch.samples("l2_sleep_proxy_held", "ip")


def test_a_mirror_shows_at_once_that_others_registered_it(tmp_path: Path) -> None:
    """The registration is no evidence: the hold that it led to is dropped with its first claim."""
    (hold,) = Watch().take(in_file(abuse.mirror(), tmp_path)).journal.transitions
    assert hold[1:] == ("hold", ROUTER_IP, "high")


def test_the_configuration_file_guards_it(tmp_path: Path) -> None:
    config = tmp_path / "l2exporter.yml"
    entry = f'{{ip: {ROUTER_IP}, mac: "{ROUTER}", role: gateway}}'
    config.write_text(f"protected_addresses:\n  - {entry}\n")
    run = replay("--config.file", config, "--device", "vlan0", FILE)
    assert (run.status, run.said) == (0, [])
    place = f'device="vlan0",ip="{ROUTER_IP}"'
    moves = f'l2_protected_address_moves_total{{cause="suspected_spoofing",{place}'
    assert run.value(f'{moves},role="gateway",vlan=""}}') == 6
    assert run.value(f'l2_protected_address_claims_total{{{place},role="gateway",vlan=""}}') == 7
