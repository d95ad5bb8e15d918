"""Building and running a container image with buildah and podman, without a daemon or a registry.

Everything lives in one directory: images, containers, run-time state. The Dockerfile's official
base image is replaced by Debian's own Python, made with debootstrap.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BASE_TAR = ROOT / "build/base.tar"
BASE = "localhost/l2exporter-test-base"
IMAGE = "localhost/l2exporter-test"
PACKAGES = "python3,python3-venv,ca-certificates"
ULIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")

# pip inside the build trusts and asks what pip outside does; nothing of it stays in the image.
HOST_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")


class Engine:
    """buildah and podman with all their state in `home`."""

    def __init__(self, home: Path) -> None:
        self._state = ("--root", str(home / "store"), "--runroot", str(home / "run"))

    def podman(self, *arguments: str) -> tuple[str, ...]:
        """The command line of `podman ARGUMENTS`."""
        return ("podman", *self._state, "--runtime", "runc", *arguments)

    def build(self) -> None:
        """Build IMAGE from the working tree's Dockerfile."""
        _make_base()
        # Without a network of its own podman sets up none on the host.
        subprocess.run(
            ["unshare", "--net", *self.podman("import", "--quiet", str(BASE_TAR), BASE)], check=True
        )
        mounts = (f"--volume={path}:{path}:ro" for path in HOST_FILES if Path(path).exists())
        options = ("--isolation=chroot", "--pull-never", "--format=docker", *ULIMITS, *mounts)
        what = (f"--build-arg=BASE={BASE}", f"--tag={IMAGE}", str(ROOT))
        subprocess.run(["buildah", *self._state, "bud", *options, *what], check=True)


def _make_base() -> None:
    if BASE_TAR.exists():
        return
    BASE_TAR.parent.mkdir(exist_ok=True)
    partial = BASE_TAR.with_suffix(".partial")
    with tempfile.TemporaryDirectory() as tree:
        options = ("--variant=minbase", f"--include={PACKAGES}")
        subprocess.run(["debootstrap", *options, "bookworm", tree], check=True)
        subprocess.run(["tar", "-C", tree, "-cf", str(partial), "."], check=True)
    partial.rename(BASE_TAR)
