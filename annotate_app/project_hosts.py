"""Several projects by one server: requests to NAME.HOST go to the project NAME of a folder."""

import asyncio
import logging
import re
from collections.abc import Collection
from contextlib import AsyncExitStack

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotate_app.access.security_headers import SecurityHeaders
from annotate_app.pipeline.new_projects import NAME, ProjectMaker
from annotate_app.pipeline.webhook_sender import WebhookSender
from annotate_app.server import make_app
from o365seg.errors import InputError
from o365seg.project.folder import PROJECT_FILE, Project, open_project, read_about
from o365seg.store.database import DATABASE_ERRORS
from o365seg.store.pipeline import tokens
from o365seg.store.pipeline.scopes import Scope as TokenScope
from o365seg.store.pipeline.tokens import Token

_log = logging.getLogger("o365seg.projects")
_NO_SUCH = SecurityHeaders(PlainTextResponse("There is no project of this name.", 404))


class ProjectHosts:
    """ASGI application of a project, and of those that were made in a folder, each at its host.

    Each has an origin of its own, so that its pages and cookies are apart from those of others. A
    project is opened when the server starts, or at the first request for it: another server may
    have made it.
    """

    def __init__(
        self, home: Project, maker: ProjectMaker, hosts: Collection[str], database: str = ""
    ) -> None:
        """Build the application; no project but `home` is opened yet.

        Args:
            home: The project that all other hosts lead to.
            maker: Knows the others.
            hosts: The names before which a project's name is put, besides `localhost`.
            database: URL of the PostgreSQL database of all that are in one; empty: as each says.
        """
        bases = "|".join(re.escape(host.lower()) for host in {"localhost", *hosts})
        self._host = re.compile(rf"(?P<name>{NAME})\.(?:{bases})\.?(?::\d{{1,5}})?")
        self.home_app = make_app(home, hosts, maker)
        self._home = home
        self._maker = maker
        self._hosts = hosts
        self._database = database
        self._apps: dict[str, FastAPI] = {}
        self._opened: list[tuple[Project, WebhookSender]] = []
        self._lifespans = AsyncExitStack()
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        app: ASGIApp = self.home_app
        if scope["type"] == "lifespan":
            for name in self._maker.names():
                await self._find(name)
            await app(scope, receive, self._ending_all(send))
            return
        if scope["type"] == "http":
            host = self._host.fullmatch(Headers(scope=scope).get("host", "").lower())
            if host is not None:
                app = await self._find(host["name"]) or _NO_SUCH
        await app(scope, receive, send)

    def close(self) -> None:
        """End what is being made, and close the projects but `home`."""
        self._maker.stop()
        for project, sender in self._opened:
            sender.stop()
            project.store.close()

    def _ending_all(self, send: Send) -> Send:
        """Of the home's lifespan: the others' end before it does."""

        async def send_last(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                await self._lifespans.aclose()
            await send(message)

        return send_last

    async def _find(self, name: str) -> FastAPI | None:
        """The application of a project, opened if it is not open yet; None if there is none."""
        if name in self._apps:
            return self._apps[name]
        async with self._opening:
            if name not in self._apps:
                try:
                    app = await run_in_threadpool(self._open, name)
                except (InputError, *DATABASE_ERRORS) as error:
                    _log.warning("project %s cannot be opened: %s", name, error)
                    return None
                if app is None:
                    return None
                await self._lifespans.enter_async_context(app.router.lifespan_context(app))
                self._apps[name] = app
        return self._apps[name]

    def _open(self, name: str) -> FastAPI | None:
        folder = self._maker.folder / name
        if not (folder / PROJECT_FILE).is_file():
            return None
        project = open_project(folder, None, self._database if read_about(folder).database else "")
        hosts = [f"{name}.{host}" for host in self._hosts]
        app = make_app(project, hosts, find_maker=self._find_maker)
        sender = WebhookSender(project)
        sender.start()
        self._opened.append((project, sender))
        return app

    def _find_maker(self, token: str) -> Token | None:
        """A token of `home` that may make projects: it may use each of them."""
        with self._home.store.read_once() as db:
            found = tokens.find(db, token)
        return found if found is not None and found.scope.includes(TokenScope.CREATE) else None
