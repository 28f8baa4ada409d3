"""The rater of the demo project, whose password is kept readable in the project's folder."""

from annotate_app.access.passwords import hash_password, random_password
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store import audit
from o365seg.store.people.raters import add_rater, find_rater
from o365seg.store.schema import Role

DEMO_RATER = "rater"
DEMO_KEY_FILE = "demo-password.txt"


def demo_password(project: Project) -> str:
    """The demo rater's password; it stays the same, so that a restart ends no session.

    Raises:
        InputError: not a demo project.
    """
    path = project.folder / DEMO_KEY_FILE
    if path.is_file():
        return path.read_text().strip()
    with project.store.write() as db:
        if find_rater(db, DEMO_RATER) is not None or not project.is_demo:
            raise InputError(
                "not a demo project; serve it with `annotate-app serve`", file=project.folder
            )
        password = random_password()
        add_rater(db, DEMO_RATER, hash_password(password), Role.OWNER)  # sees every page
        audit.record(db, None, "person.add", DEMO_RATER)
        path.touch(0o600)
        path.write_text(password + "\n")
    return password
