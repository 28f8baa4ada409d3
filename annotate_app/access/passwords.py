"""Passwords: argon2id hashes, and readable random ones for new raters."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106's second recommended setting (64 MiB), the library's default.
_hasher = PasswordHasher()

# Each takes 64 MiB, and anybody may ask for one.
_at_once = threading.BoundedSemaphore(2)

MIN_PASSWORD = 8  # characters
MAX_PASSWORD = 1000  # characters; what is longer is no password but an attack on the hashing

# Without 0/O and 1/l/I, since people copy passwords from paper.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"

# A wrong name must cost as much time as a wrong password, or names could be guessed.
_NOBODY = _hasher.hash(secrets.token_hex())


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    with _at_once:
        return _hasher.hash(password)


def password_matches(password: str, stored_hash: str | None) -> bool:
    """Whether `password` is the one hashed; `stored_hash` None stands for a rater not known."""
    if len(password) > MAX_PASSWORD:
        return False
    try:
        with _at_once:
            return _hasher.verify(stored_hash or _NOBODY, password) and stored_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def random_password() -> str:
    """Three groups of four letters: 60 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    return "-".join(groups)
