"""Triggers that keep `question.state`, so that what is open or sent back is found at once.

The state follows from answers and reviews alone (`standing` says how). It is written down because
among fifty thousand answered questions the few open ones must be found within a millisecond, and it
is the database that writes it, so that no code which adds an answer or a review can forget to.
Rows may come in any order in which answers come before their reviews, as they do in a restore.
"""

# A new answer settles the question, whatever was said of the one before it.
_AFTER_ANSWER = "UPDATE question SET state = 'answered' WHERE id = NEW.question_id"

# The newest review counts, and only on the newest answer.
_AFTER_REVIEW = (
    "UPDATE question SET state = "
    "CASE NEW.verdict WHEN 'rejected' THEN 'sent_back' ELSE 'answered' END "
    "WHERE id = (SELECT judged.question_id FROM answer AS judged "
    "WHERE judged.id = NEW.answer_id AND judged.purpose = 'answer' "
    "AND NOT EXISTS (SELECT 1 FROM answer AS later WHERE later.question_id = judged.question_id "
    "AND later.purpose = 'answer' AND later.id > judged.id)) "
    "AND NOT EXISTS (SELECT 1 FROM review AS later "
    "WHERE later.answer_id = NEW.answer_id AND later.id > NEW.id)"
)

_TRIGGERS = {
    "answer": ("WHEN (NEW.purpose = 'answer')", _AFTER_ANSWER),
    "review": ("", _AFTER_REVIEW),
}


def state_rules(dialect: str) -> list[str]:
    """SQL that makes the triggers."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_sets_state AFTER INSERT ON {table} {when} BEGIN {update}; END"
            for table, (when, update) in _TRIGGERS.items()
        ]
    return [
        statement
        for table, (when, update) in _TRIGGERS.items()
        for statement in (
            f"CREATE FUNCTION {table}_sets_state() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {update}; RETURN NULL; END $$",
            f"CREATE TRIGGER {table}_sets_state AFTER INSERT ON {table} "
            f"FOR EACH ROW {when} EXECUTE FUNCTION {table}_sets_state()",
        )
    ]
