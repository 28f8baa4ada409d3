"""Which passwords can be chosen."""

import pytest

from annotate_app.access.passwords import password_fault, random_password


@pytest.mark.parametrize(
    "password",
    [
        "password", "Password1", "P@ssw0rd", "P@$$w0rd123", "passw0rd!", "12345678", "0123456789",
        "87654321", "qwertyuiop", "qwertz12", "1q2w3e4r", "1qaz2wsx", "aaaaaaaa", "abababab",
        "19901231", "iloveyou", "iloveyou2", "Welcome2026", "letmein1", "Sommer2026!", "admin123",
        "Football1", "sunshine", "passwordpassword", "changeme", "AdaLovelace", "adalovelace1815!",
    ],
)  # fmt: skip
def test_common_passwords_are_refused(password: str) -> None:
    assert password_fault(password, "Ada Lovelace") == (
        "is too common; choose one that nobody would guess"
    )


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "kitchen-7-lamp",
        "gq4v8w2m",
        "Ada likes engines",
        "猫が好きです本当に",
    ],
)
def test_others_are_accepted(password: str) -> None:
    assert password_fault(password, "Ada") is None


def test_random_passwords_are_accepted() -> None:
    assert all(password_fault(random_password(), "Ada") is None for _ in range(200))


def test_a_password_has_a_shortest_and_a_longest_length() -> None:
    for password in ("short7!", "x" * 1001):
        assert password_fault(password, "Ada") == "must have 8 to 1000 characters"
