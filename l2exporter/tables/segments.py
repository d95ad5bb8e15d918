"""Segments: the (device, VLAN) pairs that frames were seen on, each a small number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..dissect.frames import Ints
from .columns import Columns

VLANS = 4096
OTHER = "other"
"""The vlan label of what the cap does not let count apart."""

UNTAGGED = 0
"""In the place of a VID; 802.1Q gives no VLAN the number 0."""

_NONE = -1


class Segments:
    """Device names and the VLANs seen on each, as row numbers of `columns`.

    A device is a number that outlives its name: a rename changes the label, not the totals. Each
    has a row for what is untagged, there from the start, and one, `overflow`, for the VLANs that
    the cap does not let count apart; tags cannot take these from it.
    """

    def __init__(self, vlans: int, devices: int) -> None:
        self.columns = Columns(vlans + 2 * devices)
        self.device_columns = Columns(devices)
        self._limit = vlans
        self._names: list[str | None] = [None] * devices
        self._rows = np.zeros((devices, VLANS), dtype=np.int32)
        self._label: dict[int, tuple[int, str]] = {}
        self._seen = np.full(vlans, np.inf)
        self._free = list(range(vlans - 1, -1, -1))
        self._refused: list[tuple[int, int]] = []

    def device(self, name: str) -> int | None:
        """Return the number of the device called `name`, new or known; None when none is left."""
        if name in self._names:
            return self._names.index(name)
        if None not in self._names:
            return None
        number = self._names.index(None)
        self._names[number] = name
        self._rows[number] = _NONE
        self._rows[number, UNTAGGED] = self._limit + number
        self._label[self._limit + number] = (number, "")
        return number

    def name(self, device: int) -> str:
        """Return the present name of a device; KeyError when the number stands for none."""
        name = self._names[device]
        if name is None:
            raise KeyError(device)
        return name

    def rename(self, device: int, name: str) -> None:
        """Give `device` its new name; when all are renamed, no other may carry it."""
        self._names[device] = name

    def forget(self, device: int) -> list[int]:
        """Free the number of a device that is gone; return the segments that went with it."""
        segments = [row for row, (owner, _) in self._label.items() if owner == device]
        for row in segments:
            self._release(row)
        self._retry_refused()
        self.device_columns.clear(device)
        self._names[device] = None
        return segments

    def remove(self, row: int) -> None:
        """Free a segment's row."""
        self._release(row)
        self._retry_refused()

    def _release(self, row: int) -> None:
        device, vlan = self._label.pop(row)
        self.columns.clear(row)
        if row < self._limit:
            self._rows[device, int(vlan)] = _NONE
            self._seen[row] = np.inf
            self._free.append(row)

    def _retry_refused(self) -> None:
        """There may be room again: VLANs that were refused are new once more."""
        for place in self._refused:
            if self._rows[place] >= self.overflow(0):
                self._rows[place] = _NONE
        self._refused.clear()

    def absorb(self, device: int, gone: int) -> list[tuple[int, int]]:
        """Add the figures of `gone` to `device`'s and free its number.

        Returns (segment of `gone`, segment of `device`) wherever both know a VLAN; other segments
        of `gone` are `device`'s from now on.
        """
        pairs = []
        for row, (owner, vlan) in list(self._label.items()):
            if owner != gone:
                continue
            target = self._counterpart(row, device, gone, vlan)
            if target == _NONE:
                self._rows[device, int(vlan)] = row
                self._label[row] = (device, vlan)
            else:
                self._label.setdefault(target, (device, vlan))
                self.columns.merge(row, target)
                pairs.append((row, target))
        self.device_columns.merge(gone, device)
        self.forget(gone)
        return pairs

    def _counterpart(self, row: int, device: int, gone: int, vlan: str) -> int:
        """Return the row of `device` for what `row` is to `gone`; _NONE when there is none yet."""
        if row >= self._limit:
            return row - gone + device
        target = int(self._rows[device, int(vlan)])
        return target if target < self._limit else _NONE

    def overflow(self, device: int) -> int:
        """Return the row that counts what is beyond the cap on VLANs."""
        return self._limit + len(self._names) + device

    def locate(self, device: int, vlans: Ints, now: float) -> npt.NDArray[np.intp]:
        """Return the segment of each VID in `vlans` on `device`, admitting new ones in order.

        `now` is monotonic, in seconds.
        """
        segments: npt.NDArray[np.intp] = self._rows[device][vlans].astype(np.intp)
        new = segments == _NONE
        if new.any():
            for vlan in dict.fromkeys(vlans[new].tolist()):
                self._admit(device, vlan)
            segments = self._rows[device][vlans].astype(np.intp)
        tagged = segments[segments < self._limit]
        self._seen[tagged] = now
        return segments

    def _admit(self, device: int, vlan: int) -> None:
        if self._free:
            row = self._free.pop()
            self._rows[device, vlan] = row
            self._label[row] = (device, str(vlan))
        else:
            self._rows[device, vlan] = self.overflow(device)
            self._refused.append((device, vlan))
            self._label[self.overflow(device)] = (device, OTHER)

    def idle(self, since: float, keep: npt.NDArray[np.intp]) -> int | None:
        """Return the tagged segment that was seen last before `since`, if any; none of `keep`."""
        seen = self._seen.copy()
        seen[keep[keep < self._limit]] = np.inf
        row = int(seen.argmin())
        return row if seen[row] < since else None

    def labels(self) -> dict[int, tuple[str, str]]:
        """Return (device, vlan) label values by segment, of every segment known."""
        return {row: (self.name(device), vlan) for row, (device, vlan) in self._label.items()}

    def device_of(self, row: int) -> int | None:
        """Return the number of the device of a segment; None where `row` stands for none."""
        label = self._label.get(row)
        return None if label is None else label[0]

    def entries(self) -> int:
        """Return how many tagged segments are known."""
        return self._limit - len(self._free)

    def device_names(self) -> dict[int, str]:
        """Return the names of the known devices by number."""
        return {n: name for n, name in enumerate(self._names) if name is not None}
