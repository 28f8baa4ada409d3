"""What people may do; apart from the tables, so that a command's `--help` loads no database."""

from enum import StrEnum


class Role(StrEnum):
    """What a person may do; each role may do what the ones before it may."""

    RATER = "rater"  # paints
    REVIEWER = "reviewer"  # judges and repaints what others painted
    OWNER = "owner"  # lets people in, sets the project up, exports
