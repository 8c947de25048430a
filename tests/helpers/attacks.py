"""Attacks on datasets without the modality that their questions need, written apart from the package's own checks.

Each attack picks the person among the notes that state what is asked, or tells whether something is missing. They use
all that an attacker could have: the same people in datasets of other seeds, and which notes state what is asked.
"""

import io
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq
import soundfile
from PIL import Image
from scipy.signal import get_window
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CLIP_FACTS = ("format", "rate", "level", "floor", "silence", "duration", "pauses")
PICTURE_FACTS = ("corners", "border", "lower", "size", "compression", "sharpness")
MEDIUM = {"I2I": ("image", PICTURE_FACTS), "A2A": ("audio", CLIP_FACTS)}


def clip_facts(data):
    """What a clip is like apart from its voice: name -> numbers."""
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        rate, stored = file.samplerate, (hash((file.format, file.subtype)) % 1009, file.channels)
        samples = file.read(always_2d=True).mean(axis=1)
    size = rate // 40
    frames = samples[: max(1, len(samples) // size) * size].reshape(-1, size)
    energy = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    quiet = frames[energy <= np.quantile(energy, 0.2)]
    power = np.mean(np.abs(np.fft.rfft(quiet * get_window("hann", size))) ** 2, axis=0)
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    edges = np.linspace(50, 7900, 25)
    bands = [power[(frequencies >= low) & (frequencies < high)].sum() for low, high in pairwise(edges)]
    shape = 10 * np.log10(np.array(bands) + 1e-12)
    loud = np.flatnonzero(energy > energy.max() - 15)
    return {
        "format": np.array(stored, float),
        "rate": np.array([rate], float),
        "level": np.array([np.quantile(energy, 0.9)]),
        "floor": np.array([np.quantile(energy, 0.1)]),
        "silence": shape - shape.mean(),
        "duration": np.array([np.log(len(samples) / rate)]),
        "pauses": np.array([loud[0] * size / rate, (len(frames) - loud[-1]) * size / rate]),
    }


def picture_facts(data):
    """What a picture is like apart from its face: name -> numbers."""
    image = Image.open(io.BytesIO(data))
    kind = hash(image.format) % 1009
    pixels = np.asarray(image.convert("RGB"), float)
    height, width, _ = pixels.shape
    part = max(2, height // 12), max(2, width // 12)
    upper_and_lower = [pixels[: part[0]], pixels[-part[0] :]]
    ends = slice(part[1]), slice(-part[1], None)
    corners = [one[:, along].mean(axis=(0, 1)) for one in upper_and_lower for along in ends]
    sides = [*upper_and_lower, pixels[:, : part[1]], pixels[:, -part[1] :]]
    ring = np.concatenate([one.reshape(-1, 3) for one in sides])
    lower = pixels[-2 * part[0] :]
    grey = pixels.mean(axis=2)
    return {
        "corners": np.concatenate(corners),
        "border": np.concatenate([ring.mean(axis=0), ring.std(axis=0)]),
        "lower": np.concatenate([lower.mean(axis=(0, 1)), lower.std(axis=(0, 1))]),
        "size": np.array([kind, width, height], float),
        "compression": np.array([np.log(len(data) / (width * height))]),
        "sharpness": np.log([np.abs(np.diff(grey, axis=0)).mean() + 1e-6, np.abs(np.diff(grey, axis=1)).mean() + 1e-6]),
    }


@dataclass(frozen=True)
class Asked:
    """An item as attackers see it, and who is meant."""

    seed: int
    sample: str
    group: str
    absence: str
    field: str
    people: tuple
    """Who stands in each context."""
    asked: str
    states: np.ndarray
    """Whether each note states what is asked."""
    target: int | None
    contexts: dict
    """image, audio -> the names of the media of the contexts."""
    query: dict
    """image, audio -> the name of the query's medium, or None."""


@dataclass
class Attacked:
    """Datasets of several seeds, and the facts of their media."""

    folders: list
    facts: dict = field(default_factory=dict)

    @cached_property
    def items(self):
        return [item for seed, folder in enumerate(self.folders) for item in self._read(seed, folder)]

    def _read(self, seed, folder):
        side = defaultdict(list)
        for row in pq.read_table(folder / "data/construction.parquet").to_pylist():
            side[row["augmented_id"]].append(row)
        (file,) = (folder / "data").glob("*-of-*.parquet")
        reader = pq.ParquetFile(file)
        for batch in reader.iter_batches(8):
            for row in batch.to_pylist():
                media = [
                    (kind, one[kind]) for one in [*row["contexts"], row["query_assets"]] for kind in ("image", "audio")
                ]
                for kind, medium in media:
                    if medium is not None and (kind, medium["path"]) not in self.facts:
                        self.facts[kind, medium["path"]] = (picture_facts if kind == "image" else clip_facts)(
                            medium["bytes"]
                        )
                placed = side[row["augmented_id"]]
                concepts = [one["concept_id"] for one in row["contexts"]]
                target = row["target_concept_id"]
                yield Asked(
                    seed, f"{seed}/{row['source_sample_id']}", row["group"], row["absence"],
                    row["answer_supervision"]["asked_subfield"],
                    tuple(one["person"] for one in placed), placed[0]["queried_person"],
                    np.array([one["states_asked"] for one in placed]),
                    None if target is None else concepts.index(target),
                    {kind: [one[kind]["path"] for one in row["contexts"]] for kind in ("image", "audio")},
                    {kind: one and one["path"] for kind, one in row["query_assets"].items()},
                )  # fmt: skip

    def picks(self):
        """Attack -> how often it finds the person, and with how many recordings: a guess finds a third.

        Recordings are the media that are asked with, in each dataset: by chance, an attack is as often right as
        these few happen to have the right neighbours.
        """
        found = {}
        answerable = [item for item in self.items if item.absence == "none"]
        for group, (kind, names) in MEDIUM.items():
            items = [item for item in answerable if item.group == group]
            tables = np.array([self._distances(item, kind, names) for item in items])
            recordings = len({(item.seed, item.query[kind]) for item in items})
            for number, name in enumerate(names):
                found[f"{group} by {name}"] = _share(items, -tables[:, :, number]), recordings
            found[f"{group} fitted on strangers"] = _share(items, _fitted(items, tables)), recordings
        found["who is usually asked"] = _share(answerable, self._usually_asked(answerable)), len(answerable)
        return found

    def areas(self):
        """Attack -> the area under its ROC curve; a guess has a half."""
        found = {}
        for group, (kind, names) in MEDIUM.items():
            sets = list({item.sample: item for item in self.items if item.group == group}.values())
            table = np.array(
                [np.concatenate([self.facts[kind, item.query[kind]][name] for name in names]) for item in sets]
            )
            labels = np.array([item.absence == "absent_persona" for item in sets])
            if labels.all() or not labels.any():
                continue
            found[f"{group} missing, by the query's medium"] = _area_of_fitted(
                table, labels, [item.sample for item in sets]
            )
        sets = list({item.sample: item for item in self.items}.values())
        missing = np.array([item.absence == "absent_persona" for item in sets])
        found["missing, by who is asked about"] = _area_of_rates([(item.seed, item.asked) for item in sets], missing)
        silent = [item for item in self.items if item.absence != "absent_persona" and (~item.states).sum() == 1]
        silent = list({item.sample: item for item in silent}.values())
        keys = [(item.seed, (item.people[int(np.argmin(item.states))], item.field)) for item in silent]
        absent = np.array([item.absence == "absent_attribute" for item in silent])
        found["absent attribute, by whose note is silent"] = _area_of_rates(keys, absent)
        found["absent attribute, by who is silent"] = _area_of_rates([(seed, key[0]) for seed, key in keys], absent)
        return found

    def _distances(self, item, kind, names):
        query = self.facts[kind, item.query[kind]]
        return [
            [np.log1p(np.linalg.norm(query[name] - self.facts[kind, one][name])) for name in names]
            for one in item.contexts[kind]
        ]

    def _usually_asked(self, items):
        """For each context, how often its person is asked about where it stands, in other sets."""
        asked, stood, own = Counter(), Counter(), defaultdict(set)
        for item in items:
            own[item.sample] |= {(person, place == item.target) for place, person in enumerate(item.people)}
        for people in own.values():
            stood.update(person for person, _ in people)
            asked.update(person for person, is_target in people if is_target)
        return np.array(
            [
                [
                    (asked[person] - ((person, True) in own[item.sample]) + 1) / (stood[person] - 1 + len(item.people))
                    for person in item.people
                ]
                for item in items
            ]
        )  # fmt: skip


def _share(items, scores):
    """How often the highest score among the notes that state the answer is the target's; ties count in part."""
    right = []
    for item, row in zip(items, scores, strict=True):
        row = np.where(item.states, row, -np.inf)
        best = np.isclose(row, row.max())
        right.append(best[item.target] / best.sum())
    return float(np.mean(right))


def _fitted(items, tables):
    """Scores by a classifier that has never met the people asked about, in any context of any set."""
    tables = tables - tables.mean(axis=1, keepdims=True)
    people = sorted({item.asked for item in items})
    scores = np.zeros(tables.shape[:2])
    for fold in range(5):
        strangers = set(people[fold::5])
        test = [place for place, item in enumerate(items) if item.asked in strangers]
        taught = [place for place, item in enumerate(items) if strangers.isdisjoint(item.people)]
        if not test or not taught:
            continue
        labels = np.concatenate([np.arange(tables.shape[1]) == items[place].target for place in taught])
        model = make_pipeline(StandardScaler(), LogisticRegression())
        model.fit(tables[taught].reshape(-1, tables.shape[2]), labels)
        scores[test] = model.decision_function(tables[test].reshape(-1, tables.shape[2])).reshape(len(test), -1)
    return scores


def _area_of_fitted(table, labels, sets):
    sure = np.zeros(len(labels))
    for taught, asked in GroupKFold(5).split(table, labels, sets):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced"))
        sure[asked] = model.fit(table[taught], labels[taught]).decision_function(table[asked])
    return float(roc_auc_score(labels, sure))


def _area_of_rates(keys, labels):
    """Labels guessed by how often a key has them in the datasets of other seeds."""
    if labels.all() or not labels.any():
        return 0.5
    hits, number = Counter(), Counter()
    for (seed, key), label in zip(keys, labels, strict=True):
        hits[seed, key] += int(label)
        number[seed, key] += 1
    seeds, usual = sorted({seed for seed, _ in keys}), labels.mean()
    sure = [
        (sum(hits[other, key] for other in seeds if other != seed) + usual)
        / (sum(number[other, key] for other in seeds if other != seed) + 1)
        for seed, key in keys
    ]
    return float(roc_auc_score(labels, sure))
