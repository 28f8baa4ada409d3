"""Croissant's responsible-AI fields of a release: what holds for each, and what its publisher adds.

Vocabulary: http://mlcommons.org/croissant/RAI/1.0, and where a set comes from by PROV-O. NeurIPS'
track of evaluations and data sets asks for collection, biases, limitations, personal information,
use cases, social impact and synthetic data.
"""

from typing import Any

from o365seg.release.card import ReleaseFacts
from o365seg.release.consensus import LEAST_MASKS
from o365seg.release.publication import Publication


def responsible_ai(facts: ReleaseFacts, about: Publication) -> dict[str, Any]:
    """The fields, by their names in Croissant; those that nobody has stated are left out."""
    numbers = facts.numbers
    hours = (
        "" if numbers.rater_hours is None else f" Raters worked {numbers.rater_hours:,.2f} hours."
    )
    turned = ""
    if facts.turned:
        turned = (
            f" Masks of {facts.turned:,} images are on the photograph as turned by EXIF "
            "(exif_orientation)."
        )
    made = _making(facts)
    painted = " of Objects365, painted by people" if made else ""
    fields = {
        "rai:dataCollection": _joined(
            f"Masks for {numbers.masks:,} of {numbers.questions:,} boxes in {numbers.images:,} "
            f"images{painted}; {numbers.skipped:,} were skipped.{hours}",
            _correction(facts),
            about.raters and f"Raters: {about.raters}",
            about.pay and f"Pay: {about.pay}",
            about.ethics and f"Ethics: {about.ethics}",
        ),
        **made,
        "rai:annotatorDemographics": about.raters and [about.raters],
        "rai:dataBiases": _joined(
            "Images, categories and boxes are those of Objects365, with its choice of photographs, "
            "places and categories."
            if made
            else None,
            "Skipped objects are the blurred and dark ones, so what has a mask is easier than the "
            "images; skip rates by category and size are on the data card.",
            about.biases,
        ),
        "rai:dataLimitations": _joined(
            "Not for training: it is a validation set." if made else None,
            "A box that the source lacks is a mask that is missing. Categories without a mask: "
            f"{numbers.categories - numbers.categories_with_masks:,} of {numbers.categories:,}. "
            f"Objects without an answer yet: {numbers.unanswered:,}.{turned}",
            about.limitations,
        ),
        "rai:personalSensitiveInformation": _joined(
            "The photographs, which are not included, show people. Nobody is named or described, "
            "and no attributes of people are annotated; masks outline people as one category.",
            about.personal_information,
        ),
        "rai:dataUseCases": _joined(
            "Evaluation of instance segmentation, above all of models that learned masks from "
            "boxes. Not validated for training, for the description of people, or for systems "
            "whose failure can harm people.",
            about.use_cases,
        ),
        "rai:dataSocialImpact": _joined(
            "Better evaluation of segmentation learned from cheap labels. Segmentation of people "
            "can serve surveillance; the set adds no identities and no attributes to this.",
            about.social_impact,
        ),
        "rai:hasSyntheticData": False,
        "rai:dataReleaseMaintenancePlan": _joined(
            about.maintenance, about.contact and f"Contact: {about.contact}"
        ),
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _making(facts: ReleaseFacts) -> dict[str, Any]:
    """How the masks were painted; empty for a file that does not say so."""
    if not facts.made_here:
        return {}
    protocol = _protocol(facts)
    tools = ["None"]
    if facts.assistance:
        tools = [f"Commands on a whole mask, given by the rater: {', '.join(facts.assistance)}"]
    return {
        "rai:dataCollectionType": ["Manual Human Curator"],
        "rai:dataAnnotationProtocol": protocol,
        "rai:dataAnnotationPlatform": ["o365seg's painting tool"],
        "rai:machineAnnotationTools": tools,
        "rai:annotationsPerItem": _annotations_per_item(facts),
        "prov:wasDerivedFrom": [{"@id": "https://www.objects365.org"}],
        "prov:wasGeneratedBy": [
            {"@type": "prov:Activity", "prov:label": "Painting", "sc:description": protocol}
        ],
    }


def _protocol(facts: ReleaseFacts) -> str:
    commands = ", ".join(facts.assistance)
    return _joined(
        "One rater paints one object at a time: the whole image is shown, with the object's box as "
        "a guide and its category at the side. Brush, eraser, lines, lasso, polygon and fill; no "
        "model proposes a mask.",
        commands and f"Raters could give commands on a whole mask: {commands}.",
        "A rater may skip an object that is too blurry or too dark, or whose box or category is "
        "wrong. The newest answer that no reviewer rejected counts.",
        f"Where {LEAST_MASKS} raters or more painted an object, its mask is what more than half of "
        "them painted."
        if facts.consensus_masks
        else None,
        _correction(facts),
    )


def _correction(facts: ReleaseFacts) -> str | None:
    found = facts.correction
    return found and (
        f"Masks of an earlier file ({found.name}, SHA-256 {found.sha256}) were corrected: "
        f"raters started with them; {found.changed:,} records differ."
    )


def _annotations_per_item(facts: ReleaseFacts) -> str:
    replicas = facts.made_here.get("replicas")
    if facts.consensus_masks:
        return f"{LEAST_MASKS} or more for {facts.consensus_masks:,} objects, 1 for all others"
    return f"1; {replicas:,} more answers by other raters measure agreement" if replicas else "1"


def _joined(*texts: str | None) -> str:
    return " ".join(text for text in texts if text)
