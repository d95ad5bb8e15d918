"""The only place that wires the stages together: serving, and replaying capture files."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from . import __version__, config, limits, privileges, resources, signals
from .budget import Budget
from .capture.floods import FloodWatch
from .capture.lane import Lane
from .capture.live import LiveCapture
from .capture.pcap import read_frames
from .collectors.base import Context, KernelSide, ReloadStatus
from .collectors.registry import COLLECTORS, OF_THE_HOST
from .collectors.suite import Suite
from .dissect.reader import Address
from .errors import ConfigError, KernelError
from .evidence.ledger import Ledger
from .kernel.fdb_feed import FdbFeed
from .kernel.host import Host
from .kernel.links import Link
from .kernel.reader import KernelReader
from .kernel.tally import Tally
from .pipeline import Pipeline
from .slow_lane import SlowLane
from .switching import Switching
from .tables.forwarding import ForwardingTable
from .tables.state import Tables
from .web.addresses import format_address
from .web.application import Application
from .web.exposition import render
from .web.server import WebServer

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005
"""How long a scrape may keep the interpreter from the capture thread (default: 5 ms). Arrays
release the interpreter many times a batch, and at each the thread would wait that long."""

REPLAY_COLLECTORS = tuple(name for name in COLLECTORS if name not in OF_THE_HOST)
"""What a capture leads to; the host that reads it is no part of that."""


class Exporter:
    """A serving exporter: made, it has its sockets; `run` serves until a signal ends it.

    Raises ConfigError, StartError as they say.
    """

    def __init__(self, settings: config.Config) -> None:
        signals.hold()
        resources.map_tables()
        privileges.attempt(privileges.claim)
        self._settings = settings
        self._file = config.load(settings.file)
        self._reload = ReloadStatus(successful=True, last_success=time.time())
        tables = Tables(self._file.limits)
        ledger = Ledger(tables)
        self._live: LiveCapture | None = None
        if settings.unknown_unicast or settings.guest_unknown_unicast:
            resources.allow_descriptors(2 * limits.FLOOD_SOCKETS)
        self._floods = FloodWatch(
            settings.selection,
            devices=settings.unknown_unicast,
            guest_ports=settings.guest_unknown_unicast,
        )
        forwarding = ForwardingTable(
            self._file.limits.fdb_entries, guests=settings.guest_unknown_unicast
        )
        self._feed = _open_feed()
        self._switching = Switching(self._feed, forwarding, self._floods) if self._feed else None
        reader = KernelReader(time.monotonic)
        tallies = dict(reader.tallies)
        tallies["fdb"] = self._feed.tally if self._feed else Tally(failures=1)
        kernel = KernelSide(
            reader=reader,
            forwarding=forwarding,
            catch_up=self._catch_up,
            links=self._links,
            floods=self._floods.statuses,
            tallies=lambda: tallies,
        )
        context = Context(tables, ledger, self._lanes, lambda: self._reload, time.monotonic, kernel)
        suite = Suite({name: COLLECTORS[name](context) for name in settings.collectors})
        self._pipeline = Pipeline(tables, suite, ledger, SlowLane(Budget()))
        self._pipeline.configure(_protected(self._file))
        application = Application(
            suite, self._unready, telemetry_path=settings.telemetry_path, version=__version__
        )
        # Before the capture, which logs what it opens: a port in use is to be one line.
        self._web = WebServer(application, settings.listen)
        self._live = self._open_capture()

    def _open_capture(self) -> LiveCapture | None:
        try:
            live = LiveCapture(
                Host(),
                self._settings.selection,
                self._pipeline,
                slots=limits.RING_SLOTS,
                promiscuous=self._settings.promiscuous,
            )
            live.open()
        except KernelError as error:
            log.error("no frames are captured: devices cannot be listed: %s", error)
            return None
        return live

    def _lanes(self) -> Sequence[Lane]:
        return self._live.lanes() if self._live else ()

    def _links(self) -> Mapping[int, Link]:
        return self._switching.links() if self._switching else {}

    def _catch_up(self) -> bool:
        if self._switching is None:
            raise KernelError("netlink: bridges are not followed, see the log's beginning")
        return self._switching.catch_up()

    def _unready(self) -> str | None:
        """Tell why the exporter is not ready; a missing privilege costs metrics, not readiness."""
        if self._live and self._live.fault:
            return f"capturing fails: {self._live.fault}"
        return None

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; SIGHUP reads the configuration file again."""
        sys.setswitchinterval(SWITCH_SECONDS)
        resources.share_one_heap()
        privileges.attempt(privileges.drop)
        if self._settings.file and not os.access(self._settings.file, os.R_OK):
            log.warning("%s: cannot be read again by SIGHUP", self._settings.file)
        if self._switching:
            self._switching.start()
        if self._live:
            self._live.start()
        self._web.start()
        for host, port in self._web.bound:
            log.info("listening on %s", format_address(host, port))
        while (number := signal.sigwait(signals.SIGNALS)) == signal.SIGHUP:
            self._read_again()
        log.info("%s: stopping", signal.Signals(number).name)
        stopping = threading.Thread(target=self._web.stop)
        stopping.start()
        if self._live:
            self._live.stop()
        if self._switching:
            self._switching.stop()
        self._floods.close()
        stopping.join()
        return 0

    def _read_again(self) -> None:
        """Read the configuration file anew; a bad one changes nothing but the metric."""
        try:
            file = config.load(self._settings.file)
            if file.limits != self._file.limits:
                raise ConfigError(f"{self._settings.file}: limits: read only at the start")
        except ConfigError as error:
            log.error("the configuration stays as it was: %s", error)
            self._reload = ReloadStatus(False, self._reload.last_success)
            return
        self._file = file
        self._pipeline.configure(_protected(self._file))
        self._reload = ReloadStatus(True, time.time())
        log.info("configuration read again")


