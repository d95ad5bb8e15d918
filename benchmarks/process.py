"""What the kernel tells of a process: CPU, wake-ups, memory, what its packet socket dropped."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CORES = sorted(os.sched_getaffinity(0))
SENDER_CORE, RECEIVER_CORE = _CORES[0], _CORES[-1]

_SOL_PACKET = 263
_PACKET_STATISTICS = 6
_PIDFD_GETFD = 438  # asm-generic/unistd.h
_SETTLE_SECONDS = 0.2
_SETTLED_CPU = 0.004
_PEAK_RESET = "5"  # proc(5), clear_refs
_libc = ctypes.CDLL(None, use_errno=True)


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads, to the nanosecond (schedstat)."""
    return sum(int(_read(task / "schedstat").split()[0]) for task in _tasks(pid)) / 1e9


def settled_cpu_seconds(pid: int) -> float:
    """The same, once the process has no work left."""
    before = cpu_seconds(pid)
    while True:
        time.sleep(_SETTLE_SECONDS)
        now = cpu_seconds(pid)
        if now - before < _SETTLED_CPU:
            return now
        before = now


@contextmanager
def on_receiver_core() -> Iterator[None]:
    """What the block starts is kept on the receivers' core, beside which it is compared."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {RECEIVER_CORE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def timed(*command: str) -> tuple[float, float]:
    """(CPU seconds, seconds) of a command, which must succeed; what it prints is thrown away."""
    before, began = _children(), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return _children() - before, time.perf_counter() - began


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wakeups(pid: int) -> int:
    """How often its threads have waited: voluntary context switches."""
    return sum(_status(task, "voluntary_ctxt_switches") for task in _tasks(pid))


def resident(pid: int) -> int:
    """Resident memory, bytes."""
    return _status(Path(f"/proc/{pid}"), "VmRSS") * 1024


def peak_resident(pid: int) -> int:
    """Highest resident memory since `reset_peak`, bytes."""
    return _status(Path(f"/proc/{pid}"), "VmHWM") * 1024


def reset_peak(pid: int) -> None:
    """Let `peak_resident` begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text(_PEAK_RESET)


def pin(pid: int) -> None:
    """Keep a receiver on the core that the sender does not use."""
    for task in _tasks(pid):
        os.sched_setaffinity(int(task.name), {RECEIVER_CORE})


def packet_statistics(pid: int) -> tuple[int, int]:
    """(frames handled, frames dropped) of its one packet socket since this was last asked."""
    pidfd = os.pidfd_open(pid)
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            if os.readlink(link).startswith("socket:"):
                with socket.socket(fileno=_borrow(pidfd, int(link.name))) as borrowed:
                    if borrowed.family == socket.AF_PACKET:
                        packets, drops = struct.unpack_from(
                            "II", borrowed.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 12)
                        )
                        return packets - drops, drops
    finally:
        os.close(pidfd)
    raise RuntimeError(f"process {pid} has no packet socket")


def _borrow(pidfd: int, descriptor: int) -> int:
    """Duplicate a descriptor of another process: pidfd_getfd(2)."""
    borrowed = int(_libc.syscall(_PIDFD_GETFD, pidfd, descriptor, 0))
    if borrowed < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return borrowed


def _tasks(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())


def _status(process: Path, field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+)", _read(process / "status"), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{process}/status has no {field}")
    return int(found[1])


def _read(path: Path) -> str:
    return path.read_text()
