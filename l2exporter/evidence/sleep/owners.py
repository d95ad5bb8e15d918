"""Who sleeps now and then: the sequence of each one's last wake, and when it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ... import limits
from ..seen import Key
from .pool import Pool

_NEVER = float("-inf")


@dataclass(slots=True)
class _Owner:
    sequence: int | None = None
    woke_at: float = _NEVER


def is_later(sequence: int, before: int) -> bool:
    """Tell whether `sequence` is of a later wake; both count from 0 to 255 and again from 0."""
    return 1 <= (sequence - before) % 256 <= 127


class Owners:
    """Owners by (segment, MAC); the owner and proxy that each address had last, and who took it;
    of holds that were lost, the owner's MACs and the proxy: it may yet return.
    """

    def __init__(self) -> None:
        self._owners: Pool[tuple[int, int], _Owner] = Pool(limits.SLEEP_PROXY_OWNERS)
        self._pairs: Pool[Key, tuple[int, int]] = Pool(limits.SLEEP_PROXY_OWNERS)
        self._takers: Pool[Key, int] = Pool(limits.SLEEP_PROXY_OWNERS)
        self._lost: Pool[Key, tuple[frozenset[int], int]] = Pool(limits.SLEEP_PROXY_OWNERS)

    def sequence(self, segment: int, mac: int | None) -> int | None:
        """Return the sequence of the last wake."""
        owner = None if mac is None else self._owners.get((segment, mac))
        return None if owner is None else owner.sequence

    def speak(self, segment: int, macs: Iterable[int], sequence: int, at: float) -> None:
        """An Owner option tells the sequence."""
        for mac in macs:
            self._of(segment, mac, at).sequence = sequence

    def woke(self, segment: int, mac: int, since_at: float, at: float) -> bool:
        """Tell whether the end of a hold that began at `since_at` is a wake not told of before."""
        owner = self._of(segment, mac, at)
        if since_at <= owner.woke_at:
            return False
        owner.woke_at = at
        return True

    def _of(self, segment: int, mac: int, at: float) -> _Owner:
        owner = self._owners.get((segment, mac)) or _Owner()
        self._owners.put((segment, mac), owner, at)
        return owner

    def pair(self, key: Key) -> tuple[int, int] | None:
        """Return who owned an address and who held it, when it was held last."""
        return self._pairs.get(key)

    def held(self, key: Key, owner: int, proxy: int, at: float) -> None:
        """An address is held."""
        self._pairs.put(key, (owner, proxy), at)

    def lost(self, key: Key, owners: frozenset[int], proxy: int, at: float) -> None:
        """A hold has ended, and its owner is not back; `owners` are the owner's MACs."""
        self._lost.put(key, (owners, proxy), at)

    def was_lost(self, key: Key, owner: int, proxy: int) -> bool:
        """Tell whether the last hold of an address ended so, and was theirs."""
        owners, last = self._lost.get(key) or (frozenset[int](), None)
        return proxy == last and owner in owners

    def forget_lost(self, key: Key) -> None:
        """An owner is back, or was never asleep."""
        self._lost.pop(key)

    def took(self, key: Key, mac: int, at: float) -> None:
        """An address that is not held moves to another MAC."""
        self._takers.put(key, mac, at)

    def has_taken(self, key: Key, mac: int) -> bool:
        """Tell whether that MAC was the last to be seen taking the address."""
        return self._takers.get(key) == mac

    def __len__(self) -> int:
        return len(self._owners)

    @property
    def evictions(self) -> int:
        """How many owners gave way."""
        return self._owners.evictions

    def change_segment(self, row: int, target: int | None) -> None:
        """A segment has gone, or is another from now on."""
        self._owners.rekey(lambda key: key if key[0] != row else _moved(target, key[1]))
        self._pairs.rekey(lambda key: _elsewhere(key, row, target))
        self._takers.rekey(lambda key: _elsewhere(key, row, target))
        self._lost.rekey(lambda key: _elsewhere(key, row, target))


def _moved(target: int | None, mac: int) -> tuple[int, int] | None:
    return None if target is None else (target, mac)


def _elsewhere(key: Key, row: int, target: int | None) -> Key | None:
    if key[0] != row:
        return key
    return None if target is None else (target, key[1])
