"""The painter's files served from disk, with the English texts."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from annotate_app.web.catalogue import ENGLISH, SHIPPED, read_catalogues

STATIC = SHIPPED.with_name("static")


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/blank":
            self._send(
                "text/html", "<!doctype html><link rel=icon href=data:,><title>blank</title>"
            )
        elif self.path == "/texts/catalogue.js":
            self._send("text/javascript", _script())
        else:
            super().do_GET()

    def _send(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@functools.cache
def _script() -> str:
    return read_catalogues()[ENGLISH].script


@contextmanager
def serve_static() -> Iterator[str]:
    """Serve on a free port; yields the URL."""
    handler = functools.partial(_QuietHandler, directory=str(STATIC))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
