"""The collectors, one line each, in the order in which they see events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .arp import ArpCollector
from .arp_moves import ArpMovesCollector
from .base import Collector, Context
from .capture import CaptureCollector
from .exporter import ExporterCollector
from .frame_errors import FrameErrorsCollector
from .gratuitous_arp import GratuitousArpCollector
from .stations import StationsCollector
from .tracked import TrackedCollector

COLLECTORS: Final[Mapping[str, Callable[[Context], Collector]]] = {
    "arp": ArpCollector,
    "gratuitous_arp": GratuitousArpCollector,
    "stations": StationsCollector,
    "arp_moves": ArpMovesCollector,
    "frame_errors": FrameErrorsCollector,
    "capture": CaptureCollector,
    "tracked": TrackedCollector,
    "exporter": ExporterCollector,
}
