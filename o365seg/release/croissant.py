"""Croissant metadata of a published release, so that machines know its files and columns.

The format is MLCommons' Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html):
files with their hashes, and sets of records with where each field is found in them. With it come
the responsible-AI fields (http://mlcommons.org/croissant/RAI/1.0) that NeurIPS asks for.
"""

from collections.abc import Mapping
from typing import Any

from o365seg.release.licences import licence
from o365seg.release.publication import Publication

CROISSANT_FILE = "croissant.json"
_PAPER = (
    "Gu et al., DaTaSeg: Taming a Universal Multi-Dataset Multi-Task Segmentation Model, "
    "NeurIPS 2023, https://arxiv.org/abs/2306.01736 (the protocol)"
)
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_INTEGER, _TEXT = "sc:Integer", "sc:Text"


def croissant(
    about: Publication,
    summary: str,
    responsible: Mapping[str, Any],
    rows: str,
    hashes: Mapping[str, str],
) -> dict[str, Any]:
    """The metadata, ready to be written as JSON.

    Args:
        about: What the publisher says.
        summary: What the set is, in a sentence.
        responsible: The responsible-AI fields (`responsible_ai`).
        rows: The name of the file of a line of JSON an image.
        hashes: SHA-256 of each file of the set, that one included, by name.
    """
    said = {
        "license": about.licence and licence(about.licence).address,
        "url": about.url,
        "datePublished": about.date,
        "creator": about.creator and {"@type": "Person", "name": about.creator},
        "funder": about.funding and {"@type": "Organization", "name": about.funding},
    }
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": about.name,
        "description": summary,
        "version": about.version,
        "citeAs": about.citation or _PAPER,
        **{key: value for key, value in said.items() if value},
        **responsible,
        "distribution": [_file(name, digest) for name, digest in hashes.items()],
        "recordSet": [_images(rows)],
    }


def _file(name: str, digest: str) -> dict[str, Any]:
    lines = name.endswith(".jsonl")
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": "application/jsonlines" if lines else "application/json",
        "sha256": digest,
    }


def _images(rows: str) -> dict[str, Any]:
    columns = (
        ("image_id", _INTEGER, "Image id."),
        ("file_name", _TEXT, "File name in the source; the file is not included."),
        ("width", _INTEGER, "Width in pixels."),
        ("height", _INTEGER, "Height in pixels."),
        (
            "exif_orientation",
            _INTEGER,
            "EXIF orientation of the file, 1 for none. Masks are on the turned pixels, except for "
            "images with exif_ignored.",
        ),
        ("exif_ignored", "sc:Boolean", "Masks are on the pixels as stored, in spite of EXIF."),
    )
    # Of each object; the n-th values of these fields belong together.
    of_objects = (
        ("id", _INTEGER, "Annotation id."),
        ("category_id", _INTEGER, "Category id."),
        ("category", _TEXT, "Category name, verbatim."),
        ("state", _TEXT, "mask, skipped, unanswered or crowd."),
        ("skip_reason", _TEXT, "Reason for the skip; empty if unknown."),
        ("counts", _TEXT, "Mask as COCO compressed run lengths; empty if there is none."),
    )
    fields = [
        _field(name, kind, words, {"fileObject": {"@id": rows}, "extract": {"column": name}})
        for name, kind, words in columns
    ]
    for name, kind, words in of_objects:
        source = {
            "fileObject": {"@id": rows},
            "extract": {"column": "objects"},
            "transform": {"jsonPath": name},
        }
        fields.append(
            _field(f"objects_{name}", kind, words, source) | {"isArray": True, "arrayShape": "-1"}
        )
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "description": "Images with their objects.",
        "key": {"@id": "images/image_id"},
        "field": fields,
    }


def _field(name: str, kind: str, words: str, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"images/{name}",
        "name": f"images/{name}",
        "description": words,
        "dataType": kind,
        "source": source,
    }
