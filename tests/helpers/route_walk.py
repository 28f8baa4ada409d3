"""Every route of an application, those of the applications mounted in it among them."""

from collections.abc import Iterator

from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute


def walk_routes(app: FastAPI) -> Iterator[tuple[str, frozenset[str]]]:
    """(path, methods) of each route; a websocket's method is `WEBSOCKET`."""
    routers = [app.router]
    while routers:
        for route in routers.pop().routes:
            if isinstance(route, Route):
                yield route.path, frozenset(route.methods or ())
            elif isinstance(route, WebSocketRoute):
                yield route.path, frozenset({"WEBSOCKET"})
            mounted = getattr(route, "app", None)
            mounted = getattr(getattr(mounted, "app", mounted), "router", None)  # one is wrapped
            inner = getattr(route, "original_router", mounted)  # FastAPI keeps included ones whole
            if inner is not None:
                routers.append(inner)
