"""How a project wants its work checked: one data class, kept as the settings that were changed."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import sqlalchemy as sa

from o365seg.errors import InputError, unknown
from o365seg.store import audit
from o365seg.store.schema import audit as audit_table
from o365seg.store.schema import question, rater, setting

DEFAULT_GUIDELINES = """\
You see a whole photograph, a box around one object, and the object's category at the side.
**Paint every visible pixel of that object.**

- Try to stay in the box. Where the object clearly extends beyond it, paint outside.
- Leave out anything that covers the object, such as a hand on a cup.
- Leave out holes through which the background shows.
- Zoom in at the edges. A careful boundary matters more than speed.
- If the boundary is too blurry or too dark to see, or the box or the category is wrong, press
  **Skip** and choose a reason. A skip is an answer too.

You never need to save. Each stroke is kept, and your work is restored after a reload or a crash.
"""


@dataclass(frozen=True)
class ProjectSettings:
    """What an owner can choose.

    Attributes:
        guidelines: What raters read first; Markdown, HTML in it stays text.
        guidelines_required: Whether raters must confirm them before their first question.
        pass_mark: Mean mask IoU over the qualification questions that lets a rater work, 0–1.
        qualification_attempts: How often a rater may try; 0: as often as they like.
        gold_share: Share of a rater's questions that are hidden gold, 0–0.5.
        replica_share: Share of the questions that other raters paint once more, 0–1.
        replicas: By how many other raters each of those is painted.
        correction_hours: How long a rejected answer waits for its own rater before others get it.
        low_agreement: Mask IoU below which two raters are said to disagree, 0–1; so too for gold.
        allow_specks: Whether raters may remove small pieces of a mask by a command.
        allow_holes: Whether raters may fill small holes of a mask by a command.
        allow_smoothing: Whether raters may smooth a mask's edge by a command.
        language: Of the pages, such as `de`, for everyone who has not chosen another; `browser`:
            what each person's browser prefers.
        seed: Of which questions are replicated, and of when hidden gold comes.
    """

    guidelines: str = DEFAULT_GUIDELINES
    guidelines_required: bool = False
    pass_mark: float = 0.8
    qualification_attempts: int = 3
    gold_share: float = 0.05
    replica_share: float = 0.0
    replicas: int = 1
    correction_hours: float = 48.0
    low_agreement: float = 0.7
    allow_specks: bool = False
    allow_holes: bool = False
    allow_smoothing: bool = False
    language: str = "browser"
    seed: int = 0


_RANGES: dict[str, tuple[float, float]] = {
    "pass_mark": (0, 1),
    "qualification_attempts": (0, 1000),
    "gold_share": (0, 0.5),
    "replica_share": (0, 1),
    "replicas": (1, 20),
    "correction_hours": (0, 24 * 365),
    "low_agreement": (0, 1),
    "seed": (0, 2**31 - 1),
}
_CHANGED = "setting.change"
_LANGUAGE = re.compile(r"browser|[a-z]{2,3}(-[A-Z]{2})?")
_LONGEST_GUIDELINES = 50_000
_YES_NO = {"true": True, "yes": True, "on": True, "1": True} | dict.fromkeys(
    ("false", "no", "off", "0"), False
)


def read_settings(db: sa.Connection) -> ProjectSettings:
    """A project's settings, defaults where nothing was chosen."""
    return settings_of(db.execute(CHANGED_SETTINGS).all())


CHANGED_SETTINGS = sa.select(setting.c.name, setting.c.value)
"""The settings that were changed, for `settings_of`."""


def settings_of(rows: Iterable[Sequence[Any]]) -> ProjectSettings:
    """A project's settings by the rows of `CHANGED_SETTINGS`."""
    known = {field.name for field in fields(ProjectSettings)}
    return ProjectSettings(**{name: value for name, value in rows if name in known})


