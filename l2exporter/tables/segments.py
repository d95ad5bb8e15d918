"""Segments: the (device, VLAN) pairs that frames were seen on, each a small number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..dissect.frames import Ints
from .columns import Columns
from .usage import Usage

VLANS = 4096
OTHER = "other"
"""The vlan label of what the cap does not let count apart."""

_NONE = -1


class Segments:
    """Device names and the VLANs seen on each, as row numbers of `columns`.

    A device is a number that outlives its name: a rename changes the label, not the totals. The
    last row of each device, `overflow`, takes the VLANs beyond the cap.
    """

    def __init__(self, vlans: int, devices: int) -> None:
        self.columns = Columns(vlans + devices)
        self.device_columns = Columns(devices)
        self._limit = vlans
        self._names: list[str | None] = [None] * devices
        self._rows = np.full((devices, VLANS), _NONE, dtype=np.int16)
        self._label: dict[int, tuple[int, str]] = {}
        self._free = list(range(vlans - 1, -1, -1))
        self._refusals = 0

    def device(self, name: str) -> int | None:
        """Return the number of the device called `name`, new or known; None when none is left."""
        if name in self._names:
            return self._names.index(name)
        if None not in self._names:
            return None
        number = self._names.index(None)
        self._names[number] = name
        return number

    def name(self, device: int) -> str:
        """Return the present name of a device; KeyError when the number stands for none."""
        name = self._names[device]
        if name is None:
            raise KeyError(device)
        return name

    def rename(self, device: int, name: str) -> None:
        """Give `device` its new name; no other device may carry it."""
        self._names[device] = name

    def forget(self, device: int) -> list[int]:
        """Free the number of a device that is gone; return the segments that went with it."""
        segments = [row for row, (owner, _) in self._label.items() if owner == device]
        for row in segments:
            del self._label[row]
            if row < self._limit:
                self._free.append(row)
        self.columns.clear(np.array(segments, dtype=np.intp))
        self.device_columns.clear(device)
        self._rows[device] = _NONE
        self._names[device] = None
        return segments

    def overflow(self, device: int) -> int:
        """Return the row that counts what is beyond the cap on VLANs."""
        return self._limit + device

    def locate(self, device: int, vlans: Ints) -> npt.NDArray[np.intp]:
        """Return the segment of each VID in `vlans` on `device`, admitting new ones in order."""
        segments: npt.NDArray[np.intp] = self._rows[device][vlans].astype(np.intp)
        new = segments == _NONE
        if new.any():
            for vlan in dict.fromkeys(vlans[new].tolist()):
                self._admit(device, vlan)
            segments = self._rows[device][vlans].astype(np.intp)
            refused = segments == _NONE
            self._refusals += int(refused.sum())
            segments[refused] = self.overflow(device)
        return segments

    def _admit(self, device: int, vlan: int) -> None:
        if self._free:
            row = self._free.pop()
            self._rows[device, vlan] = row
            self._label[row] = (device, str(vlan) if vlan else "")
        else:
            self._label[self.overflow(device)] = (device, OTHER)

    def labels(self) -> dict[int, tuple[str, str]]:
        """Return (device, vlan) label values by segment, of every segment seen."""
        return {row: (self.name(device), vlan) for row, (device, vlan) in self._label.items()}

    def usage(self) -> Usage:
        """Tell how full the table of VLANs is; refusals are frames counted as OTHER."""
        vlans = self._limit - len(self._free)
        return Usage("vlans", vlans, self._limit, evictions=0, refusals=self._refusals)

    @property
    def device_limit(self) -> int:
        """How many devices may be known at once."""
        return len(self._names)

    def device_names(self) -> dict[int, str]:
        """Return the names of the known devices by number."""
        return {n: name for n, name in enumerate(self._names) if name is not None}
