"""Who Alertmanager notifies: a receiver of its webhooks, in a thread, on the loopback device."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Self

from tests.lab.server import HOST

MAX_BYTES = 1 << 20
"""Of one message: some hundred alerts."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One alert of one message.

    receiver  the name in Alertmanager's configuration
    status    `firing` or `resolved`
    """

    receiver: str
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def name(self) -> str:
        """The alert's."""
        return self.labels["alertname"]


Listener = Callable[[Notification], None]


class Webhook:
    """`with Webhook() as webhook:` listens; `webhook.url` is for Alertmanager's `webhook_configs`.

    `heard`, if given, is called with one notification after the other, in the receiver's thread.
    """

    def __init__(self, heard: Listener | None = None) -> None:
        self._heard = heard or (lambda _: None)
        self._notifications: list[Notification] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._server = HTTPServer((HOST, 0), _handler(self.receive))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_port}/"

    def receive(self, message: Mapping[str, Any]) -> None:
        """Take in one message: https://prometheus.io/docs/alerting/latest/configuration/."""
        told = [
            Notification(
                message["receiver"],
                alert["status"],
                alert["labels"],
                alert["annotations"],
            )
            for alert in message["alerts"]
        ]
        with self._lock:
            self._notifications += told
        for each in told:
            self._heard(each)

    def notifications(self, **labels: str) -> list[Notification]:
        """Those so far that have these labels, in their order."""
        with self._lock:
            return [each for each in self._notifications if labels.items() <= each.labels.items()]


def _handler(receive: Callable[[Mapping[str, Any]], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds, of a connection that says nothing: others wait

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            if length > MAX_BYTES:
                self.send_error(413)
                return
            receive(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: who listens is told."""

    return Handler
