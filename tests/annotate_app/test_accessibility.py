"""axe-core finds nothing serious on any page, light and dark, in English and German."""

from collections.abc import Iterator
from typing import Any

import pytest
from browser_rater import sign_in
from filled_project import fill
from pages import PAGES
from serving import Server, serving

from o365seg.project.folder import Project


@pytest.fixture
def server(project: Project, password_hash: str) -> Iterator[Server]:
    fill(project, password_hash, share=0.6)
    with serving(project.folder) as running:
        yield running


@pytest.mark.parametrize(("scheme", "language"), [("light", "en-US"), ("dark", "de-DE")])
def test_no_page_has_a_serious_violation(
    browser: Any, server: Server, password: str, scheme: str, language: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = browser.new_page(
        viewport={"width": 1280, "height": 720}, color_scheme=scheme, locale=language
    )
    page.set_default_timeout(30_000)
    faults: list[str] = []

    def check(where: str) -> None:
        for found in axe.run(page).response["violations"]:
            if found["impact"] in ("serious", "critical"):
                faults.extend(f"{where}: {found['id']}: {node['html']}" for node in found["nodes"])
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{where}: is wider than the window")

    page.goto(f"{server.url}/login")
    check("sign-in")
    page.goto(f"{server.url}/join/made-up")
    check("a link that no longer works")
    sign_in(page, server.url, "Olga", "wrong")
    check("sign-in, refused")
    sign_in(page, server.url, "Olga", password)
    for path in (*PAGES, "/gallery/pictures/999999.jpg"):
        page.goto(server.url + path)
        check(path)
        for width, height, what in ((390, 844, "a phone"), (640, 360, "the window at 200 %")):
            page.set_viewport_size({"width": width, "height": height})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{path}: is wider than {what}")
        page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{server.url}/people")
    page.click("form[action='/people/invite'] button")
    link = page.input_value("#link")
    check("/people with a link")
    page.goto(link)
    check("invitation")

    page.goto(server.url)
    page.wait_for_selector("[data-show=question]:not(:empty)")
    check("painter")
    keys = {"?": "help", "s": "skip", "Shift+S": "preferences", "j": "my answers", "k": "kept work"}
    for key, dialog in keys.items():
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        check(f"painter, {dialog}")
        page.keyboard.press("Escape")
    page.close()
    assert faults == []
