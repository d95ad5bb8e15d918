"""Scenes that are played at the same time, each on its own segment, and what exporters say of them.

Moves are judged half a minute after they happen: one after the other the scenes would take as many
minutes as there are scenes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Self, TypeVar

from tests.lab.exporter import Exporter, Samples
from tests.lab.namespace import Namespace
from tests.lab.segment import DEVICE, Segment
from tests.lab.wire import Actor
from tests.live.samples import by

PAUSE = 0.5
"""Seconds between two looks at an exporter: there are many of them."""

SECONDS = 100.0
"""For whatever is waited for: the settling window, a waking window, and a busy machine."""

STARTS = 3
"""Exporters that start at the same time: what starts needs a whole core."""

_TOLD = ("l2_moves_", "l2_sleep", "l2_wake", "l2_prot", "l2_mac_", "l2_ipv6", "l2_frame_err")
_INFOS = ("l2_arp_last_move_info", "l2_ndp_last_move_info", "l2_slow_packets_total")

Entered = TypeVar("Entered")


@dataclass(frozen=True, slots=True)
class View:
    """What an exporter said at one time; its log up to then."""

    samples: Samples
    log: str

    def by(self, name: str, label: str, **fixed: str) -> dict[str, float]:
        """The values of `name` by one label, of those samples whose other labels are as `fixed`."""
        return by(self.samples, name, label, **fixed)

    def value(self, name: str, /, **labels: str) -> float | None:
        """The value of the one sample whose labels are as `labels` or more; None if there is none.

        AssertionError where there are several.
        """
        found = [
            value
            for (sample, pairs), value in self.samples.items()
            if sample == name and labels.items() <= dict(pairs).items()
        ]
        assert len(found) <= 1, f"{len(found)} samples {name}{labels}"
        return found[0] if found else None

    def label(self, name: str, label: str, **fixed: str) -> str | None:
        """The value of a label of the one such sample; None if there is none."""
        found = list(self.by(name, label, **fixed))
        assert len(found) <= 1, f"{name}{fixed}: {found}"
        return found[0] if found else None

    def causes(self, family: str = "ipv4", device: str = DEVICE) -> dict[str, float]:
        """How many moves had each cause, of those that any had."""
        counts = self.by("l2_moves_by_cause_total", "cause", device=device, family=family)
        return {cause: count for cause, count in counts.items() if count}

    def cause(self, ip: str, device: str = DEVICE) -> str | None:
        """The cause of the last move of an address; None where it never moved."""
        name = "l2_ndp_last_move_info" if ":" in ip else "l2_arp_last_move_info"
        return self.label(name, "cause", ip=ip, device=device)

    def story(self) -> str:
        """What matters of it to whoever looks for what went wrong."""
        lines = [
            f"{name}{dict(sorted(labels))} {value:g}"
            for (name, labels), value in sorted(self.samples.items(), key=str)
            if value and (name.startswith(_TOLD) or name in _INFOS)
        ]
        return "\n".join([*lines, self.log])


Views = Mapping[str, View]


class Stage:
    """What one scene works with: it makes and ends segments, actors and exporters.

    `starts` bounds how many exporters start at the same time.
    """

    def __init__(self, starts: threading.Semaphore) -> None:
        self._starts = starts
        self._stack = ExitStack()
        self._exporters: list[Exporter] = []
        self._actors: list[Actor] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def enter(self, part: AbstractContextManager[Entered]) -> Entered:
        """Make a part of the scene; it ends with the scene, the last first."""
        if isinstance(part, Actor):
            self._actors.append(part)
        return self._stack.enter_context(part)

    def segment(self, hosts: int) -> Segment:
        """A segment of its own."""
        with self._starts:
            return self.enter(Segment(hosts))

    def exporter(self, namespace: Namespace, *flags: str) -> Exporter:
        """An exporter that is ready."""
        with self._starts:
            exporter = self.enter(Exporter(namespace, *flags))
        self._exporters.append(exporter)
        return exporter

    def view(self, exporter: Exporter) -> View:
        """What the exporter says now."""
        return View(exporter.scrape(), exporter.log())

    def until(self, exporter: Exporter, true: Callable[[View], object], what: str) -> View:
        """The first view of which `true` is true; TimeoutError naming `what` where none is."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            view = self.view(exporter)
            if true(view):
                return view
            for actor in self._actors:
                actor.check()
            time.sleep(PAUSE)
        raise TimeoutError(f"not within {SECONDS:g} s: {what}")

    def judged(self, exporter: Exporter, *moved: str, device: str = DEVICE) -> View:
        """The view once these addresses have moved and every move has been judged."""

        def so(view: View) -> bool:
            pending = view.by("l2_moves_pending", "family", device=device)
            causes = [view.cause(ip, device) for ip in moved]
            return not any(pending.values()) and not {None, "pending"} & set(causes)

        return self.until(exporter, so, f"the moves of {', '.join(moved)} are judged")

    def story(self) -> str:
        """What the exporters say that still answer."""
        told = []
        for exporter in self._exporters:
            try:
                told.append(self.view(exporter).story())
            except (OSError, RuntimeError) as error:
                told.append(f"{error!r}\n{exporter.log()}")
        return "\n---\n".join(told)


Scene = Callable[[Stage], Views]


class Stages:
    """`with Stages(scenes) as played:` plays all at once; `played.views(scene)` waits for one."""

    def __init__(self, scenes: Iterable[Scene]) -> None:
        self._scenes = list(scenes)

    def __enter__(self) -> Self:
        starts = threading.Semaphore(STARTS)
        self._pool = ThreadPoolExecutor(max(1, len(self._scenes)))
        self._played: dict[Scene, Future[Views]] = {
            scene: self._pool.submit(_play, scene, starts) for scene in self._scenes
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def all_begun(self) -> bool:
        """Tell whether every scene is being played, or has been."""
        return all(scene.running() or scene.done() for scene in self._played.values())

    def views(self, scene: Scene) -> Views:
        """What was seen of it. Raises what the scene has raised, with the exporters' words."""
        return self._played[scene].result()


def _play(scene: Scene, starts: threading.Semaphore) -> Views:
    with Stage(starts) as stage:
        try:
            return scene(stage)
        except BaseException as error:
            error.add_note(f"scene {scene.__name__}\n{stage.story()}")
            raise
