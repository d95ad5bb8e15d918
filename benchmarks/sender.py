"""Frames onto a wire by one core, as fast as it can or paced: sendmmsg(2) on a packet socket.

As a program (`python -m benchmarks.sender DEVICE FILE LOOPS RATE CORE`) it sends the array in a
.npy file and prints frames, seconds and CPU seconds; `Sender` runs that in a lab namespace.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.process import SENDER_CORE
from benchmarks.traffic import FrameArray
from tests.lab.namespace import Namespace

CHUNK = 1024  # UIO_MAXIOV: no more messages in one call
PACES_A_SECOND = 1000
FULL_SPEED = 0.0

_IOVEC = np.dtype([("base", "u8"), ("length", "u8")])
_MMSGHDR = np.dtype(  # struct mmsghdr of sendmmsg(2) on 64 bits; the names left out stay zero
    {"names": ["iov", "iovlen"], "formats": ["u8", "u8"], "offsets": [16, 24], "itemsize": 64}
)
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender did; `cpu` is its own time, the kernel's work on delivery included."""

    frames: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.frames / self.seconds

    @property
    def micros(self) -> float:
        """CPU microseconds a frame."""
        return self.cpu / self.frames * 1e6


class Sending:
    """A sender at work; `result` waits for its end."""

    def __init__(self, process: subprocess.Popen[bytes], path: Path) -> None:
        self._process = process
        self._path = path

    def running(self) -> bool:
        return self._process.poll() is None

    def result(self) -> Sent:
        out, _ = self._process.communicate()
        self._path.unlink()
        if self._process.returncode:
            raise RuntimeError(f"the sender ended with status {self._process.returncode}")
        return Sent(**json.loads(out))


class Sender:
    """Sends from a device of a namespace, each time in a process of its own."""

    def __init__(self, namespace: Namespace, device: str) -> None:
        self._namespace = namespace
        self._device = device

    def start(self, frames: FrameArray, *, rate: float = FULL_SPEED, loops: int = 1) -> Sending:
        """Begin to send `frames`, `loops` times over, `rate` a second."""
        with tempfile.NamedTemporaryFile(suffix=".npy", delete=False) as file:
            np.save(file, frames)
        program = (sys.executable, "-m", "benchmarks.sender")
        arguments = (self._device, file.name, str(loops), str(rate), str(SENDER_CORE))
        process = self._namespace.popen(*program, *arguments, stdout=subprocess.PIPE)
        return Sending(process, Path(file.name))

    def send(self, frames: FrameArray, *, rate: float = FULL_SPEED, loops: int = 1) -> Sent:
        """Send them all before returning."""
        return self.start(frames, rate=rate, loops=loops).result()


class _Burst:
    """The system call's arrays for up to CHUNK frames at a time."""

    def __init__(self, wire: socket.socket, frames: FrameArray) -> None:
        self._wire = wire
        self._frames = frames
        self._iovecs = np.zeros(CHUNK, dtype=_IOVEC)
        self._iovecs["length"] = frames.shape[1]
        self._messages = np.zeros(CHUNK, dtype=_MMSGHDR)
        self._messages["iov"] = self._iovecs.ctypes.data + np.arange(CHUNK) * _IOVEC.itemsize
        self._messages["iovlen"] = 1
        self._rows = np.arange(CHUNK, dtype=np.uint64) * np.uint64(frames.strides[0])

    def send(self, first: int, count: int) -> int:
        """Send frames from `first` on, at most CHUNK; how many went."""
        start = np.uint64(self._frames.ctypes.data + first * self._frames.strides[0])
        self._iovecs["base"] = self._rows + start
        messages = ctypes.c_void_p(self._messages.ctypes.data)
        sent = int(_libc.sendmmsg(self._wire.fileno(), messages, min(count, CHUNK), 0))
        if sent < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return sent


def send(device: str, frames: FrameArray, loops: int, rate: float) -> Sent:
    """Send from this process; paced in steps of a millisecond unless at full speed."""
    step = max(1, int(rate / PACES_A_SECOND)) if rate else CHUNK
    total = 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((device, 0))
        burst = _Burst(wire, frames)
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(loops):
            at = 0
            while at < len(frames):
                if rate:
                    time.sleep(max(0.0, began + total / rate - time.perf_counter()))
                went = burst.send(at, min(step, len(frames) - at))
                at += went
                total += went
        seconds = time.perf_counter() - began
        return Sent(total, seconds, time.process_time() - cpu)


def main() -> None:
    device, path, loops, rate, core = sys.argv[1:]
    os.sched_setaffinity(0, {int(core)})
    sent = send(device, np.load(path), int(loops), float(rate))
    print(json.dumps({"frames": sent.frames, "seconds": sent.seconds, "cpu": sent.cpu}))


if __name__ == "__main__":
    main()
