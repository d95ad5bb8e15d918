"""Whatever is seen in whatever order: nothing is raised, tables keep their caps, ends add up."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from ipaddress import ip_address
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from l2exporter import limits
from l2exporter.dissect.dns import Owner
from l2exporter.dissect.dns_update import Registration, RegistrationReply
from l2exporter.dissect.mdns import HostAddress, Mdns, ProxyOffer
from l2exporter.dissect.wake_on_lan import MagicPacket
from l2exporter.evidence.seen import Message, Seen
from l2exporter.evidence.sleep.transitions import Dropped, Transition, Wake
from tests.evidence.story import INSTANCE, NAME, WALL, Story

MACS = [1, 2, 3, 4]
IPS = ["192.0.2.101", "192.0.2.102", "2001:db8::1"]
GAPS = [0, 0.01, 1, 1, 1, 2, 2, 4, 4, 10, 10, 19.9, 20, 30, 45, 61, 600, 7300, 90_000]
KINDS = ["announcement", "gratuitous_reply", "unsolicited", "request", "reply", "solicited"]
SMALL = {
    "SLEEP_PROXIES": 3,
    "SLEEP_PROXY_HOLDS": 4,
    "SLEEP_PROXY_SHARE": 2,
    "SLEEP_PROXY_OWNERS": 3,
    "SLEEP_PROXY_EVIDENCE": 3,
    "SLEEP_PROXY_OWN_ADDRESSES": 2,
}

macs, ips, sequences = st.sampled_from(MACS), st.sampled_from(IPS), st.integers(0, 255)
owners = st.none() | st.builds(Owner, sequences, macs, macs)
ttls = st.sampled_from([0, 120, 4500])
records = st.builds(
    HostAddress, st.sampled_from(["a.local", "B.local"]), ips.map(ip_address), ttls, st.booleans()
)
offers = st.builds(
    ProxyOffer, st.sampled_from([INSTANCE, "x"]), st.sampled_from([NAME, None]), st.none(), ttls
)
several = st.lists(ips.map(ip_address), max_size=3).map(tuple)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        Mdns,
        st.booleans(),
        st.lists(offers, max_size=2).map(tuple),
        st.lists(records, max_size=3).map(tuple),
        owners,
    ),
    st.just(Mdns(True, proxies=(ProxyOffer(INSTANCE, NAME, None, 4500),))),
    st.builds(MagicPacket, macs),
    st.builds(Registration, st.integers(0, 2), several, owners, st.none() | st.just(7200)),
    st.builds(
        RegistrationReply,
        st.integers(0, 2),
        st.sampled_from([0, 0, 5]),
        st.sampled_from([None, 0, 3600]),
    ),
)
naps = st.tuples(st.just("nap"), macs, ips, macs)
returns = st.tuples(st.just("come_back"), macs, ips, macs)
quarrels = st.tuples(st.just("quarrel"), macs, ips, macs)
claims = st.tuples(st.just("claim"), macs, ips, st.sampled_from(KINDS))
ladders = st.tuples(st.just("climb"), macs, ips, st.just(""))
said = st.tuples(st.just("say"), macs, macs, messages)
waits = st.tuples(st.just("wait"), st.none(), st.none(), st.none())
moved = st.tuples(st.just("leave"), st.none(), st.none(), st.none())
things = st.one_of(naps, naps, quarrels, claims, claims, ladders, returns, said, said, waits, moved)
scripts = st.lists(st.tuples(st.sampled_from(GAPS), things), min_size=10, max_size=40)


class Stage(Story):
    """Acts one after the other on segment 0; `left` holds have left with it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 100.0
        self.left = 0

    def claim(self, mac: int, ip: str, kind: str) -> None:
        self.claims(self.at, mac, ip, kind)

    def climb(self, mac: int, ip: str, _: str) -> None:
        self.ladder(self.at, mac, ip)
        self.at += 3

    def nap(self, owner: int, ip: str, proxy: int) -> None:
        self.claims(self.at, owner, ip)
        self.offers(self.at, mac=proxy)
        self.at += 4
        self.claims(self.at, proxy, ip)

    def come_back(self, owner: int, ip: str, proxy: int) -> None:
        self.wakes(self.at, mac=proxy, target=owner)
        self.at += 3
        self.claims(self.at, owner, ip)

    def quarrel(self, owner: int, ip: str, proxy: int) -> None:
        for mac in (proxy, owner) * 3:
            self.at += 1
            self.claims(self.at, mac, ip)

    def say(self, source: int, to: int, message: Message) -> None:
        ends = ip_address(f"192.0.2.{source}"), ip_address(f"192.0.2.{to}")
        ports = (61_000, 5353) if isinstance(message, RegistrationReply) else (5353, 61_000)
        time = WALL + self.at
        self.sees(Seen(0, 0, source, to, *ends, *ports, False, time, self.at, message))

    def wait(self, *_: object) -> None:
        self.passes(self.at)

    def leave(self, *_: object) -> None:
        self.left += len(self.holds.current())
        self.holds.change_segment(0, None)


Act = tuple[str, object, object, object]


def play(script: list[tuple[float, Act]]) -> Stage:
    stage = Stage()
    for gap, (what, *how) in script:
        stage.at += gap
        getattr(stage, what)(*how)
    stage.passes(stage.at)
    return stage


@settings(max_examples=200)
@given(scripts)
def test_every_hold_that_began_ends_once_or_lasts(
    script: list[tuple[float, Act]],
) -> None:
    check(play(script))


@settings(max_examples=200)
@given(scripts)
def test_so_it_does_in_tables_that_are_full(
    script: list[tuple[float, Act]],
) -> None:
    with ExitStack() as changed:
        for name, value in SMALL.items():
            changed.enter_context(patch.object(limits, name, value))
        story = play(script)
        check(story)
        for usage in [story.proxies.usage(), *story.holds.usage()]:
            assert usage.entries <= usage.limit


def check(story: Stage) -> None:
    kinds = Counter(step.kind for step in story.transitions())
    ended = [step for step in story.transitions() if step.kind in ("release", "lost", "expire")]
    dropped = sum(isinstance(event, Dropped) for event in story.told)
    current = story.holds.current()
    assert kinds["hold"] == len(ended) + dropped + len(current) + story.left
    for step in story.transitions():
        assert (step.held_seconds or 0) >= 0
        assert step.kind in ("release", "lost", "expire") or step.held_seconds is None
    assert sum(isinstance(event, Wake) for event in story.told) <= kinds["release"]
    held = Counter((hold.key[0], hold.proxy_mac) for hold in current)
    assert held == {(p.segment, p.mac): p.held for p in story.proxies.entries() if p.held}
    assert all(isinstance(e, (Transition, Wake, Dropped)) for e in story.told)
