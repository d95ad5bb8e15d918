"""`exporter`: which version runs, with which configuration, at what cost to the host."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric

from .. import __version__
from .base import Context


class ExporterCollector:
    """Build, last reading of the configuration file, and the process's own figures.

    l2_exporter_build_info{version="0.1.0"} 1.0
    l2_config_last_reload_successful 1.0
    l2_config_last_reload_success_timestamp_seconds 1700000000.0
    process_resident_memory_bytes 4.5e+07
    """

    def __init__(self, context: Context) -> None:
        self._reload = context.reload
        self._process = ProcessCollector(registry=None)

    def collect(self) -> Iterable[Metric]:
        """Yield the families; those of the process are absent where /proc is not readable."""
        yield InfoMetricFamily(
            "l2_exporter_build", "Version of the exporter.", value={"version": __version__}
        )
        reload = self._reload()
        yield GaugeMetricFamily(
            "l2_config_last_reload_successful",
            "Whether the configuration file was good when last read.",
            value=reload.successful,
        )
        yield GaugeMetricFamily(
            "l2_config_last_reload_success_timestamp_seconds",
            "When the configuration file was last read and good.",
            value=reload.last_success,
        )
        yield from self._process.collect()
