"""Requests made to do harm: claims of size, paths, markup, forged headers."""

import json
import re
import tracemalloc
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from browser_rater import sign_in
from fastapi.testclient import TestClient
from filled_project import fill
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import PAGES
from peak_memory import peak_mb, reset_peak
from serving import annotate_app, serving
from small_project import SmallSource, open_small_project

from annotate_app.rater import questions as api
from annotate_app.web.static_files import static_url
from o365seg.project.folder import Project
from o365seg.store.schema import Role

STEPS = ["..", ".", "/", "\\", "%2e%2e", "%2f", "\0", "etc", "passwd", "project.sqlite", "~", "C:"]
HOSTILE = '<img src=x onerror="hacked=1">'


def submit_body(task: dict, counts: str, size: tuple[int, int]) -> dict:
    mask = {"size": size, "counts": counts, "crc32": zlib.crc32(counts.encode())}
    return {
        "lease": task["lease"],
        "question": task["question"],
        "answer": {"mask": mask},
        "image_sha256": task["image"]["sha256"],
        "activity": {},
        "client_version": "test",
    }


def coco_number(value: int) -> str:
    """A positive run length as COCO's compressed text has it: 5 bits a character, signed."""
    text = ""
    while True:
        group, value = value & 0x1F, value >> 5
        more = value != 0 or bool(group & 0x10)
        text += chr(48 + (group | 0x20 if more else group))
        if not more:
            return text


@pytest.mark.parametrize(
    "size", [(100_000, 100_000), (48, 64), (2**31 - 1, 2**31 - 1), (2**62, 2**62), (-1, -1)]
)
def test_a_mask_that_claims_ten_gigabytes_costs_nothing(
    ada: TestClient, size: tuple[int, int]
) -> None:
    task = ada.post("/api/next", json={}).json()["current"]
    counts = coco_number(5) + coco_number(10**10 - 5)
    body = submit_body(task, counts, size)
    reset_peak()
    resident = peak_mb()
    tracemalloc.start()
    refused = ada.post("/api/submit", json=body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.status_code == 422
    assert peak < 8 * 1024 * 1024
    assert peak_mb() < resident + 64  # what C code may have asked for


def test_megabytes_of_json_are_parsed_off_the_event_loop(
    ada: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    on_loop = []
    parse = api.SubmitBody.model_validate_json

    def spy(raw: bytes) -> api.SubmitBody:
        try:
            asyncio.get_running_loop()
            on_loop.append(True)
        except RuntimeError:
            on_loop.append(False)
        return parse(raw)

    monkeypatch.setattr(api.SubmitBody, "model_validate_json", spy)
    refused = ada.post("/api/submit", content=b"[" * (3 * 1024 * 1024))
    assert (refused.status_code, refused.json()["error"]) == (422, "malformed")
    assert len(refused.content) < 1000
    assert on_loop == [False]


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    start=st.sampled_from(["/image/", "/static-painter/x/", "/gallery/", static_url("")]),
    name=st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                ["..", ".", "/", "\\", "%2e%2e", "%2f", "\0", "etc", "passwd", "~", "C:"]
            )
        ).map("".join),
    ),
    quoted=st.booleans(),
)
def test_no_path_of_a_request_reaches_the_files(
    owner: TestClient, start: str, name: str, quoted: bool
) -> None:
    path = start + (quote(name, safe="") if quoted else quote(name, safe="/\\%.:~"))
    opened = owner.get(path)
    normal = httpx.URL(path).path
    if opened.status_code == 200:
        # Only a path that names one of our own resources after all.
        assert normal.rstrip("/") in ("/gallery",) or opened.headers["content-type"].startswith(
            ("text/javascript", "text/css", "text/html")
        )
    assert b"root:" not in opened.content
    assert b"sqlite" not in opened.content.lower()[:64]


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.handlers: list[str] = []
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag in ("img", "script"):
            self.images.append(dict(attrs).get("src") or "inline")


@pytest.fixture
def hostile(project: Project, source: SmallSource, password_hash: str) -> Project:
    """Names, notes, comments and categories are markup, as far as they can be."""
    from o365seg.store.schema import question

    fill(
        project,
        password_hash,
        people={"Olga": Role.OWNER, HOSTILE: Role.RATER, f"b{HOSTILE}": Role.RATER},
        notes=HOSTILE,
        share=1,
        seed=3,
    )
    with project.store.write() as db:
        db.execute(question.update().values(category=HOSTILE))
    return project


def test_what_people_wrote_never_becomes_markup(hostile: Project, password: str) -> None:
    from annotate_app.server import make_app

    app = make_app(hostile)
    seen = 0
    for name in ("Olga", HOSTILE):
        client = TestClient(app, follow_redirects=False)
        assert client.post("/login", data={"name": name, "password": password}).status_code == 303
        for page in (*PAGES, "/progress/now"):
            for query in ("", f"?rater={quote(HOSTILE)}&category={quote(HOSTILE)}&actor=%22%3E"):
                text = client.get(page + query).text
                elements = Elements()
                elements.feed(text)
                assert elements.handlers == []
                assert all(source.startswith("/") for source in elements.images)
                seen += text.count("&lt;img")
    assert seen > 20


