"""A real Alertmanager (0.25) on a free loopback port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.lab.server import Server


class Alertmanager(Server):
    """`with Alertmanager({"alertmanager.yml": text}) as alertmanager:` is ready and alone."""

    def command(self, listen: str) -> Sequence[str]:
        return (
            *("prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=data"),
            *(f"--web.listen-address={listen}", "--cluster.listen-address="),
        )

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that it has, as its API tells them: those that are inhibited too."""
        found: list[dict[str, Any]] = self.get("/api/v2/alerts")
        return found
