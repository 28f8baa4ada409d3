"""Every text of the pages is in the catalogue, whole in each language, and found by its key."""

import re
import tomllib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from annotate_app.web.catalogue import SHIPPED, check_texts, read_catalogues, read_texts
from annotate_app.web.languages import COOKIE, Languages
from annotate_app.web.static_files import static_url
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.settings import change_setting

APP = SHIPPED.parent
TEMPLATES = sorted((APP / "templates").rglob("*.html"))
SCRIPTS = sorted((APP / "static").rglob("*.js"))
PYTHON = sorted(APP.rglob("*.py"))
ENGLISH = read_texts(SHIPPED / "en.toml")
ADVICE = (
    "Write the text into annotate_app/texts/en.toml and, translated, into every other file there; "
    "then use t('its.key') in its place (in Python: texts_of(request).text('its.key'))."
)

# Keys in t('…') and so on, and the beginnings of those that are put together.
_USED = re.compile(r"""\b(?:t|text|html)\(\s*(?:'([\w.-]+)'|"([\w.-]+)")(?! *~)""")
_CHOSEN = re.compile(r"""['"]([a-z_]+\.[\w.-]+)['"]""")
_BEGUN = re.compile(r"""[('"`]([a-z_]+\.(?:[\w-]+\.|\w+_)*)(?:['"](?: ~|\))|\$?\{)""")
_COUNTED = re.compile(r"""counted\((?:\w+, )?['"](\w+)['"]""")
_FILLED_IN = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)


def text_of(files: list[Path]) -> str:
    return "\n".join(file.read_text() for file in files)


ALL = text_of([*TEMPLATES, *SCRIPTS, *PYTHON])


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_language_has_every_text_with_the_same_placeholders(path: Path) -> None:
    texts = read_texts(path)
    check_texts(texts, ENGLISH, path)
    missing = sorted(ENGLISH.keys() - texts.keys())
    assert not missing, f"{path.name} lacks these texts of en.toml: translate them there"


def test_every_key_that_is_used_exists() -> None:
    used = {one or other for one, other in _USED.findall(ALL) if "." in (one or other)}
    used |= {f"count.{noun}.other" for noun in _COUNTED.findall(ALL)}
    assert len(used) > 200
    assert not sorted(used - ENGLISH.keys()), f"keys without a text. {ADVICE}"


def test_every_text_is_used() -> None:
    used = set(_CHOSEN.findall(ALL)) | {one or other for one, other in _USED.findall(ALL)}
    begun = tuple(set(_BEGUN.findall(ALL)))
    nouns = {f"count.{noun}" for noun in _COUNTED.findall(ALL)}
    unused = [
        key
        for key in ENGLISH.keys() - {"name"}
        if key not in used and not key.startswith(begun) and key.rpartition(".")[0] not in nouns
    ]
    assert not unused, (
        "nothing shows these texts: delete them from every file of annotate_app/texts"
    )


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda page: page.stem)
def test_no_template_has_a_text_of_its_own(page: Path) -> None:
    shell = re.sub(r"\{% block body_class %\}.*?\{% endblock %\}", "", page.read_text())
    bare = _FILLED_IN.sub("", shell)
    read_aloud = re.findall(r'(?:alt|aria-label|placeholder|title)="([^"]*)"', bare)
    shown = re.sub(r"<[^>]*>", "\n", bare.replace("&nbsp;", "")).splitlines()
    words = [text.strip() for text in (*shown, *read_aloud) if re.search(r"[^\W\d_]{2}", text)]
    assert [word for word in words if word not in UNITS] == [], ADVICE


UNITS = {"·  ·  px", "![](/guidelines/pictures/)"}

# Strings of scripts that look like texts: names of keys, and messages to programmers.
NOT_SHOWN = re.compile(
    r"[A-Z]\w*(Button|Click|Fingers|Corner|Left|Right|Up|Down)|Backspace|Delete|Escape|Enter|Shift"
    r"|The mask text .*|Control|Alt|Meta|Ctrl|Space|Arrow|Hold|Click|Drag|Wheel"
    r"|Tab|CapsLock|Content-Type|POST"
)
_STRING = re.compile(r"//[^\n]*|/\*.*?\*/|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`", re.DOTALL)
_THROWN = re.compile(r"new (?:Range)?Error\((?:'[^']*'|`[^`]*`)\)")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_no_script_has_a_text_of_its_own(script: Path) -> None:
    code = _THROWN.sub("", script.read_text())
    strings = [one or other for one, other in _STRING.findall(code)]
    faults = [text for text in strings if _is_text(re.sub(r"\$\{[^}]*\}", "…", text))]
    assert faults == [], ADVICE


def _is_text(string: str) -> bool:
    sentence = re.match(r"[“(]?[A-Z…][\w…’]*( [\w…’“”–-]+)*[.…!?:]?$", string)
    return (
        bool(sentence)
        and bool(re.search(r"[a-z]{2}", string))
        and not NOT_SHOWN.fullmatch(string)
        and not re.fullmatch(r"…[\w…]*", string)
    )


def request(languages: Languages, accepted: str = "", cookie: str = "") -> str:
    headers = [(b"accept-language", accepted.encode())]
    if cookie:
        headers.append((b"cookie", f"{COOKIE}={cookie}".encode()))
    return languages.choose(Request({"type": "http", "headers": headers})).language


