"""The dataset's `croissant.json`: a machine-readable description (Croissant 1.1 with RAI 1.0) of its files and columns.

Plain JSON-LD generated from the row schema. Values known only at publication (address, creator, date) are filled in by
`published`, so that two builds of the same input have the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import omni_persona
from omni_persona_artifacts.construction import FILE as CONSTRUCTION
from omni_persona_artifacts.data_files import RELEASE_FILE
from omni_persona_artifacts.file_list import draft_entry, file_entry, rewrite
from omni_persona_artifacts.json_files import read_object
from omni_persona_build.card import BuildFacts

FILE = "croissant.json"
ROWS = "rows"
"""The id of the files that hold the rows."""
CITATION = (
    "@misc{omnipersona, title = {Omni-Persona}, eprint = {2605.09996}, archivePrefix = {arXiv}, "
    "url = {https://arxiv.org/abs/2605.09996}}"
)

Json = dict[str, Any]

CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
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
    "rai": "http://mlcommons.org/croissant/RAI/",
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
"""The standard's own JSON-LD context, which readers expect in full."""

COLUMNS = {
    "augmented_id": "The item.",
    "source_sample_id": "The sample that the item was made from; items of one sample are not independent.",
    "group": "What links the query to a person: I2I, A2A, T2T or T2Any.",
    "scenario": "The published release's name of the group.",
    "selected_task": "One of the 18 tasks.",
    "query_modality": "How the query points at a person.",
    "target_modality": "The kind of attribute that is asked for.",
    "no_GT": "Whether the queried person is in none of the contexts.",
    "absence": "Why the item cannot be answered: none, absent_persona or absent_attribute.",
    "target_concept_id": "The target context; null if the person is missing.",
    "contexts": "The memories: a face photo, a voice clip and a note each.",
    "query_assets": "The query's face photo, its voice clip, or both; null where it has none.",
    "query_text": "The question.",
    "answer_supervision": "The gold answer, the canonical abstention and the asked attribute; not for a model.",
}
"""Column -> description."""

SIDE_FILES = {
    CONSTRUCTION: "How each item was built, with the pool's ids of people; not to be shown to a model.",
    RELEASE_FILE: "Paths of the release's media, and its fields that have no column.",
}


