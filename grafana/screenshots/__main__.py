"""`python -m grafana.screenshots [--prometheus URL] [--out DIR] [DASHBOARD...]`: take pictures.

Of a made-up history, or of what a running Prometheus says, as that of `make demo`.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from .app import Scene, Shot, build, take
from .history.samples import SCRAPE_SECONDS
from .history.story import GATEWAY
from .history.targets import END
from .replay import replay

ROOT: Final = Path(__file__).parents[2]
DASHBOARDS: Final = ROOT / "grafana" / "dashboards"
IMAGES: Final = ROOT / "docs" / "images"
DESK: Final = 1280
PHONE: Final = 390
LOOKS: Final = (("", "light", DESK), ("-dark", "dark", DESK), ("-phone", "light", PHONE))


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures and tell what is wrong with them; 1 if anything is."""
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    build()
    with _scene(options) as scene:
        told = list(take(_shots(options), scene))
    return max([_tell(each) for each in told], default=0)


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m grafana.screenshots", description=__doc__)
    parser.add_argument("--prometheus", metavar="URL", help="one that is running")
    parser.add_argument("--ip", help="whose page is drawn: the gateway of the history by default")
    parser.add_argument("--minutes", metavar="N", type=int, default=360, help="shown; default 360")
    parser.add_argument("--out", metavar="DIR", type=Path, default=IMAGES)
    parser.add_argument("dashboards", metavar="DASHBOARD", nargs="*", help="uid; all by default")
    return parser.parse_args(arguments)


@contextmanager
def _scene(options: Namespace) -> Iterator[Scene]:
    seconds = 60 * options.minutes
    if options.prometheus:
        now = int(time.time())
        yield Scene(options.prometheus.rstrip("/"), now - seconds, now, scrape_seconds=15)
        return
    with replay() as prometheus:
        yield Scene(prometheus.url, END - seconds, END, SCRAPE_SECONDS)


def _shots(options: Namespace) -> list[Shot]:
    files = sorted(DASHBOARDS.glob("*.json"))
    wanted = [file for file in files if not options.dashboards or file.stem in options.dashboards]
    ip = options.ip or (None if options.prometheus else GATEWAY[0])
    return [
        Shot(
            dashboard=str(file),
            out=str((options.out / f"{file.stem}{suffix}.png").resolve()),
            theme=theme,
            width=width,
            variables={"ip": ip} if ip else {},
        )
        for file in wanted
        for suffix, theme, width in LOOKS
    ]


def _tell(picture: dict[str, Any]) -> int:
    print(picture["out"])
    for panel in picture["empty"]:
        print(f"  empty: {panel}")
    faults = [*picture["faults"], *(["wider than the screen"] if picture["wide"] else [])]
    for fault in faults:
        print(f"  FAULT: {fault}", file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
