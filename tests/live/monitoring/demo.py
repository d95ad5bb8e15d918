"""`python -m grafana.demo` as a user starts it, in a terminal's process group of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.lab.wait import wait_until

ROOT = Path(__file__).parents[3]


class Demo:
    """`with Demo("--scene=gone") as demo:` has started; what it needs is in `home`."""

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._log = stack.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(
                [sys.executable, "-m", "grafana.demo", *self._flags],
                cwd=ROOT,
                env={**os.environ, "TMPDIR": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
            stack.callback(self.end)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def said(self) -> str:
        """What it has said so far."""
        written = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), written, 0).decode()

    def says(self, pattern: str, seconds: float) -> str:
        """The first group of a pattern in what it says, once it is there."""

        def so() -> bool:
            if self._process.poll() is not None:
                raise RuntimeError(f"the demo ended: {self.said()}")
            return re.search(pattern, self.said()) is not None

        wait_until(so, f"the demo says {pattern}", seconds)
        found = re.search(pattern, self.said())
        assert found is not None
        return found[1]

    def namespaces(self) -> list[str]:
        """The network namespaces that it has made and not removed."""
        return [each.name for each in Path("/run/netns").glob(f"l2t-{self.player}-*")]

    def playing(self) -> None:
        """Note which process plays, while there is one."""
        pid = self._process.pid
        self.player = Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()

    def end(self) -> int:
        """Press Ctrl-C; the exit status."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(60)


def page(url: str) -> str:
    """What a browser gets."""
    with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310 - a URL of the demo's own
        text: str = response.read().decode()
        return text
