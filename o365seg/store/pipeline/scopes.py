"""Scopes of tokens; apart from the tables, so that `--help` loads no database."""

from enum import StrEnum


class Scope(StrEnum):
    """What a token allows; each includes those before it."""

    METRICS = "metrics"  # numbers without names
    READ = "read"  # progress and answers
    RELEASE = "release"  # the release, and a note of it in the audit log
    INVITE = "invite"  # invitations of raters and reviewers
    CREATE = "create"  # new projects, and everything above in each of them

    def includes(self, other: "Scope") -> bool:
        """Whether this scope allows what `other` allows."""
        order = list(Scope)
        return order.index(self) >= order.index(other)
