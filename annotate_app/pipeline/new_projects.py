"""Projects that programs make by the HTTP API, in a folder that the administrator named.

A program sends the file of detections; `o365seg create` makes the project from it, in a process of
its own, so that raters do not wait for it. What became of it is in the audit log of the project
whose token was used: every server of that project reads it there.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as UrlPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from annotate_app.access.hosts import is_this_machine
from annotate_app.access.sessions import PROJECTS_ROOT
from annotate_app.pipeline.access import Creator
from annotate_app.web.problems import problem
from annotate_app.web.request_bodies import Text
from o365seg.errors import InputError
from o365seg.project.folder import DATABASE_VARIABLE, PROJECT_FILE, Project
from o365seg.project.new_folder import delete_unfinished, is_in_the_making, new_folder
from o365seg.store import audit
from o365seg.store.database import without_password, write_deadline
from o365seg.store.people.raters import Rater
from o365seg.store.pipeline.tokens import Token

NAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""Names of such projects: each becomes the first part of a host name."""

_BEGUN, _MADE, _FAILED = "project.create", "project.created", "project.failed"
_MOST_NAMED = 20  # images and boxes that a report names, of each kind
_MAIN = "from o365seg.commands.main import main; main()"

_log = logging.getLogger("o365seg.projects")


class Options(BaseModel):
    """Options of `o365seg create` that a program gives; `source`: which one the file is for."""

    model_config = ConfigDict(extra="forbid")

    images: Text = Field(min_length=1, max_length=4096)
    source: Literal["detections", "from"] = "detections"
    only: Text | None = Field(default=None, pattern=r"^-?\d+(,-?\d+)*$", max_length=60_000)
    count: int | None = Field(default=None, ge=1, lt=2**31)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)

    def as_arguments(self) -> list[str]:
        """As the command takes them; what was not given has the command's default."""
        given = self.model_dump(exclude={"source"}, exclude_none=True)
        return [f"--{name}={value}" for name, value in given.items()]


