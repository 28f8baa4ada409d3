"""Licences by SPDX's and the hub's identifiers."""

import pytest

from o365seg.release.licences import licence


@pytest.mark.parametrize(
    "said", ["CC-BY-4.0", "cc-by-4.0", "https://spdx.org/licenses/CC-BY-4.0.html"]
)
def test_an_identifier_in_any_spelling(said: str) -> None:
    found = licence(said)
    assert (found.text, found.spdx, found.hub) == ("CC-BY-4.0", "CC-BY-4.0", "cc-by-4.0")
    assert found.address == "https://spdx.org/licenses/CC-BY-4.0"


def test_the_hub_has_names_of_its_own() -> None:
    assert licence("ODbL-1.0").hub == "odbl"
    assert licence("odc-by").spdx == "ODC-By-1.0"


@pytest.mark.parametrize("said", ["Proprietary", "Ask us.", "https://example.org/licence"])
def test_other_licences_are_as_they_were_said(said: str) -> None:
    found = licence(said)
    assert (found.text, found.spdx, found.hub, found.address) == (said, None, "other", said)