def _open_feed() -> FdbFeed | None:
    try:
        return FdbFeed()
    except KernelError as error:
        log.error("bridges are not followed, and floods are not counted: %s", error)
        return None


class Replay:
    """Capture files through the same path, on the captures' own clock.

    A device is called as its file unless `settings.device` says otherwise.
    """

    def __init__(self, settings: config.Replay) -> None:
        file = config.load(settings.file)
        self._names = _labels(settings)
        devices = max(file.limits.devices, len(set(self._names.values())))
        self._now = self._wall = 0.0
        self._frames: dict[str, int] = {}
        self._tables = Tables(replace(file.limits, devices=devices))
        ledger = Ledger(self._tables, of_file=True)
        context = Context(self._tables, ledger, self._lanes, _never_read, lambda: self._now)
        self._suite = Suite({name: COLLECTORS[name](context) for name in settings.collectors})
        self._pipeline = Pipeline(self._tables, self._suite, ledger, SlowLane(None))
        self._pipeline.configure(_protected(file))

    def read(self, path: str, progress: Callable[[int, int], None] | None) -> None:
        """Take a file in; CaptureFileError after what came before the fault has been taken in.

        The clock goes on from file to file, in whichever order they were recorded.
        """
        name = self._names[path]
        number = self._pipeline.device(name)
        assert number is not None  # noqa: S101 - there are as many numbers as files
        self._frames.setdefault(name, 0)
        offset: float | None = None
        for batch in read_frames(path, progress=progress):
            if offset is None:
                offset = self._now - batch.now
            self._now = offset + batch.now
            self._wall = batch.latest
            self._frames[name] += len(batch)
            self._pipeline.frames(number, replace(batch, now=self._now))

    def exposition(self) -> str:
        """Return what a scrape would have shown at the captures' end; there is nothing after it.

        Moves that wait for their verdict get it: what no capture shows did not happen.
        """
        self._pipeline.finish(self._now, self._wall)
        return render(self._suite.families(), accept="", accept_encoding="").body.decode()

    def _lanes(self) -> Sequence[Lane]:
        return [Lane(name, "file", None, n, None, None) for name, n in self._frames.items()]


def _labels(settings: config.Replay) -> dict[str, str]:
    """Return the device label of each file: its name, or all of its path where names are alike."""
    names = {path: Path(path).name for path in settings.paths}
    alike = Counter(names.values())
    # A label is UTF-8; a file's name, or what the shell passed, need not be.
    return {
        path: os.fsencode(settings.device or (name if alike[name] == 1 else path)).decode(
            errors="backslashreplace"
        )
        for path, name in names.items()
    }


def _protected(file: config.FileConfig) -> list[tuple[Address, int | None, str]]:
    return [
        (entry.ip, int(entry.mac.replace(":", ""), 16) if entry.mac else None, entry.role)
        for entry in file.protected
    ]


def _never_read() -> ReloadStatus:
    return ReloadStatus(successful=True, last_success=0.0)
