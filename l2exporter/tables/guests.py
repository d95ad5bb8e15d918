"""Which MACs are behind each port of a bridge, the silent ones included."""

from __future__ import annotations

import threading
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from ..limits import GUEST_MACS
from .bridge_segments import MAC_MASK, segments_of
from .sorted_map import CHANGES, NONE, Keys, SortedMap, within

Ports = npt.NDArray[np.int64]


class GuestAddresses:
    """MACs seen behind a port, until they are seen behind another one of the same bridge and VLAN.

    One that aged out of the FDB still belongs to its port: what is sent there is no flood. A port
    with more than GUEST_MACS of them is overfull, and its MACs are not kept. It begins anew when a
    dump shows at most half as many entries of it: a loop may have had the whole network behind it.

    `limit` bounds the keys (see BridgeSegments) of all ports. `lock` is held by whoever changes
    something; what is asked takes it by itself.

    version  is another one whenever some port's MACs changed
    """

    def __init__(self, limit: int, lock: threading.RLock) -> None:
        self.version = 0
        self._limit = limit
        self._lock = lock
        self._ports = SortedMap()
        self._keys: dict[int, int] = {}
        self._overfull: set[int] = set()
        self._changed: set[int] = set()

    def behind(self, port: int) -> tuple[int, ...]:
        """Return the MACs behind a port, ascending; none of an overfull one."""
        with self._lock:
            keys, ports = self._ports.items()
            return tuple(np.unique(keys[ports == port] & MAC_MASK).tolist())

    def overfull(self, port: int) -> bool:
        """Tell whether there are more MACs behind a port than are kept."""
        with self._lock:
            return port in self._overfull

    def changed(self) -> set[int]:
        """Return the ports that answer otherwise than at the last call."""
        with self._lock:
            changed, self._changed = self._changed, set()
            return changed

    def see(self, keys: Keys, ports: npt.NDArray[np.int32]) -> None:
        """Take in that each key was seen behind its port, in this order."""
        found = self._ports.look_up(keys).tolist()
        changes, touched = self._ports.changes, set()
        for key, port, settled in zip(keys.tolist(), ports.tolist(), found, strict=True):
            owner = changes.get(key, settled)
            if owner == port:
                continue
            if owner != NONE:
                self._keys[owner] -= 1
                touched.add(owner)
                changes[key] = NONE
            if port not in self._overfull:
                self._keys[port] = self._keys.get(port, 0) + 1
                touched.add(port)
                changes[key] = port
        self._ports.settle(CHANGES)
        self._note(touched)
        self._empty(self._crowded(touched))

    def adopt(self, keys: Keys, ports: Ports) -> None:
        """Take in a dump: each of the keys, which are sorted, is behind its port now."""
        roomy = self._judge(keys, ports)
        before, owners = self._ports.items()
        silent = ~within(keys, before)
        room = ~np.isin(ports, list(self._overfull))
        self._replace(keys[room], ports[room], (before[silent], owners[silent]))
        self._note(roomy)
        self._empty(self._crowded(self._keys))

    def _judge(self, keys: Keys, ports: Ports) -> set[int]:
        """See from a dump which ports are overfull, and return those that are no longer."""
        shown, counts = np.unique(ports, return_counts=True)
        roomy = self._overfull.difference(shown[counts > GUEST_MACS // 2].tolist())
        crowded = {
            port
            for port in set(shown[counts > GUEST_MACS].tolist()) - self._overfull
            if len(np.unique(keys[ports == port] & MAC_MASK)) > GUEST_MACS
        }
        self._note(crowded)
        self._overfull = (self._overfull | crowded) - roomy
        return roomy

    def forget(self, ports: Collection[int], segments: Collection[int]) -> None:
        """Drop ports and segments that are gone."""
        self._overfull.difference_update(ports)
        if segments or not self._keys.keys().isdisjoint(ports):
            keys, owners = self._ports.items()
            gone = np.isin(owners, list(ports)) | np.isin(segments_of(keys), list(segments))
            self._replace(keys[~gone], owners[~gone])

    def _crowded(self, ports: Collection[int]) -> set[int]:
        """Return those of `ports` with too many MACs; the largest of all beyond the limit."""
        crowded = {
            port
            for port in ports
            if self._keys.get(port, 0) > GUEST_MACS and len(self.behind(port)) > GUEST_MACS
        }
        excess = sum(self._keys.values()) - self._limit
        if excess > 0:
            for port in sorted(self._keys, key=self._keys.__getitem__, reverse=True):
                crowded.add(port)
                excess -= self._keys[port]
                if excess <= 0:
                    break
        return crowded

    def _empty(self, ports: Collection[int]) -> None:
        """Make ports overfull."""
        if ports:
            keys, owners = self._ports.items()
            kept = ~np.isin(owners, list(ports))
            self._overfull.update(ports)
            self._replace(keys[kept], owners[kept])
            self._note(ports)

    def _replace(self, keys: Keys, ports: Ports, *others: tuple[Keys, Ports]) -> None:
        """Hold just these, and note the ports for which that is different."""
        before, after = self._ports, SortedMap()
        after.replace(keys, ports, *others)
        owning, counts = np.unique(after.items()[1], return_counts=True)
        self._ports = after
        self._keys = dict(zip(owning.tolist(), counts.tolist(), strict=True))
        self._note(_differences(before, after) | _differences(after, before))

    def _note(self, ports: Collection[int]) -> None:
        if ports:
            self._changed.update(ports)
            self.version += 1


def _differences(one: SortedMap, other: SortedMap) -> set[int]:
    """Return the ports that have in `one` what they have not in the other."""
    keys, ports = one.items()
    return set(ports[other.look_up(keys) != ports].tolist())
