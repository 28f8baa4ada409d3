"""`o365seg gallery`, `card` and `publish` as their users run them."""

from pathlib import Path

import pytest
from painted_release import PaintedRelease, make_release
from typer.testing import CliRunner, Result

from o365seg.commands.main import app


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> PaintedRelease:
    return make_release(tmp_path_factory.mktemp("release"))


@pytest.fixture(autouse=True)
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take seconds, and `test_release_card` looks at them."""
    monkeypatch.setattr("o365seg.release.publish.draw_figures", lambda *_: [])
    monkeypatch.setattr("o365seg.release.card.draw_figures", lambda *_: [])


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_what_is_written_is_said(release: PaintedRelease, tmp_path: Path) -> None:
    page, card, folder = tmp_path / "g.html", tmp_path / "card", tmp_path / "published"
    done = run("gallery", release.path, "--images", release.images, "--out", page)
    assert done.stderr.splitlines() == [
        f"written: {page}: 4 images", f"written: {page.with_suffix('.png')}"
    ]  # fmt: skip
    done = run("card", release.path, "--out", card)
    assert done.stderr.startswith(f"written: {card / 'data_card.md'}")
    done = run("publish", release.path, "--out", folder)
    named = [Path(line.removeprefix("written: ")) for line in done.stderr.splitlines()]
    assert set(named) == {path for path in folder.rglob("*") if path.is_file()}


def test_the_publishers_words_reach_every_file(release: PaintedRelease, tmp_path: Path) -> None:
    words = ("--name", "My set", "--licence", "CC-BY-4.0", "--creator", "Ada")
    words += ("--url", "https://example.org", "--date", "2026-01-02", "--set-version", "2.0.0")
    assert run("publish", release.path, *words, "--out", tmp_path).exit_code == 0
    readme, croissant = ((tmp_path / n).read_text() for n in ("README.md", "croissant.json"))
    assert 'pretty_name: "My set"' in readme
    assert "license: cc-by-4.0" in readme
    assert "# My set" in readme
    assert "Annotations: CC-BY-4.0 (<https://spdx.org/licenses/CC-BY-4.0>)." in readme
    licence = "https://spdx.org/licenses/CC-BY-4.0"
    for text in ("My set", licence, "Ada", "https://example.org", "2026-01-02", "2.0.0"):
        assert f'"{text}"' in croissant


def test_a_licence_in_words_is_other_by_name(release: PaintedRelease, tmp_path: Path) -> None:
    run("publish", release.path, "--licence", 'For "research" only', "--out", tmp_path)
    head = (tmp_path / "README.md").read_text().split("---")[1]
    assert "license: other" in head
    assert r'license_name: "For \"research\" only"' in head
