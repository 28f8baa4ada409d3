"""Croissant's responsible-AI fields of a release: what holds for each, and what its publisher adds.

Vocabulary: http://mlcommons.org/croissant/RAI/1.0, and where a set comes from by PROV-O. NeurIPS'
track of evaluations and data sets asks for collection, biases, limitations, personal information,
use cases, social impact and synthetic data.
"""

from typing import Any

from o365seg.release.card import ReleaseFacts
from o365seg.release.publication import Publication

_PROTOCOL = (
    "One rater paints one object at a time: the whole image is shown, with the object's box as a "
    "guide and its category at the side. Brush, eraser, lines, lasso, polygon and fill; no "
    "model proposes a mask. A rater may skip an object that is too blurry or too dark, or whose "
    "box or category is wrong. The newest answer that no reviewer rejected counts."
)


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
    fields = {
        "rai:dataCollection": _joined(
            f"Masks for {numbers.masks:,} of {numbers.questions:,} boxes in {numbers.images:,} "
            f"images of Objects365, painted by people; {numbers.skipped:,} were skipped.{hours}",
            about.raters and f"Raters: {about.raters}",
            about.pay and f"Pay: {about.pay}",
            about.ethics and f"Ethics: {about.ethics}",
        ),
        "rai:dataCollectionType": ["Manual Human Curator"],
        "rai:dataAnnotationProtocol": _PROTOCOL,
        "rai:dataAnnotationPlatform": ["o365seg's painting tool"],
        "rai:machineAnnotationTools": ["None"],
        "rai:annotationsPerItem": "1",
        "rai:annotatorDemographics": about.raters and [about.raters],
        "rai:dataBiases": _joined(
            "Images, categories and boxes are those of Objects365, with its choice of photographs, "
            "places and categories. Skipped objects are the blurred and dark ones, so what has a "
            "mask is easier than the images; skip rates by category and size are on the data card.",
            about.biases,
        ),
        "rai:dataLimitations": _joined(
            "Not for training: it is a validation set. A box that the source lacks is a mask that "
            f"is missing. Categories without a mask: "
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
        "prov:wasDerivedFrom": [{"@id": "https://www.objects365.org"}],
        "prov:wasGeneratedBy": [
            {
                "@type": "prov:Activity",
                "prov:label": "Painting",
                "sc:description": _PROTOCOL,
            }
        ],
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _joined(*texts: str | None) -> str:
    return " ".join(text for text in texts if text)
