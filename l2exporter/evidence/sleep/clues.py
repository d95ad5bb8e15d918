"""All that may tell of a sleep proxy before, while or after it holds an address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ... import limits
from ...dissect.reader import Address
from ...tables.usage import Usage
from ..seen import Key, Seen
from . import sleep_windows as windows
from .owners import Owners
from .pool import Pool
from .registrations import Registrations
from .suspicions import Suspicions


@dataclass(frozen=True, slots=True)
class Magic:
    """A magic packet; wall clock and monotonic time."""

    time: float
    at: float


class Clues:
    """Registrations, mDNS announcements, magic packets, suspicions and owners; all bounded."""

    def __init__(self) -> None:
        self.registrations = Registrations()
        self.suspicions = Suspicions()
        self.owners = Owners()
        self._announced: Pool[tuple[int, Address, int], str] = Pool(limits.SLEEP_PROXY_EVIDENCE)
        self._magic: Pool[tuple[int, int, int], Magic] = Pool(limits.SLEEP_PROXY_EVIDENCE)

    def announce(self, key: Key, proxy_mac: int, host: str, at: float) -> None:
        """A proxy says by mDNS that a host has an address."""
        self._announced.put((*key, proxy_mac), host.lower(), at)

    def announced(self, key: Key, proxy_mac: int, at: float) -> str | None:
        """Return the host's name if a proxy has announced an address before it claims it at `at`,
        or has done so meanwhile.
        """
        return self._announced.get((*key, proxy_mac), at - windows.ANNOUNCED)

    def wake(self, seen: Seen, target: int) -> None:
        """A magic packet is seen."""
        place = (seen.segment, seen.source_mac, target)
        self._magic.put(place, Magic(seen.time, seen.at), seen.at)

    def woken(self, segment: int, proxy_mac: int, macs: Iterable[int], at: float) -> Magic | None:
        """Return the latest magic packet of a station for any of `macs`, if it is young enough."""
        since = at - windows.WAKING
        found = [self._magic.get((segment, proxy_mac, mac), since) for mac in macs]
        return max(
            (m for m in found if m is not None and m.at != since),
            key=lambda magic: magic.at,
            default=None,
        )

    def usage(self) -> list[Usage]:
        """Tell how much waits, and how many owners are known."""
        waiting = (self.registrations, self.suspicions, self._announced, self._magic)
        entries = sum(len(kind) for kind in waiting)
        evictions = sum(kind.evictions for kind in waiting)
        owners = self.owners
        return [
            Usage("sleep_proxy_evidence", entries, 5 * limits.SLEEP_PROXY_EVIDENCE, evictions, 0),
            Usage(
                "sleep_proxy_owners", len(owners), limits.SLEEP_PROXY_OWNERS, owners.evictions, 0
            ),
        ]

    def expire(self, now: float) -> None:
        """Forget what nothing came of in time."""
        self.registrations.expire(now)
        self.suspicions.expire(now)
        self._announced.expire(now - windows.ANNOUNCED)
        self._magic.expire(now - windows.WAKING)

    def change_segment(self, row: int, target: int | None) -> None:
        """A segment has gone, or is another from now on: what waits is lost, owners are not."""
        self.registrations.forget(row)
        self.suspicions.forget(row)
        self._announced.rekey(lambda key: None if key[0] == row else key)
        self._magic.rekey(lambda key: None if key[0] == row else key)
        self.owners.change_segment(row, target)
