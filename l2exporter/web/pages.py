"""The landing page: what this is and where its metrics are."""

from __future__ import annotations

from html import escape

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page needs nothing but itself: no script, style, image or frame."""

_LANDING = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>l2exporter</title>
</head>
<body>
<main>
<h1>l2exporter</h1>
<p>Prometheus exporter for layer-2 health, version {version}.</p>
<ul>
<li><a href="{metrics}">Metrics</a></li>
<li><a href="/-/healthy">Health</a>: the process answers</li>
<li><a href="/-/ready">Readiness</a>: capturing does not fail</li>
</ul>
</main>
</body>
</html>
"""


def landing(version: str, telemetry_path: str) -> str:
    """The page as HTML."""
    return _LANDING.format(version=escape(version), metrics=escape(telemetry_path))
