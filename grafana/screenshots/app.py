"""The npm app that draws a dashboard: installed and built beside its source, in a directory that
git ignores, and run with Debian's chromium.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

HERE: Final = Path(__file__).parent
BUILD: Final = HERE / "build"
SOURCES: Final = (
    "package.json",
    "tsconfig.json",
    "index.html",
    "vite.config.js",
    "shoot.mjs",
    "src",
)
INSTALL: Final = (
    *("npm", "install", "--legacy-peer-deps", "--no-package-lock", "--ignore-scripts"),
    *("--no-audit", "--no-fund", "--loglevel=error"),
)
CHROMIUM: Final = "/usr/bin/chromium"
SHRINK: Final = ("pngquant", "--force", "--ext=.png", "--strip", "--")
SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: of a dashboard's file, in a theme, as wide as a screen."""

    dashboard: str
    out: str
    theme: str
    width: int
    variables: Mapping[str, str]


def build() -> None:
    """Install and build what is not as the source is now."""
    BUILD.mkdir(exist_ok=True)
    for name in SOURCES:
        _copy(HERE / name, BUILD / name)
    _once(BUILD / "node_modules", ("package.json",), INSTALL)
    _once(BUILD / "dist", SOURCES, ("npm", "run", "--silent", "build"))


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn: what a Prometheus, which scrapes so often, says from time to time."""

    prometheus: str
    begin: int
    end: int
    scrape_seconds: int


def take(shots: Sequence[Shot], scene: Scene) -> Iterator[dict[str, Any]]:
    """Take the pictures; of each what was noticed."""
    with TemporaryDirectory() as profile:
        plan = {
            "prometheus": scene.prometheus,
            "chromium": CHROMIUM,
            "profile": profile,
            "from": scene.begin * 1000,
            "to": scene.end * 1000,
            "scrape": scene.scrape_seconds,
            "shots": [asdict(shot) for shot in shots],
        }
        done = subprocess.run(
            ["node", BUILD / "shoot.mjs"],
            input=json.dumps(plan),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=SECONDS,
        )
    subprocess.run([*SHRINK, *(shot.out for shot in shots)], check=True, timeout=SECONDS)
    for line in done.stdout.splitlines():
        yield json.loads(line)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _once(made: Path, sources: Sequence[str], command: Sequence[str]) -> None:
    """Run `command`, which makes a directory, unless it was made from the same sources."""
    stamp = made / ".made-from"
    now = _digest(sources)
    if not (stamp.exists() and stamp.read_text() == now):
        subprocess.run(command, cwd=BUILD, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
        stamp.write_text(now)


def _digest(names: Sequence[str]) -> str:
    paths = [path for name in names for path in sorted((HERE / name).rglob("*"))]
    files = [path for path in (*(HERE / name for name in names), *paths) if path.is_file()]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
