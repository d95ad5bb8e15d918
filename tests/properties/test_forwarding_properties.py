"""The forwarding table against a plain dict: any sequence of dumps and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from l2exporter.kernel.fdb import KINDS
from l2exporter.tables.fdb_events import EVENTS
from l2exporter.tables.forwarding import ForwardingTable
from tests.tables.fdb import STALE, Entry, dump, events, macs

Change = tuple[bool, Entry]
Key = tuple[int, int, int]

DYNAMIC = {"learned", "extern_learned", "offloaded", "locked"}
BRIDGES, VLANS, MACS, PORTS = (3, 9), (0, 7), range(1, 5), (3, 4, 5)


class Dump(NamedTuple):
    entries: list[Entry]
    during: list[Change]


class Lost(NamedTuple):
    pass


Step = list[Change] | Dump | Lost


def key(entry: Entry) -> Key:
    return entry.bridge, entry.vlan, entry.mac


@dataclass
class Model:
    """What is so, entry by entry; nothing is counted before the first dump."""

    known: dict[Key, tuple[int, str]] = field(default_factory=dict)
    met: Counter[tuple[int, str]] = field(default_factory=Counter)
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    by_mac: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    behind: dict[Key, int] = field(default_factory=dict)
    synchronized: bool = False
    begun: bool = False

    def change(self, added: bool, entry: Entry) -> None:
        before = self.known.pop(key(entry), None)
        if added:
            self.known[key(entry)] = entry.port, entry.kind
            if before is None or before[0] != entry.port:
                self.see(entry)
        event = self.addition(before, entry) if added else removal(entry)
        if event == "moved":
            self.move(entry)
        elif event and self.begun:
            self.met[entry.bridge, event] += 1

    def addition(self, before: tuple[int, str] | None, entry: Entry) -> str:
        if before and before[0] == entry.port:
            return ""
        if before and DYNAMIC & {before[1], entry.kind}:
            return "moved"
        return "learned" if entry.kind in DYNAMIC else "added"

    def see(self, entry: Entry) -> None:
        if entry.kind != "local":
            self.behind[key(entry)] = entry.port

    def move(self, entry: Entry) -> None:
        if self.begun:
            self.met[entry.bridge, "moved"] += 1
            self.moves[entry.bridge, entry.vlan] += 1
            self.by_mac[entry.bridge, entry.vlan, entry.mac] += 1

    def dump(self, dump: Dump) -> None:
        for change in dump.during:
            self.change(*change)
        touched = {key(entry) for _, entry in dump.during}
        told = {key(entry): entry for entry in dump.entries if key(entry) not in touched}
        missing = self.known.keys() - told.keys() - touched
        removals = sum(not added for added, _ in dump.during)
        if not self.synchronized or len(missing) > removals:
            for gone in missing:
                del self.known[gone]
        for entry in told.values():
            before = self.known.get(key(entry))
            if before and before[0] != entry.port and DYNAMIC & {before[1], entry.kind}:
                self.move(entry)
            self.known[key(entry)] = entry.port, entry.kind
        # A dump also tells again what an older event told of.
        for (bridge, vlan, mac), (port, kind) in self.known.items():
            self.see(Entry(mac, port, kind, vlan, bridge))
        self.synchronized = self.begun = True

    def step(self, step: Step) -> None:
        if isinstance(step, Dump):
            self.dump(step)
        elif isinstance(step, Lost):
            self.synchronized = False
        elif self.begun:
            for change in step:
                self.change(*change)


def removal(entry: Entry) -> str:
    if entry.state == STALE:
        demanded = entry.used < 30 and entry.used < entry.updated
        return "aged_out_in_demand" if demanded else "aged_out"
    return "flushed" if entry.kind in DYNAMIC else "removed"


def perform(table: ForwardingTable, step: Step) -> None:
    if isinstance(step, Dump):
        table.replace(dump(table, *step.entries), events(*step.during), 1.0)
    elif isinstance(step, Lost):
        table.lose()
    else:
        table.apply(events(*step))


entries = st.builds(
    Entry,
    st.sampled_from(MACS),
    st.sampled_from(PORTS),
    st.sampled_from(KINDS),
    st.sampled_from(VLANS),
    st.sampled_from(BRIDGES),
    used=st.sampled_from([1.0, 30.0, 100.0]),
    updated=st.sampled_from([1.0, 100.0]),
    state=st.sampled_from([None, None, STALE]),
)
changes = st.lists(st.tuples(st.booleans(), entries), max_size=8)
dumps = st.builds(Dump, st.lists(entries, max_size=12), changes)
steps = st.lists(st.one_of(changes, changes, dumps, st.just(Lost())), max_size=10)


@given(steps)
def test_dumps_and_events_lead_where_they_would_one_by_one(story: list[Step]) -> None:
    table, model = ForwardingTable(1000), Model()
    for step in story:
        perform(table, step)
        model.step(step)
        expected = Counter(
            (bridge, port, vlan, KINDS.index(kind))
            for (bridge, vlan, _), (port, kind) in model.known.items()
        )
        assert table.counts() == expected
        assert table.usage()[0].entries == len(model.known)
        assert table.synchronized == model.synchronized
        assert found_by(table) == set(model.known)
    assert counted(table) == model.met
    assert {pair: n for pair, n in table.moves().items() if n} == model.moves
    assert {tuple(row): n for *row, n in table.moving()} == model.by_mac
    for port in PORTS:
        behind = {mac for (_, _, mac), owner in model.behind.items() if owner == port}
        assert table.guests.behind(port) == tuple(sorted(behind))


@given(steps)
def test_events_in_batches_are_those_of_the_batches_one_by_one(story: list[Step]) -> None:
    in_batches, singly = ForwardingTable(1000), ForwardingTable(1000)
    for step in story:
        perform(in_batches, step)
        for part in [[change] for change in step] if isinstance(step, list) else [step]:
            perform(singly, part)
    assert in_batches.counts() == singly.counts()
    assert in_batches.events() == singly.events()
    assert in_batches.moves() == singly.moves()
    # In which order the MACs are told is nobody's business: each is a series of its own.
    assert sorted(in_batches.moving()) == sorted(singly.moving())


@given(steps, st.integers(0, 6))
def test_it_keeps_to_its_limit_and_says_when_it_lacks_something(
    story: list[Step], limit: int
) -> None:
    table, model = ForwardingTable(limit), Model()
    refusals = 0
    for step in map(undisturbed, story):
        perform(table, step)
        model.step(step)
        usage = table.usage()[0]
        assert usage.entries <= limit
        assert found_by(table) <= set(model.known)
        assert min(table.counts().values(), default=1) > 0
        if usage.refusals > refusals:
            assert not table.complete
        if table.complete and model.synchronized:
            assert found_by(table) == set(model.known)
        refusals = usage.refusals


def undisturbed(step: Step) -> Step:
    """A dump during which nothing was removed: what was refused before cannot be hidden."""
    if isinstance(step, Dump):
        return Dump(step.entries, [change for change in step.during if change[0]])
    return step


def found_by(table: ForwardingTable) -> set[Key]:
    """Every key that `present` knows; in any VLAN it knows what it does in one of them."""
    found = set(_present(table))
    for bridge in BRIDGES:
        anywhere = table.present(bridge, None, macs(MACS)).tolist()
        for mac, known in zip(MACS, anywhere, strict=True):
            assert known == any((bridge, vlan, mac) in found for vlan in VLANS)
    return found


def _present(table: ForwardingTable) -> Iterator[Key]:
    for bridge in BRIDGES:
        for vlan in VLANS:
            known = table.present(bridge, vlan, macs(MACS)).tolist()
            yield from ((bridge, vlan, mac) for mac, here in zip(MACS, known, strict=True) if here)


def counted(table: ForwardingTable) -> Counter[tuple[int, str]]:
    """Events by bridge, those that never were left out."""
    found: Counter[tuple[int, str]] = Counter()
    for bridge, met in table.events().items():
        assert tuple(met) == EVENTS
        found.update({(bridge, event): n for event, n in met.items() if n})
    return found
