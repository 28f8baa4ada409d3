"""Serve an application by uvicorn until Ctrl-C."""

import errno
import signal
import socket
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from annotate_app.access.connections import ConnectionLimits, limited_protocol
from annotate_app.web.server_log import log_to_stderr
from o365seg.errors import InputError


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host`; port 0 picks a free one.

    Raises:
        InputError: the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        advice = "; try another --port" if error.errno == errno.EADDRINUSE else ""
        raise InputError(f"cannot listen on {host} port {port}: {error.strerror}{advice}") from None
    return listening


def address_of(listening: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def serve_until_interrupted(app: ASGIApp, listening: socket.socket, proxy: str | None) -> None:
    """Serve until Ctrl-C or SIGTERM.

    `proxy`: the only address whose forwarding headers are trusted.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as uvicorn leaves it behind
    log_to_stderr()
    _allow_open_files()
    limits = ConnectionLimits(unlimited=frozenset({proxy} if proxy else ()))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=limited_protocol(limits),
            log_config=None,
            access_log=False,
            # By default, uvicorn would trust these headers from any client on this machine.
            proxy_headers=proxy is not None,
            forwarded_allow_ips=proxy,
            server_header=False,
            ws="none",
            # An open page holds a Gradio event stream that never ends by itself.
            timeout_graceful_shutdown=3,
        )
    )
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def _allow_open_files() -> None:
    """Raise the limit of open files, often 1,024, as far as this process may."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
        if soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