def test_markup_runs_nowhere_in_a_browser(hostile: Project, browser, password: str) -> None:
    with serving(hostile.folder) as server:
        page = browser.new_page()
        page.set_default_timeout(20_000)
        sign_in(page, server.url, HOSTILE, password)
        for path in ("/my-work", "/"):
            page.goto(server.url + path)
        page.wait_for_selector(".painter")
        page.wait_for_timeout(300)
        assert page.evaluate("window.hacked") is None
        assert HOSTILE in page.locator(".painter").inner_text()
        page.context.clear_cookies()
        sign_in(page, server.url, "Olga", password)
        for path in PAGES:
            page.goto(server.url + path)
            assert page.evaluate("window.hacked") is None
            assert page.locator("img[src=x]").count() == 0
        page.close()


def test_the_server_as_it_is_started_believes_only_the_named_proxy_and_no_chunks(
    project: Project, password: str
) -> None:
    annotate_app("rater", "add", project.folder, "Ada", "--password-stdin", input=password + "\n")
    form = {"name": "Ada", "password": password}
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    for options, secure in (((), False), (("--behind-proxy", "127.0.0.1"), True)):
        with serving(project.folder, options=options) as server:
            signed_in = httpx.post(f"{server.url}/login", data=form, headers=headers)
            cookie = signed_in.headers["set-cookie"].lower()
            assert ("secure" in cookie) is secure
            assert "httponly" in cookie and "samesite=lax" in cookie
            assert "server" not in signed_in.headers
            # A body whose length nobody says is refused unread.
            chunks = httpx.post(f"{server.url}/login", content=iter([b"name=Ada"]))
            assert chunks.status_code == 413


@pytest.mark.parametrize("path", ["/people/invite", "/export"])
def test_a_form_on_another_site_changes_nothing(owner: TestClient, path: str) -> None:
    form = {"role": "owner", "variant": "benchmark"}
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert owner.post(path, data=form, headers=headers).status_code == 403
    ours = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    assert owner.post(path, data=form, headers=ours).status_code == 200


MASK = {"size": [48, 64], "counts": "0", "crc32": 1}
# (method, path, body): `{}` stands for a number; forms are of text, JSON of what it is
NUMBERED = [
    ("GET", "/gallery/pictures/{}.jpg", None),
    ("GET", "/gallery?page={}", None),
    ("GET", "/audit?before={}", None),
    ("POST", "/people/withdraw", lambda number: {"invitation": str(number)}),
    ("POST", "/api/kept/{}", None),
    ("POST", "/api/review/next", lambda number: {"after": number}),
    ("POST", "/api/review/next", lambda number: {"category_id": number}),
    ("POST", "/api/review/next", lambda number: {"keep": [number]}),
    ("POST", "/api/review/open", lambda number: {"answer": number}),
    ("POST", "/api/review/judge", lambda number: {"answer": number, "verdict": "accepted"}),
    (
        "POST",
        "/api/review/draft",
        lambda number: {"answer": number, "token": "t", "mask": None, "activity": {}},
    ),
    (
        "POST",
        "/api/review/repaint",
        lambda number: {
            "answer": number,
            "token": "x",
            "mask": {**MASK, "crc32": number},
            "activity": {},
            "client_version": "x",
        },
    ),
    (
        "POST",
        "/api/draft",
        lambda number: {"lease": "x", "question": number, "mask": MASK, "activity": {}},
    ),
]
WORDED = [
    ("GET", "/gallery?category={}", None),
    ("GET", "/gallery?rater={}", None),
    ("GET", "/audit?actor={}", None),
    ("GET", "/audit?action={}", None),
    ("GET", "/image/{}", None),
    ("POST", "/people/deactivate", lambda text: {"name": text}),
    ("POST", "/people/invite", lambda text: {"role": "rater", "name": text}),
    ("POST", "/login", lambda text: {"name": text, "password": text}),
    ("POST", "/settings", lambda text: {"guidelines": text}),
    ("POST", "/api/stand", lambda text: {"lease": text}),
    ("POST", "/api/review/next", lambda text: {"rater": text}),
]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_numbers_and_texts_that_a_database_cannot_hold_are_refused(
    database: str,
    tmp_path: Path,
    source: SmallSource,
    password: str,
    password_hash: str,
    request: pytest.FixtureRequest,
) -> None:
    from annotate_app.server import make_app

    url = request.getfixturevalue("postgresql") if database == "postgresql" else ""
    with open_small_project(tmp_path / "p", source, url) as project:
        fill(project, password_hash)
        client = TestClient(make_app(project), follow_redirects=False)
        client.post("/login", data={"name": "Olga", "password": password})
        client.headers["X-O365seg"] = "1"
        cases = [(route, odd) for route in NUMBERED for odd in (2**63, -(2**63) - 1, 10**30, 2**40)]
        cases += [(route, odd) for route in WORDED for odd in ("\0", "a\0b", "x" * 2000)]
        for (method, path, body), odd in cases:
            sent = {} if body is None else {"json" if "/api/" in path else "data": body(odd)}
            # Whatever the server cannot take raises here.
            answer = client.request(method, path.format(quote(str(odd))), **sent)
            assert answer.status_code < 500


def test_broken_json_is_named_without_being_repeated(ada: TestClient) -> None:
    for content in (b"", b"null", b"{", json.dumps({"lease": "x" * 100_000}).encode()):
        refused = ada.post("/api/submit", content=content)
        assert refused.status_code == 422
        assert not re.search(r"x{100}", refused.text)
