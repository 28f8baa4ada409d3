"""Several projects by one server: requests to NAME.HOST go to the project NAME of a folder."""

import asyncio
import logging
import re
import time
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

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
_TRY_AGAIN_S = 5
_NO_SUCH = SecurityHeaders(PlainTextResponse("There is no project of this name.", 404))
_UNAVAILABLE = SecurityHeaders(
    PlainTextResponse(
        "This project cannot be opened at present; the log of the server says why.",
        503,
        {"Retry-After": str(_TRY_AGAIN_S)},
    )
)


@dataclass(frozen=True)
class _Served:
    """An open project; `stamp`: of its folder as it was opened."""

    stamp: tuple[int, ...]
    project: Project
    app: FastAPI
    sender: WebhookSender
    lifespan: AsyncExitStack

    def close(self) -> None:
        self.sender.stop()
        self.project.store.close()


@dataclass(frozen=True)
class _Fault:
    """Why a project could not be opened, and when to try again (monotonic, in s)."""

    stamp: tuple[int, ...]
    message: str
    again_at: float


class ProjectHosts:
    """ASGI application of a project, and of those that were made in a folder, each at its host.

    Each has an origin of its own, so that its pages and cookies are apart from those of others. A
    project is opened when the server starts, or at the first request for it: another server may
    have made it. One that was deleted is closed at the next request, and one that took its place,
    or whose images moved, is opened anew.
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
        self._served: dict[str, _Served] = {}
        self._faults: dict[str, _Fault] = {}
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
                app = await self._find(host["name"])
        await app(scope, receive, send)

    def close(self) -> None:
        """End what is being made, and close the projects but `home`."""
        self._maker.stop()
        for served in self._served.values():
            served.close()

    def _ending_all(self, send: Send) -> Send:
        """Of the home's lifespan: the others' end before it does."""

        async def send_last(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                for served in self._served.values():
                    await served.lifespan.aclose()
            await send(message)

        return send_last

    async def _find(self, name: str) -> ASGIApp:
        """The application of a project, opened if it is not open yet, or what answers instead."""
        folder = self._maker.folder / name
        served = self._served.get(name)
        if served is not None and served.stamp == _stamp(folder):
            return served.app
        async with self._opening:
            stamp = _stamp(folder)
            served = self._served.get(name)
            if served is not None and served.stamp != stamp:
                # Its connections lead into a database that is deleted: answers would be lost.
                del self._served[name]
                served.close()
                await served.lifespan.aclose()
                served = None
            if stamp is None:
                self._faults.pop(name, None)
                return _NO_SUCH
            if served is not None:
                return served.app
            fault = self._faults.get(name)
            if fault and fault.stamp == stamp and time.monotonic() < fault.again_at:
                return _UNAVAILABLE
            try:
                served = await run_in_threadpool(self._open, name, stamp)
            except (InputError, *DATABASE_ERRORS) as error:
                if fault is None or fault.message != str(error):
                    _log.warning("project %s cannot be opened: %s", name, error)
                again_at = time.monotonic() + _TRY_AGAIN_S
                self._faults[name] = _Fault(stamp, str(error), again_at)
                return _UNAVAILABLE
            self._faults.pop(name, None)
            app = served.app
            await served.lifespan.enter_async_context(app.router.lifespan_context(app))
            self._served[name] = served
        return app

    def _open(self, name: str, stamp: tuple[int, ...]) -> _Served:
        folder = self._maker.folder / name
        project = open_project(folder, None, self._database if read_about(folder).database else "")
        try:
            _check_images(project)
            hosts = [f"{name}.{host}" for host in self._hosts]
            app = make_app(project, hosts, find_maker=self._find_maker)
        except BaseException:
            project.store.close()
            raise
        sender = WebhookSender(project)
        sender.start()
        return _Served(stamp, project, app, sender, AsyncExitStack())

    def _find_maker(self, token: str) -> Token | None:
        """A token of `home` that may make projects: it may use each of them."""
        with self._home.store.read_once() as db:
            found = tokens.find(db, token)
        return found if found is not None and found.scope.includes(TokenScope.CREATE) else None


def _stamp(folder: Path) -> tuple[int, ...] | None:
    """What tells a project's file from any that is put in its place; None: there is none.

    An inode's number and the file's time may be those of a copy; the time of the inode's own last
    change is not.
    """
    try:
        found = (folder / PROJECT_FILE).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns


def _check_images(project: Project) -> None:
    try:
        project.images.check()
    except InputError as error:
        advice = "give their new place with `annotate-app settings images`"
        raise InputError(f"{error.message}; {advice}", file=error.file) from None