def test_the_person_chooses_then_the_project_then_the_browser(project: Project) -> None:
    languages = Languages(project)
    assert request(languages) == "en"
    assert request(languages, "fr-CH, de;q=0.8, en;q=0.3") == "de"
    assert request(languages, "de-AT") == "de"
    assert request(languages, "xx, *;q=0.5, en;q=abc") == "en"
    assert request(languages, "de;q=0, en") == "en"
    with project.store.write() as db:
        change_setting(db, "language", "de")
    assert request(languages, "en") == "de"
    assert request(languages, "en", cookie="en") == "en"
    assert request(languages, "en", cookie="../x") == "de"
    with project.store.write() as db:
        change_setting(db, "language", "fr")  # which nobody has added
    assert request(languages, "en") == "en"


def test_a_team_adds_a_language_and_its_own_words(project: Project) -> None:
    folder = project.folder / "texts"
    folder.mkdir()
    (folder / "fr.toml").write_text('name = "Français"\n[sign_in]\ntitle = "Connexion"\n')
    (folder / "en.toml").write_text('[role]\nrater = "painter"\n')
    languages = Languages(project)
    assert list(languages.names) == ["en", "de", "fr"]
    french = languages.catalogues["fr"]
    assert french.text("sign_in.title") == "Connexion"
    assert french.text("sign_in.name") == "Name"
    assert "sign_in.name" in french.missing
    english = languages.catalogues["en"]
    assert english.text("role.rater") == "painter" and not english.missing
    # Scripts offer all languages, so all their URLs change, or browsers would keep the old ones.
    shipped = read_catalogues()
    assert languages.catalogues["de"].texts == shipped["de"].texts
    assert static_url("x", languages.catalogues["de"]) != static_url("x", shipped["de"])


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("fr.toml", "name = ", "invalid TOML"),
        ("fr.toml", 'name = "F"\nsign_in = { titel = "x" }', "did you mean 'sign_in.title'?"),
        ("fr.toml", 'name = "F"\nsign_in = { title = 3 }', "field 'sign_in.title'"),
        (
            "fr.toml",
            'name = "F"\njoin = { heading = "{projet}" }',
            "of the English text: {project}",
        ),
        ("fr.toml", 'name = "F"\njoin = { heading = "x" }', "of the English text: {project}"),
        ("fr.toml", 'name = "F"\nsign_in = { title = "{" }', "of the English text: none"),
        ("fr.toml", '[sign_in]\ntitle = "x"', "field 'name'"),
        ("french.toml", 'name = "F"', "such as fr.toml"),
        ("fr.toml", 'name = "F"\nformat = { months = "a b" }', "12 names"),
    ],
)
def test_a_wrong_file_is_named(project: Project, name: str, content: str, fault: str) -> None:
    folder = project.folder / "texts"
    folder.mkdir()
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=re.escape(fault)) as refused:
        Languages(project)
    assert name in str(refused.value) and "\n" not in str(refused.value)


def test_numbers_and_dates_are_the_languages() -> None:
    english, german = (read_catalogues()[language] for language in ("en", "de"))
    assert [one.number(1234.5, 1) for one in (english, german)] == ["1,234.5", "1.234,5"]
    assert [one.percent(0.987) for one in (english, german)] == ["98.7%", "98,7 %"]
    assert [one.counted("mask", 1) for one in (english, german)] == ["1 mask", "1 Maske"]
    assert [one.counted("mask", 1200) for one in (english, german)] == [
        "1,200 masks",
        "1.200 Masken",
    ]
    assert [one.day(3, 3, 2026) for one in (english, german)] == ["3 Mar 2026", "3. März 2026"]


def test_texts_and_values_are_escaped_on_pages() -> None:
    english = read_catalogues()["en"]
    assert english.html("join.heading", project="<b>") == "Join &lt;b&gt;"


def test_pages_and_scripts_speak_the_language(owner: TestClient) -> None:
    owner.headers["Accept-Language"] = "de"
    page = owner.get("/progress").text
    assert '<html lang="de">' in page and "Fortschritt" in page and "Progress" not in page
    script = owner.get(owner.get("/api/me").json()["painter"])
    assert script.status_code == 200
    texts = owner.get(str(script.url).replace("pages/painter.js", "texts/catalogue.js")).text
    assert 'LANGUAGE = "de"' in texts and "Pinsel" in texts
    assert owner.get("/login").status_code == 303
    owner.cookies.set(COOKIE, "en")
    assert "Every change is recorded" in owner.get("/settings").text


def test_the_setting_is_on_the_page(owner: TestClient, project: Project) -> None:
    page = owner.get("/settings").text
    assert '<option value="de" lang="de">Deutsch</option>' in page
    sent = dict(re.findall(r'name="(\w+)" type="number"[^>]* value="([^"]*)"', page))
    saved = owner.post("/settings", data=sent | {"guidelines": "x", "language": "de"})
    assert saved.headers["location"] == "/settings?saved=true"
    assert "Einstellungen" in owner.get("/settings").text


def test_english_is_valid_toml_without_doubles() -> None:
    assert tomllib.loads((SHIPPED / "en.toml").read_text())["name"] == "English"
