"""The WSGI application: metrics, health, readiness and a landing page."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from .. import limits
from .exposition import VARY, render
from .pages import CONTENT_SECURITY_POLICY, landing

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from .exposition import Metrics

Headers = tuple[tuple[str, str], ...]

METHODS = ("GET", "HEAD")

_PLAIN = "text/plain; charset=utf-8"

_log = logging.getLogger(__name__)


class BadRequestError(Exception):
    """The request cannot be answered; `str()` is the line that says why."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: status, body and its type, further headers."""

    status: HTTPStatus
    body: bytes
    content_type: str = _PLAIN
    headers: Headers = ()


class Application:
    """Serves `metrics` at `telemetry_path`, beside `/`, `/-/healthy` and `/-/ready`.

    ready    returns None, or why the exporter is not ready, in a line
    version  what the landing page shows

    Called by a WSGI server (PEP 3333), by several threads at once; it raises nothing.
    """

    def __init__(
        self,
        metrics: Metrics,
        ready: Callable[[], str | None],
        *,
        telemetry_path: str = "/metrics",
        version: str,
    ) -> None:
        self._metrics = metrics
        self._ready = ready
        self._landing = landing(version, telemetry_path).encode()
        self._pages: dict[str, Callable[[WSGIEnvironment], Response]] = {
            "/": self._index,
            "/-/healthy": self._health,
            "/-/ready": self._readiness,
            telemetry_path: self._exposition,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer one request."""
        response = self._answer(environ)
        start_response(
            f"{response.status.value} {response.status.phrase}",
            [
                ("Content-Type", response.content_type),
                ("Content-Length", str(len(response.body))),
                ("X-Content-Type-Options", "nosniff"),
                *response.headers,
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _answer(self, environ: WSGIEnvironment) -> Response:
        path = environ["PATH_INFO"]
        try:
            return self._page(path, environ)
        except BadRequestError as error:
            return _line(HTTPStatus.BAD_REQUEST, str(error))
        except Exception:  # a fault of ours must cost one answer, not the worker
            _log.exception("cannot answer a request for %r", path)
            return _line(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error; the log says more")

    def _page(self, path: str, environ: WSGIEnvironment) -> Response:
        page = self._pages.get(path)
        if page is None:
            return _line(HTTPStatus.NOT_FOUND, "no such page")
        if environ["REQUEST_METHOD"] not in METHODS:
            allowed = ", ".join(METHODS)
            return _line(HTTPStatus.METHOD_NOT_ALLOWED, f"use {allowed}", (("Allow", allowed),))
        return page(environ)

    def _exposition(self, environ: WSGIEnvironment) -> Response:
        only = self._chosen(environ.get("QUERY_STRING", ""))
        exposition = render(
            self._metrics.collect(only),
            environ.get("HTTP_ACCEPT", ""),
            environ.get("HTTP_ACCEPT_ENCODING", ""),
        )
        headers: Headers = (("Vary", VARY),)
        if exposition.encoding:
            headers += (("Content-Encoding", exposition.encoding),)
        return Response(HTTPStatus.OK, exposition.body, exposition.content_type, headers)

    def _chosen(self, query: str) -> frozenset[str] | None:
        """The collectors that `collect[]=NAME` asks for; None for all."""
        try:
            fields = parse_qs(
                query, keep_blank_values=True, max_num_fields=limits.HTTP_QUERY_FIELDS
            )
        except ValueError as error:
            raise BadRequestError("too many fields in the query") from error
        chosen = frozenset(fields.get("collect[]", ()))
        unknown = sorted(chosen.difference(self._metrics.names))
        if unknown:
            known = ", ".join(sorted(self._metrics.names))
            raise BadRequestError(f"collect[]: no collector {unknown[0]!a}; there are: {known}")
        return chosen or None

    def _index(self, _: WSGIEnvironment) -> Response:
        policy: Headers = (("Content-Security-Policy", CONTENT_SECURITY_POLICY),)
        return Response(HTTPStatus.OK, self._landing, "text/html; charset=utf-8", policy)

    def _health(self, _: WSGIEnvironment) -> Response:
        return _line(HTTPStatus.OK, "l2exporter is healthy.")

    def _readiness(self, _: WSGIEnvironment) -> Response:
        reason = self._ready()
        if reason is None:
            return _line(HTTPStatus.OK, "l2exporter is ready.")
        return _line(HTTPStatus.SERVICE_UNAVAILABLE, f"l2exporter is not ready: {reason}")


def _line(status: HTTPStatus, text: str, headers: Headers = ()) -> Response:
    return Response(status, f"{text}\n".encode(), headers=headers)
