"""Passwords: argon2id hashes, and random passwords for new raters."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from annotate_app.access.common_passwords import is_common
from annotate_app.web.catalogue import Catalogue

# The library's default: the second recommended setting of RFC 9106 (64 MiB).
_hasher = PasswordHasher()

# Each hash takes 64 MiB, and a request without a session can ask for one.
_at_once = threading.BoundedSemaphore(2)

MIN_PASSWORD = 8  # characters
MAX_PASSWORD = 1000  # characters; a longer one can only be an attack on the hashing

# Without 0/O and 1/l/I, which people confuse on paper.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"

# An unknown name must take as long as a wrong password, or names could be guessed.
_NOBODY = _hasher.hash(secrets.token_hex())


# What is wrong with a password: what a command says of it, and the text of a page.
_FAULTS = {
    "length": f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters",
    "common": "is too common; choose one that nobody would guess",
}


def _fault(password: str, name: str) -> str | None:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return "length"
    return "common" if is_common(password, name) else None


def password_fault(password: str, name: str) -> str | None:
    """Why `name` must not choose `password`; None: they may."""
    fault = _fault(password, name)
    return None if fault is None else _FAULTS[fault]


def choice_fault(texts: Catalogue, password: str, again: str, name: str) -> str | None:
    """What a form says where `name` may not choose `password`, typed twice; None: they may."""
    fault = _fault(password, name)
    if fault is None:
        fault = None if password == again else "differ"
    bounds = {"shortest": MIN_PASSWORD, "longest": MAX_PASSWORD}
    return None if fault is None else texts.text(f"password.{fault}", **bounds)


def hash_password(password: str) -> str:
    """The argon2id hash of `password`, to store."""
    with _at_once:
        return _hasher.hash(password)


def password_matches(password: str, stored_hash: str | None) -> bool:
    """Whether `password` matches `stored_hash`; None stands for an unknown rater."""
    if len(password) > MAX_PASSWORD:
        return False
    try:
        with _at_once:
            return _hasher.verify(stored_hash or _NOBODY, password) and stored_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def random_password() -> str:
    """A random password of three groups of four characters: 60 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    return "-".join(groups)