class ProjectMaker:
    """Makes projects in a folder, one at a time.

    Attributes:
        folder: Where the projects are; each in a folder of its name.
    """

    def __init__(self, home: Project, folder: Path, image_places: Collection[str]) -> None:
        """Delete what a killed server left unfinished in `folder`; make it if it is missing.

        Args:
            home: The project whose tokens and audit log are used; if its answers are in
                PostgreSQL, those of the new projects go to the same database.
            folder: Where to make projects.
            image_places: Folders and URLs in which the images of new projects may be.

        Raises:
            InputError: the folder cannot be written.
        """
        self.folder = folder.resolve()
        self._home = home
        self._image_places = image_places
        self._busy = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            delete_unfinished(self.folder)
        except OSError as error:
            raise InputError(f"cannot be used: {error.strerror}", file=folder) from None

    def names(self) -> list[str]:
        """The projects that are there."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{PROJECT_FILE}"))

    def status(self, name: str) -> dict[str, Any] | None:
        """What became of a project; None if there is none and nobody asked for one."""
        making = is_in_the_making(self.folder / name)  # first: it ends after the entry is written
        ready = (self.folder / name / PROJECT_FILE).is_file()
        with self._home.store.read() as db:
            entry = audit.newest_about(db, name, (_BEGUN, _MADE, _FAILED))
        detail = {} if entry is None or entry.action == _BEGUN else entry.detail
        if making:
            return {"status": "creating"}
        if ready:
            return {"status": "ready", "report": detail.get("report")}
        if entry is None or entry.action == _MADE:  # made, and taken away since
            return None
        message = detail.get("message", "the server stopped before it was made; send it again")
        return {"status": "failed", "message": message}

    def check_images(self, images: str) -> str:
        """The place of a new project's images as the command takes it.

        Raises:
            InputError: it is in none of the places that the administrator allowed.
        """
        for place in self._image_places:
            if "://" in place and _is_below_url(images, place):
                return images
            if "://" not in place and "://" not in images:
                path = Path(images).resolve()
                if path.is_relative_to(Path(place).resolve()):
                    return str(path)
        allowed = ", ".join(self._image_places) or "none is allowed"
        raise InputError(f"must be in one of the allowed places: {allowed}", field="images")

    async def receive(self, name: str, options: Options, request: Request) -> JSONResponse | None:
        """Store the file of a request, and begin to make the project; a refusal if that fails."""
        if (self.folder / name).exists():
            return problem(409, "exists", f"a project {name} exists; choose another name")
        if not self._busy.acquire(blocking=False):
            return problem(429, "busy", "another project is being made; try again later")
        try:
            with ExitStack() as unfinished:
                unfinished.callback(self._busy.release)
                work = unfinished.enter_context(new_folder(self.folder / name)).work
                with (work / f"{name}.json").open("wb") as file:
                    async for chunk in request.stream():
                        file.write(chunk)
                write_deadline.set(None)  # it counts from the request's arrival
                by = _who(request)
                await run_in_threadpool(self._record, _BEGUN, name, by | options.model_dump())
                until_made = unfinished.pop_all()
        except InputError as error:
            return problem(500, "failed", f"{name}: {error.message}")
        making = (until_made, name, work, options)
        threading.Thread(target=self._make, args=making, name="new project").start()
        return None

    def stop(self) -> None:
        """End what is being made, which then leaves nothing."""
        process = self._process
        if process is not None:
            process.terminate()

    def _make(self, unfinished: ExitStack, name: str, work: Path, options: Options) -> None:
        with unfinished:
            url = self._home.store.url
            database = []
            # Not where the environment says: where the home is.
            environment = {
                name: value for name, value in os.environ.items() if name != DATABASE_VARIABLE
            }
            if url.password:
                environment["PGPASSWORD"] = str(url.password)
            if not self._home.store.is_sqlite:
                bare = without_password(url.render_as_string(hide_password=False))
                database = [f"--database={bare}"]
            # Every argument is checked, and none begins with what came in the request.
            self._process = subprocess.Popen(  # noqa: S603
                [
                    *(sys.executable, "-c", _MAIN, "create", str(self.folder / name), "--json=-"),
                    *(f"--{options.source}={name}.json", *options.as_arguments(), *database),
                ],
                cwd=work,
                env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            printed, said = self._process.communicate()
            code = self._process.returncode
            self._process = None
            if code == 0:
                report = json.loads(printed)
                report = {
                    key: value[:_MOST_NAMED] if isinstance(value, list) else value
                    for key, value in report.items()
                }
                self._record(_MADE, name, {"report": report})
                return
            message = (said.strip().splitlines() or [f"exit status {code}"])[-1]
            if code in (143, -15):
                message = "the server was stopped before it was made; send it again"
            self._record(_FAILED, name, {"message": message.removeprefix("error: ")})
            _log.warning("project %s was not made: %s", name, message)

    def _record(self, action: str, name: str, detail: dict[str, Any]) -> None:
        actor = detail.pop("actor", None)
        with self._home.store.write() as db:
            audit.record(db, actor, action, name, **detail)


def make_router(maker: ProjectMaker) -> APIRouter:
    """The routes under `PROJECTS_ROOT`."""
    router = APIRouter(prefix=PROJECTS_ROOT)
    named = UrlPath(pattern=f"^{NAME}$")

    @router.put("/{name}")
    async def create(
        request: Request,
        creator: Creator,
        name: Annotated[str, named],
        options: Annotated[Options, Query()],
    ) -> JSONResponse:
        try:
            options.images = maker.check_images(options.images)
        except InputError as error:
            return problem(422, "refused", str(error))
        refusal = await maker.receive(name, options, request)
        if refusal is not None:
            return refusal
        body = {"name": name, "status": "creating"}
        return JSONResponse(body, 202, {"Location": f"{PROJECTS_ROOT}/{name}"})

    @router.get("/{name}")
    def status(request: Request, creator: Creator, name: Annotated[str, named]) -> Any:
        found = maker.status(name)
        if found is None:
            return problem(404, "unknown", f"there is no project {name}")
        if found["status"] == "ready":
            found["address"] = _address(request, name)
        return {"name": name, **found}

    return router


def _who(request: Request) -> dict[str, Any]:
    token: Token | None = getattr(request.state, "token", None)
    rater: Rater | None = getattr(request.state, "rater", None)
    return {"actor": rater and rater.id} | ({"token": token.name} if token else {})


def _address(request: Request, name: str) -> str:
    """Where people find a project: its name before the host name of this server."""
    host = request.url.hostname or ""
    host = "localhost" if is_this_machine(host) and not host.endswith("localhost") else host
    port = f":{request.url.port}" if request.url.port else ""
    return f"{request.url.scheme}://{name}.{host}{port}/"


def _is_below_url(url: str, place: str) -> bool:
    """Whether a URL is `place` or below it, in plain words: nothing in it leads elsewhere."""
    place = place.rstrip("/")
    below = url.removeprefix(place)
    steps = below.rstrip("/").split("/")
    return (
        url.startswith(place)
        and steps[0] == ""
        and not any(step in ("", ".", "..") for step in steps[1:])
        and not any(sign in below for sign in "%?#\\:")
    )