def croissant(folder: Path, facts: BuildFacts) -> Json:
    """Describe the draft of a dataset folder; its Parquet files must exist."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.glob("data/*.parquet"))
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": f"omni-persona ({facts.recipe})",
        "description": (
            f"{facts.counts.total()} questions over the memories of {facts.contexts} people each (a face photo, a "
            "voice clip and a note), which find out whether an omnimodal model can be a personal assistant, and "
            "abstains where it must."
        ),
        "license": facts.license,
        "version": omni_persona.__version__,
        "inLanguage": "en",
        "keywords": ["benchmark", "omnimodal", "personalization", "abstention", "image", "audio", "text"],
        "citeAs": CITATION,
        **_responsible(facts),
        "distribution": [
            {
                "@type": "cr:FileSet",
                "@id": ROWS,
                "description": "The rows.",
                "encodingFormat": "application/x-parquet",
                "includes": f"data/{facts.split}-*.parquet",
            },
            *(_file(name, draft_entry(folder, name)) for name in files),
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "default",
                "description": "One question over its memories.",
                "key": {"@id": "default/augmented_id"},
                "field": [_field(("default", name), kind) for name, kind in omni_persona.ROW.items()],
            }
        ],
    }


def write_croissant(folder: Path, facts: BuildFacts) -> None:
    """Write `croissant.json` into a dataset folder; its Parquet files must exist."""
    (folder / FILE).write_bytes(_encoded(croissant(folder, facts)))


def describe_again(folder: Path, name: str) -> None:
    """Update what `croissant.json` says of a file that has changed; nothing if there is no such description."""
    if not (folder / FILE).is_file():
        return
    known = read_object(folder / FILE)
    again = _file(name, file_entry(folder / name))
    files = [again if one.get("@id") == name else one for one in known.get("distribution", [])]
    rewrite(folder, FILE, _encoded(known | {"distribution": files}))


def published(folder: Path, repo: str, day: str) -> None:
    """Fill in what is known only at publication: address, creator, and the date (YYYY-MM-DD) of the first publication.

    repo: ORG/NAME on the Hub. A folder without `croissant.json` is left unchanged.
    """
    if not (folder / FILE).is_file():
        return
    known = read_object(folder / FILE)
    address = f"https://huggingface.co/datasets/{repo}"
    first = known.get("datePublished", day) if known.get("url") == address else day
    owner = repo.partition("/")[0]
    creator = {"@type": "sc:Organization", "name": owner, "url": f"https://huggingface.co/{owner}"}
    rewrite(folder, FILE, _encoded(known | {"url": address, "creator": creator, "datePublished": first}))


def _encoded(content: Json) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _file(name: str, entry: Mapping[str, Any]) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": SIDE_FILES.get(name, "Rows."),
        "contentUrl": name,
        "contentSize": f"{entry['bytes']} B",
        "encodingFormat": "application/x-parquet",
        "sha256": entry["sha256"],
    }


def _field(path: tuple[str, ...], kind: Any, in_list: bool = False) -> Json:
    """Describe a column, or a part of one; `path` leads to it from the record set.

    in_list: whether the part belongs to each element of a list, so that it is itself read as a list of values.
    """
    field: Json = {"@type": "cr:Field", "@id": "/".join(path)}
    if path[-1] in COLUMNS and len(path) == 2:
        field["description"] = COLUMNS[path[1]]
    sort = kind.get("_type")
    if sort == "List":
        parts = [_field((*path, name), part, True) for name, part in kind["feature"].items()]
        return {**field, "isArray": True, "arrayShape": "-1", "subField": parts}
    if sort is None:
        return {**field, "subField": [_field((*path, name), part, in_list) for name, part in kind.items()]}
    source: Json = {"fileSet": {"@id": ROWS}, "extract": {"column": path[1]}}
    media = sort in ("Image", "Audio")
    inside = ".".join((*path[2:], *(["bytes"] if media else [])))
    if inside:
        source["transform"] = {"jsonPath": inside}
    if media:
        data_type = f"sc:{sort}Object"
        field |= {"repeated": True} if in_list else {}
    else:
        data_type = {"string": "sc:Text", "bool": "sc:Boolean"}[kind["dtype"]]
    return {**field, "dataType": data_type, "source": source}


def _media_changes(facts: BuildFacts) -> list[str]:
    """What was changed in media, as far as it is known."""
    changes = ["Media were made alike in all but faces and voices."] if facts.equalised else []
    if facts.traces is not None:
        done = "kept" if facts.traces.kept else "removed; pixels and samples were not changed by this"
        changes.append(f"Personal metadata inside media files (owners, places, titles) was {done}.")
    return changes


def _responsible(facts: BuildFacts) -> Json:
    """The fields of the RAI vocabulary."""
    built = facts.seed is not None
    texts: Json = {
        "dataCollection": (
            f"Photographs, voice clips and profiles come from the pool {facts.pool}, whose owner collected them."
            if built
            else f"Imported from {facts.pool} with every field; its publishers collected the data."
        ),
        "dataPreprocessingProtocol": [
            "Each medium is stored once, and named by a hash of its content.",
            *_media_changes(facts),
            *(["Notes and questions are made from templates and contain no names of people."] if built else []),
        ],
        "dataAnnotationProtocol": [
            "A gold answer is the value in the person's profile, word for word; for items that cannot be answered, it "
            "is the canonical abstention. No annotators were involved."
            if built
            else "Labels are those of the release."
        ],
        "personalSensitiveInformation": [
            "Faces and voices, which identify people: biometric data.",
            "Age, gender and origin can be guessed from faces and voices; occupation, place, mood and the like are "
            "stated in the notes.",
        ],
        "dataUseCases": [
            "Evaluating whether a model finds the person that a face, a voice or a description refers to, answers from "
            "that person's memory, and abstains if the memory does not contain the answer.",
            "Not for identifying or surveilling anybody, and not for training models that it is used to test.",
        ],
        "dataBiases": [
            "Notes and questions are in English only.",
            "The people are those of the source: shares of ages, origins and accents are not balanced.",
            *(["Distractors are of the queried person's gender."] if built else []),
        ],
        "dataLimitations": [
            f"A guess among the notes that state the asked attribute is right one time in {facts.contexts - 1}."
            if built
            else "A query may come with a face and a voice whatever its modality: show only that of its modality.",
            "A model that always abstains has Cal 50.",
            "For confidence intervals, resample source samples, not items: those of one sample are not independent.",
        ],
        "dataSocialImpact": (
            "Measures assistants that remember people. The same ability serves surveillance, and a wrong match "
            "ascribes one person's life to another: abstaining counts as much as answering."
        ),
        "dataReleaseMaintenancePlan": (
            "Its builder is responsible for consent, and for deleting people on request: the dataset is then rebuilt "
            "without them, which changes the content hash in each configuration."
        ),
    }
    return {f"rai:{name}": text for name, text in texts.items()}
