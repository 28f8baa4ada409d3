"""The command `annotate-app`, run as owners run it."""

import re
import socket
from pathlib import Path

import httpx
import pytest
from serving import annotate_app, serving

from o365seg.project.folder import Project, open_project
from o365seg.store.progress.summary import measure_progress


def test_raters_are_added_with_a_random_password_and_can_sign_in(project: Project) -> None:
    added = annotate_app("rater", "add", project.folder, "Ada")
    assert added.returncode == 0, added.stderr
    password = re.search(r"password: (\S+)", added.stdout)
    assert password and len(password[1]) == 14
    given = annotate_app(
        "rater", "add", project.folder, "Bob", "--password-stdin", input="battery staple\n"
    )
    assert given.stdout == "added Bob\n"
    assert annotate_app("rater", "list", project.folder).stdout.split() == ["Ada", "Bob"]
    with serving(project.folder) as server:
        assert "Sign in as Ada, Bob." in server.said
        for name, secret in (("Ada", password[1]), ("Bob", "battery staple")):
            form = {"name": name, "password": secret}
            assert httpx.post(f"{server.url}/login", data=form).status_code == 303


def test_serve_says_who_can_join(project: Project) -> None:
    with serving(project.folder) as server:
        assert "Nobody can sign in or join: there is no account and no open" in server.said
        assert f"annotate-app invite {project.folder} --role owner" in server.said
    for role in ("rater", "owner", "rater"):
        annotate_app("invite", project.folder, "--role", role)
    with serving(project.folder) as server:
        assert "Nobody can sign in yet. Open invitations: 2 rater, 1 owner." in server.said
    annotate_app("rater", "add", project.folder, "Ada")
    annotate_app("withdraw", project.folder, "2")
    with serving(project.folder) as server:
        assert "Sign in as Ada. Open invitations: 2 rater.\n" in server.said
    annotate_app("deactivate", project.folder, "Ada")
    with serving(project.folder) as server:
        assert "Nobody can sign in yet. Open invitations: 2 rater." in server.said


def test_a_new_password_replaces_the_old_one(project: Project) -> None:
    annotate_app("rater", "add", project.folder, "Ada")
    again = annotate_app("rater", "add", project.folder, "ada")
    assert (again.returncode, again.stderr) == (
        1,
        "error: field 'name': the name 'Ada' is taken\n",
    )
    changed = annotate_app("rater", "password", project.folder, "Ada")
    assert "new password for Ada" in changed.stdout
    assert annotate_app("rater", "password", project.folder, "Bob").returncode == 1


def test_ctrl_c_stops_cleanly_even_with_a_page_open(project: Project) -> None:
    with serving(project.folder) as server:
        with httpx.Client(base_url=server.url) as client:
            client.get("/login")  # a connection kept open
            status, said = server.interrupt()
        assert status == 0
        assert "all submitted answers are saved" in said
        assert "Traceback" not in said


def test_the_demo_continues_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "demo" / "project"
    questions, passwords = [], set()
    for _ in range(2):
        with serving(folder, "demo") as server, httpx.Client(base_url=server.url) as client:
            password = re.search(r"as rater with password (\S+)", server.said)
            assert password
            passwords.add(password[1])
            client.post("/login", data={"name": "rater", "password": password[1]})
            client.headers["X-O365seg"] = "1"
            task = client.post("/api/next", json={}).json()["current"]
            client.post(
                "/api/submit",
                json={
                    "lease": task["lease"],
                    "question": task["question"],
                    "answer": {"skip": {"reason": "too_dark"}},
                    "image_sha256": task["image"]["sha256"],
                    "activity": {},
                    "client_version": "test",
                },
            ).raise_for_status()
            questions.append(task["question"])
            assert server.interrupt()[0] == 0
    assert len(set(questions)) == 2
    assert len(passwords) == 1  # a restart signs nobody out
    with open_project(folder).store.read() as db:
        assert measure_progress(db, 0).skipped == 2


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["serve", "absent"], 1, "absent: not a project"),
        (["serve", "{project}", "--images", "absent"], 1, "absent: no such image folder"),
        (["serve", "{project}", "--port", "70000"], 2, "65535"),
        (["rater", "add", "{project}", " Ada"], 1, "field 'name'"),
        (["rater", "add", "{project}", ""], 1, "field 'name'"),
        (["rater", "add", "{project}", "Ada", "--password-stdin"], 1, "8 to 1000 characters"),
        (["rater", "list", "absent"], 1, "absent: not a project"),
        (["demo", "{project}/project.json"], 1, "not a project"),
        (["demo", "{project}", "--port", "0"], 1, "not a demo project"),
        (["audit", "{project}", "--limit", "1" + "0" * 30], 2, "2147483647"),
        (["audit", "{project}", "--actor", "a\udcff"], 2, "must be UTF-8 text"),
        (["role", "{project}", "a\udcff", "owner"], 2, "must be UTF-8 text"),
        (["withdraw", "{project}", "1" + "0" * 30], 2, "2147483647"),
        (["gold", "add", "{project}", "1" + "0" * 30], 2, "64-bit"),
        (["serve", "{project}", "--host", "nohost.invalid"], 1, "cannot listen on nohost.invalid"),
    ],
)
def test_bad_input_gets_one_clear_line(
    project: Project, arguments: list[str], status: int, message: str
) -> None:
    filled = [argument.format(project=project.folder) for argument in arguments]
    done = annotate_app(*filled, input="short\n")
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(project: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = annotate_app("serve", project.folder, "--port", port)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
