"""What the process asks of the C library and the kernel for itself."""

from __future__ import annotations

import ctypes
import resource

_M_ARENA_MAX = -8  # malloc.h
_M_MMAP_THRESHOLD = -3
_TABLE_BYTES = 1 << 16
_BATCH_BYTES = 1 << 18


def allow_descriptors(wanted: int) -> None:
    """Raise the soft limit of file descriptors as far as the hard one lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def map_tables() -> None:
    """Have glibc give each table's zeros pages of their own, which are none until written to.

    From the heap, where others were before, it would have to write them.
    """
    _tell_malloc(_M_MMAP_THRESHOLD, _TABLE_BYTES)


def share_one_heap() -> None:
    """Have glibc serve all threads from one heap: each one's own would keep its largest scrape.

    Large arrays stay out of it, so that what a dump of 100,000 entries took is given back; those
    of a batch do not.
    """
    _tell_malloc(_M_ARENA_MAX, 1)
    _tell_malloc(_M_MMAP_THRESHOLD, _BATCH_BYTES)


def _tell_malloc(option: int, value: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none, and one heap
        mallopt(option, value)
