"""Every cap in the program, each with its reason."""

# HTTP

HTTP_THREADS = 4
"""Workers an address, hence scrapes collected at once: two Prometheus servers and a person."""

HTTP_WAITING = 128
"""Connections an address that wait for a request; one more ends the longest wait. Far below the
usual 1024 file descriptors, and far above what scrapes need."""

HTTP_QUEUE = 64
"""Requests an address that wait for a worker; the next is answered with 503."""

HTTP_BACKLOG = 128
"""Connections that the kernel keeps an address until they are accepted."""

HTTP_SLOW_READERS = HTTP_THREADS - 1
"""Workers an address that may wait for a client to read; one more ends the longest wait, so that
one worker is always left for the next scrape."""

HTTP_HEAD_BYTES = 8192
"""Request line and headers: Prometheus sends less than 500 bytes; what browsers add fits."""

HTTP_QUERY_FIELDS = 64
"""Fields in a query string: more than there are collectors."""

HTTP_REQUEST_SECONDS = 5
"""From the first byte of a request to its last; also how long an idle connection is kept."""

HTTP_ANSWER_SECONDS = 10
"""For an answer to be taken by its client: Prometheus's own default scrape timeout."""

HTTP_ACCEPT_PAUSE_SECONDS = 0.02
"""After a connection that could not be accepted (no file descriptor left): never spin on it."""

HTTP_STOP_SECONDS = 0.5
"""For scrapes that are being collected when the exporter stops; later ones are abandoned."""
