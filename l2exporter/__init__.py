"""Prometheus exporter for layer-2 health: who holds which address, and since when."""

import os

__version__ = "0.1.0"

# numpy's linear algebra starts a thread for each core when it is imported, and we do none: each
# would cost memory, and would keep the privileges that the main thread drops.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
