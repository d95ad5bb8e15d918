"""Scenes that Prometheus watches: played at the same time, until all that is to be told is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Final, Self

from tests.lab.exporter import COMMAND, PORT, Exporter
from tests.lab.forward import Forward
from tests.lab.namespace import Namespace
from tests.live.causes.stage import SECONDS, STARTS, Stage, View
from tests.live.monitoring.stack import Monitoring

PAUSE: Final = 1.0
"""Seconds between two looks at anything: scenes are many, and share their cores with what they
watch."""

REST: Final = 30.0
"""Seconds between two rounds."""

EVALUATIONS: Final = 15
"""That a benign scene is watched for after its verdict, before which it was for half a minute: each
longer than most of the shortened waits, and both together than any."""


class CurtainError(Exception):
    """The play is over before the scene is."""


class WatchedStage(Stage):
    """A stage whose exporters a Prometheus scrapes: as instances and a segment of its own name.

    `rounds` says how often the scene's trouble comes: once, or until the curtain falls.
    """

    def __init__(
        self,
        name: str,
        starts: threading.Semaphore,
        monitoring: Monitoring,
        curtain: threading.Event,
        *,
        endless: bool = False,
    ) -> None:
        super().__init__(starts)
        self.name = name
        self.monitoring = monitoring
        self._curtain = curtain
        self._endless = endless
        self._instances: dict[Exporter, str] = {}

    def exporter(
        self, namespace: Namespace, *flags: str, command: tuple[str, ...] = COMMAND
    ) -> Exporter:
        """An exporter that is ready, and that Prometheus has scraped."""
        with self._starts:
            exporter = self.enter(Exporter(namespace, *flags, command=command))
        self._exporters.append(exporter)
        number = len(self._exporters)
        instance = self.name if number == 1 else f"{self.name}-{number}"
        self._instances[exporter] = instance
        forward = self.enter(Forward(namespace, PORT))
        self.monitoring.watch(forward.address, instance, self.name)
        self.scraped(exporter)
        return exporter

    def scraped(self, exporter: Exporter) -> None:
        """Return when Prometheus has what the exporter says now."""
        up = f'up{{instance="{self._instances[exporter]}"}}'
        self.recorded(f"timestamp({up}) > {time.time()!r} and {up} == 1")

    def until(self, exporter: Exporter, true: Callable[[View], object], what: str) -> View:
        """The first view of which `true` is true; Prometheus has it too."""
        views: list[View] = []

        def so() -> bool:
            views[:] = [self.view(exporter)]
            return bool(true(views[0]))

        self.wait(so, what)
        self.scraped(exporter)
        return views[0]

    def wait(self, true: Callable[[], bool], what: str) -> None:
        """Return as soon as `true()`; TimeoutError naming `what` where it never is."""
        deadline = time.monotonic() + SECONDS
        while not true():
            self._go_on()
            self.monitoring.check()
            for actor in self._actors:
                actor.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {SECONDS:g} s: {what}")
            time.sleep(PAUSE)

    def recorded(self, expression: str) -> None:
        """Return when Prometheus has data for it."""
        self.wait(lambda: bool(self.monitoring.prometheus.query(expression)), expression)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > until, "time passes")

    def told(self, alert: str, /, *, meanwhile: Callable[[], object] = int, **labels: str) -> None:
        """Return when somebody was notified of an alert on this segment, and not yet of its end.

        `meanwhile` is done again and again.
        """

        def so() -> bool:
            meanwhile()
            return "firing" in self._latest(alert, labels)

        self.wait(so, f"{alert} {labels} is firing")

    def resolved(self, alert: str, /, **labels: str) -> None:
        """Return when somebody was notified that all such alerts are over."""
        over = {"resolved"}
        self.wait(lambda: self._latest(alert, labels) == over, f"{alert} {labels} is resolved")

    def _latest(self, alert: str, labels: Mapping[str, str]) -> set[str]:
        """What was last told of each such alert."""
        wanted = {"segment": self.name, "alertname": alert, **labels}
        latest = {
            frozenset(each.labels.items()): each.status
            for each in self.monitoring.webhook.notifications(**wanted)
        }
        return set(latest.values())

    def inhibited(self, alert: str, /, **labels: str) -> None:
        """Return when Alertmanager has an alert on this segment, and nobody was told of it."""
        wanted = {"segment": self.name, "alertname": alert, **labels}

        def so() -> bool:
            return any(
                wanted.items() <= each["labels"].items() and each["status"]["inhibitedBy"]
                for each in self.monitoring.alertmanager.alerts()
            )

        self.wait(so, f"{wanted} is inhibited")
        assert "firing" not in self._latest(alert, labels), f"somebody was told of {wanted}"

    def evaluated(self, times: int = EVALUATIONS) -> None:
        """Return when the rules have been evaluated so often."""
        first = self.monitoring.evaluations()
        self.wait(lambda: self.monitoring.evaluations() >= first + times, "evaluations")

    def rounds(self) -> Iterator[int]:
        """Numbers from 1: one in a test; as many as there is time for in a demonstration."""
        number = 1
        yield number
        while self._endless:
            self.pause(REST)
            number += 1
            yield number

    def _go_on(self) -> None:
        if self._curtain.is_set():
            raise CurtainError


WatchedScene = Callable[[WatchedStage], None]


class Play:
    """`with Play(scenes, monitoring) as play:` plays all at once, each on its stage.

    Stages stand until the block ends: an exporter that is gone would be an alert.
    """

    def __init__(
        self, scenes: Iterable[WatchedScene], monitoring: Monitoring, *, endless: bool = False
    ) -> None:
        self._scenes = list(scenes)
        self._monitoring = monitoring
        self._endless = endless
        self._curtain = threading.Event()
        self._played: dict[WatchedScene, Future[None]] = {}

    def __enter__(self) -> Self:
        starts = threading.Semaphore(STARTS)
        self._pool = ThreadPoolExecutor(max(1, len(self._scenes)))
        for scene in self._scenes:
            self._played[scene] = Future()
            self._pool.submit(self._play, scene, starts)
        return self

    def __exit__(self, *_: object) -> None:
        self._curtain.set()
        self._pool.shutdown()

    def all_begun(self) -> bool:
        """Tell whether every scene is being played, or has been."""
        return all(scene.running() or scene.done() for scene in self._played.values())

    def wait_for(self, scene: WatchedScene) -> None:
        """Return when a scene is over. Raises what it has raised, with the exporters' words."""
        self._played[scene].result()

    def settle(self, scene: WatchedScene) -> None:
        """Return when a scene is over, well or not."""
        wait([self._played[scene]])

    def failures(self) -> list[tuple[str, BaseException]]:
        """The scenes that have failed so far, by name, and why."""
        over = ((scene.__name__, played) for scene, played in self._played.items() if played.done())
        return [(name, error) for name, played in over if (error := played.exception())]

    def wait_for_all(self) -> None:
        """Return when all scenes are over, well or not."""
        wait(self._played.values())

    def _play(self, scene: WatchedScene, starts: threading.Semaphore) -> None:
        played = self._played[scene]
        played.set_running_or_notify_cancel()
        name = scene.__name__
        with ExitStack() as stack:
            try:
                stage = stack.enter_context(
                    WatchedStage(
                        name, starts, self._monitoring, self._curtain, endless=self._endless
                    )
                )
                scene(stage)
            except BaseException as error:
                error.add_note(f"scene {name}\n{stage.story()}")
                played.set_exception(error)
            else:
                played.set_result(None)
            self._curtain.wait()
