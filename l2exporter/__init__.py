"""Prometheus exporter for layer-2 health: who holds which address, and since when."""

__version__ = "0.1.0"
