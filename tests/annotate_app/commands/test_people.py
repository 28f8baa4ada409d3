"""Who can sign in, and as what, by command line."""

import json
import re
from pathlib import Path

from serving import annotate_app

from o365seg.project.folder import Project


def test_people_are_changed_and_audited(project: Project) -> None:
    link = annotate_app("invite", project.folder, "--role", "owner", "--url", "https://x.example/")
    assert re.fullmatch(r"https://x\.example/join/[\w-]{43}\n", link.stdout)
    for name in ("Olga", "Ada"):
        annotate_app("rater", "add", project.folder, name)
    assert "Olga is owner now" in annotate_app("role", project.folder, "Olga", "owner").stdout
    last = annotate_app("deactivate", project.folder, "Olga")
    assert (last.returncode, "only owner" in last.stderr) == (1, True)
    assert annotate_app("deactivate", project.folder, "Ada").returncode == 0
    assert re.search(r"Ada +rater +deactivated", annotate_app("people", project.folder).stdout)
    assert annotate_app("reactivate", project.folder, "Ada").returncode == 0
    entries = json.loads(annotate_app("audit", project.folder, "--json", "-").stdout)
    assert [entry["action"] for entry in entries] == [
        "person.reactivate",
        "person.deactivate",
        "person.role",
        "person.add",
        "person.add",
        "person.invite",
    ]
    assert "  person.deactivate  Ada  freed_questions=0" in (
        annotate_app("audit", project.folder).stdout
    )
    told = json.loads(annotate_app("progress", project.folder, "--json", "-").stdout)
    assert told["estimate"]["left"] == 9


def test_invitations_are_listed_and_withdrawn_by_command_line(project: Project) -> None:
    annotate_app("invite", project.folder, "--name", "Ada")
    annotate_app("invite", project.folder, "--role", "reviewer")
    listed = annotate_app("invitations", project.folder)
    assert re.search(r"1 +Ada +rater", listed.stdout)
    assert re.search(r"2 +\(person chooses\) +reviewer", listed.stdout)
    gone = annotate_app("withdraw", project.folder, "1")
    assert (gone.returncode, gone.stdout) == (0, "invitation 1 is withdrawn\n")
    told = json.loads(annotate_app("invitations", project.folder, "--json", "-").stdout)
    assert [one["id"] for one in told] == [2]
    again = annotate_app("withdraw", project.folder, "1")
    assert (again.returncode, again.stderr) == (
        1,
        "error: invitation 1: unknown or closed\n",
    )


def test_people_are_told_to_scripts(project: Project) -> None:
    annotate_app("rater", "add", project.folder, "Ada")
    (ada,) = json.loads(annotate_app("people", project.folder, "--json", "-").stdout)
    assert (ada["name"], ada["role"], ada["active"], ada["answers"]) == ("Ada", "rater", True, 0)


def test_json_goes_into_a_file_beside_the_table(project: Project, tmp_path: Path) -> None:
    annotate_app("rater", "add", project.folder, "Ada")
    file = tmp_path / "people.json"
    done = annotate_app("people", project.folder, "--json", file)
    assert (done.returncode, "Ada" in done.stdout) == (0, True)
    assert [person["name"] for person in json.loads(file.read_text())] == ["Ada"]