_ASSISTANCE = {"specks": "allow_specks", "holes": "allow_holes", "smoothing": "allow_smoothing"}


def allowed_assistance(settings: ProjectSettings) -> list[str]:
    """What raters may have done for them; the paper's protocol allows nothing."""
    return [name for name, allows in _ASSISTANCE.items() if getattr(settings, allows)]


def past_assistance(db: sa.Connection) -> list[str]:
    """What raters may have done for them now, or could at any time since the project began."""
    changes = sa.select(audit_table.c.subject, audit_table.c.detail).where(
        audit_table.c.action == _CHANGED, audit_table.c.subject.in_(_ASSISTANCE.values())
    )
    allowed = {subject for subject, detail in db.execute(changes) if detail.get("value") is True}
    now = allowed_assistance(read_settings(db))
    return [name for name, allows in _ASSISTANCE.items() if name in now or allows in allowed]


def change_setting(
    db: sa.Connection, name: str, value: Any, actor_id: int | None = None
) -> ProjectSettings:
    """Change one setting; text is read as the setting's type, as a form or a command gives it.

    Raises:
        InputError: unknown setting, or an invalid value.
    """
    before = read_settings(db)
    after = replace(before, **{name: _parsed(before, name, value)})
    parsed = getattr(after, name)
    if parsed == getattr(before, name):
        return before
    db.execute(setting.delete().where(setting.c.name == name))
    if parsed != getattr(ProjectSettings(), name):
        db.execute(setting.insert().values(name=name, value=parsed))
    audit.record(db, actor_id, _CHANGED, name, value=parsed)
    if name == "guidelines":  # to be read again
        db.execute(rater.update().values(guidelines_read_at=None))
    if name in ("replica_share", "replicas", "seed"):
        choose_replicated(db, after)
    return after


def choose_replicated(db: sa.Connection, settings: ProjectSettings) -> None:
    """Say of each question how many more raters paint it.

    A larger share of the same seed contains the smaller. What was painted already stays.
    """
    db.execute(question.update().values(replicas=0))
    chosen = [
        {"b_id": question_id}
        for question_id in db.execute(sa.select(question.c.id)).scalars()
        if uniform(settings.seed, "replica", question_id) < settings.replica_share
    ]
    if chosen:
        db.execute(
            question.update()
            .where(question.c.id == sa.bindparam("b_id"))
            .values(replicas=settings.replicas),
            chosen,
        )


def uniform(*key: object) -> float:
    """A number in [0, 1) that depends on the key only, the same on every machine."""
    digest = hashlib.sha256(":".join(map(str, key)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _parsed(settings: ProjectSettings, name: str, value: Any) -> bool | int | float | str:
    """`value` as the type of the setting `name`, within its range."""
    names = [field.name for field in fields(settings)]
    if name not in names:
        raise InputError(unknown("setting", name, names))
    present = getattr(settings, name)
    if name == "language":
        if not _LANGUAGE.fullmatch(str(value)):
            raise InputError(
                f"must be browser or the code of a language, such as de, not {value!r}", field=name
            )
        return str(value)
    if isinstance(present, str):
        text = str(value).replace("\r\n", "\n")
        if not text.strip() or len(text) > _LONGEST_GUIDELINES:
            raise InputError(f"must be 1 to {_LONGEST_GUIDELINES:,} characters", field=name)
        return text
    if isinstance(present, bool):
        if str(value).casefold() not in _YES_NO:
            raise InputError(f"must be yes or no, not {value!r}", field=name)
        return _YES_NO[str(value).casefold()]
    lowest, highest = _RANGES[name]
    try:
        number = type(present)(value)
    except (TypeError, ValueError):
        kind = "a whole number" if isinstance(present, int) else "a number"
        raise InputError(f"must be {kind}, not {value!r}", field=name) from None
    if not lowest <= number <= highest:
        raise InputError(f"must be between {lowest:g} and {highest:g}, not {number}", field=name)
    return number
