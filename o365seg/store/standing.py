"""What a question's answer is now: the newest row, unless a reviewer sent it back."""

from functools import cache

import sqlalchemy as sa

from o365seg.store.schema import Purpose, QuestionState, Verdict, answer, constant, question, review


def newest_answers() -> sa.Subquery:
    """The newest answer of each question (append-only; later ones correct), rejected ones too."""
    newest = (
        sa.select(sa.func.max(answer.c.id))
        .where(answer.c.purpose == Purpose.ANSWER)
        .group_by(answer.c.question_id)
    )
    return sa.select(answer).where(answer.c.id.in_(newest)).subquery()


def newest_reviews() -> sa.Subquery:
    """The newest review of each answer that was reviewed."""
    newest = sa.select(sa.func.max(review.c.id)).group_by(review.c.answer_id)
    return sa.select(review).where(review.c.id.in_(newest)).subquery()


@cache
def rejections() -> sa.Subquery:
    """Each question that was sent back and not answered since.

    Columns: question_id, answer_id, rater_id (whose answer it was), skip_reason (None: a mask),
    review_id, comment, marks, rejected_at (ms).
    """
    later_review, later_answer = review.alias(), answer.alias()
    return (
        sa.select(
            answer.c.question_id,
            answer.c.id.label("answer_id"),
            # No bare column, or SQLite would go through all answers of a rater that is asked for.
            (answer.c.rater_id + sa.literal_column("0")).label("rater_id"),
            answer.c.skip_reason,
            review.c.id.label("review_id"),
            review.c.comment,
            review.c.marks,
            review.c.created_at.label("rejected_at"),
        )
        .select_from(answer.join(review))
        .where(
            # Few are, among many that ever were; the rest says which answer and which review. Not
            # a join: SQLite would guess that as many are in this state as in any other, and rather
            # go through all answers.
            answer.c.question_id.in_(
                sa.select(question.c.id).where(
                    question.c.state == constant(QuestionState.SENT_BACK)
                )
            ),
            review.c.verdict == constant(Verdict.REJECTED),
            answer.c.purpose == constant(Purpose.ANSWER),
            ~sa.exists().where(
                later_review.c.answer_id == review.c.answer_id, later_review.c.id > review.c.id
            ),
            ~sa.exists().where(
                later_answer.c.question_id == answer.c.question_id,
                later_answer.c.purpose == constant(Purpose.ANSWER),
                later_answer.c.id > answer.c.id,
            ),
        )
        .subquery()
    )


def counting_answers() -> sa.Subquery:
    """The answer that counts of each question: the newest, where it was not sent back."""
    newest, sent_back = newest_answers(), rejections()
    return sa.select(newest).where(newest.c.id.not_in(sa.select(sent_back.c.answer_id))).subquery()
