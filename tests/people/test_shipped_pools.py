"""The pools that we ship, of the package and of the benchmark: rendered faces and natural voices, frozen."""

import itertools
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from pitch import median_pitch

from omni_persona_artifacts.file_list import harmed_files
from omni_persona_people.invent import EMBEDDED_POOL, EMBEDDED_SEED, EMBEDDED_SIZE
from omni_persona_people.invent.overlap import share_a_word
from omni_persona_people.invent.people import PROFILE_FIELDS, draw_people
from omni_persona_people.invent.pool import list_jobs
from omni_persona_people.invent.profiles import APART
from omni_persona_people.natural.speakers import MOODS

KINDS = ("images", "audios")


@dataclass(frozen=True)
class Shipped:
    """A pool that we ship."""

    folder: Path
    size: int
    seed: int
    most_bytes: int

    def lines(self, name):
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]


POOLS = Path(__file__).resolve().parents[2] / "pools"
EMBEDDED = Shipped(EMBEDDED_POOL, EMBEDDED_SIZE, EMBEDDED_SEED, 4_000_000)
RENDERED = Shipped(POOLS / "rendered", 250, 1, 60_000_000)


@pytest.fixture(scope="module", params=[EMBEDDED, pytest.param(RENDERED, marks=pytest.mark.slow)], ids=["24", "250"])
def pool(request):
    return request.param


@pytest.fixture(scope="module")
def people(pool):
    return pool.lines("personas.jsonl")


@pytest.fixture(scope="module")
def parameters(pool):
    return pool.lines("parameters.jsonl")


def facts_of(person):
    return {"name": person["name"], **person["profile"]}


def test_it_is_small_and_as_it_was_frozen(pool):
    files = [path for path in pool.folder.rglob("*") if path.is_file() and path.suffix != ".npz"]
    assert sum(path.stat().st_size for path in files) <= pool.most_bytes
    assert harmed_files(pool.folder) == ([], [])


def test_the_generator_draws_these_people(pool, people, parameters):
    """So the command in the readme makes them again."""
    jobs = list(list_jobs(pool.folder, pool.size, pool.seed, "rendered", "natural", None))
    assert [job.persona_id for job in jobs] == [line["persona_id"] for line in people]
    for job, line, made in zip(jobs, people, parameters, strict=True):
        person = job.person
        assert (line["name"], line["gender"], line["profile"]) == (person.name, person.gender, person.profile)
        recorded = [made[name] for name in ("face", "pictures", "speaker", "clips")]
        drawn = [
            asdict(person.face),
            [asdict(shot) for shot in person.shots],
            asdict(person.speaker),
            [asdict(script) for script in person.scripts],
        ]
        assert json.loads(json.dumps(drawn)) == recorded


def test_the_readme_names_the_command_and_the_licences(pool):
    text = (pool.folder / "README.md").read_text(encoding="utf-8")
    for part in (
        f"omni_persona_people.invent.freeze --out DIR --personas {pool.size} --seed {pool.seed}",
        "CC0",
        "MakeHuman",
        "Kokoro-82M",
        "Apache License 2.0",
    ):
        assert part in text


def test_women_and_men_are_equally_many(pool, people):
    genders = [person["gender"] for person in people]
    assert len(people) == pool.size
    assert genders.count("female") == genders.count("male") == pool.size / 2


def test_lines_have_the_keys_of_the_pool_format(people):
    for person in people:
        assert tuple(person["profile"]) == PROFILE_FIELDS
        for kind in KINDS:
            assert [medium["role"] for medium in person[kind]] == ["reference"] * 2 + ["query"] * 2
        assert {audio["emotion"] for audio in person["audios"]} <= set(MOODS)
        assert person["audios"][0]["emotion"] == person["audios"][1]["emotion"]


def test_of_every_age_and_ancestry_there_are_some(parameters):
    ages = [person["face"]["age"] for person in parameters]
    assert min(ages) < 25 and max(ages) > 70 and min(ages) >= 18 and max(ages) <= 80
    main = [int(np.argmax(person["face"]["ancestry"])) for person in parameters]
    assert all(main.count(ancestry) >= len(main) / 5 for ancestry in range(3))


# --- facts ---


FEW = {"hairstyle": 10, "emotion": 5, "voice_identity": 17, "source_style": 13}
"""Fields with few values -> how many of 250 people share the most frequent one; of the others, 3."""


@pytest.mark.parametrize("field", [field for field in ("name", *PROFILE_FIELDS) if field != "MBTI"])
def test_hardly_anybody_shares_a_value_with_another(pool, people, field):
    values = [facts_of(person)[field] for person in people]
    if field in ("name", "role", "hobby", "interest", "topic", "quote", "appearance", "food_preference"):
        assert len(set(values)) == pool.size
    elif pool.size == EMBEDDED_SIZE:
        assert Counter(values).most_common(1)[0][1] <= (3 if field in FEW else 1)
    else:
        assert Counter(values).most_common(1)[0][1] <= FEW.get(field, 3)


def test_no_fact_of_a_person_gives_another_away(people):
    for person in people:
        facts = facts_of(person)
        for first, second in itertools.combinations(APART, 2):
            assert not share_a_word(facts[first], facts[second]), (facts[first], facts[second])


def test_queries_say_nothing_about_the_person(people):
    for person in people:
        for audio in person["audios"][2:]:
            for fact in facts_of(person).values():
                assert not share_a_word(audio["transcript"], fact), (audio["transcript"], fact)


def test_references_speak_topic_and_quote(people):
    for person in people:
        topic, quote = (audio["transcript"] for audio in person["audios"][:2])
        assert person["profile"]["topic"] in topic
        assert person["profile"]["quote"] in quote


def test_appearance_is_true_of_the_picture_in_the_memory(people, parameters):
    for person, made in zip(people, parameters, strict=True):
        profile = person["profile"]
        assert {shot["garment"]["words"] for shot in made["pictures"][:2]} == {profile["clothing"]}
        assert profile["appearance"].endswith(f", with {profile['hairstyle']}, wearing {profile['clothing']}")
        assert ("glasses" in profile["appearance"]) == (made["face"]["glasses"] is not None)
        tens = ("teens", "twenties", "thirties", "forties", "fifties", "sixties", "seventies", "about eighty")
        assert tens[made["face"]["age"] // 10 - 1] in profile["appearance"]


def test_queries_are_drawn_from_everything_the_memory_shows_included():
    many = list(itertools.islice(draw_people(5, "rendered", "natural"), 400))
    pairs = [(person.shots[0], query) for person in many for query in person.shots[2:]]
    same_backdrop = np.mean([memory.backdrop == query.backdrop for memory, query in pairs])
    same_kind = np.mean([memory.garment.kind == query.garment.kind for memory, query in pairs])
    same_garment = sum(memory.garment == query.garment for memory, query in pairs)
    assert same_backdrop == pytest.approx(1 / 5, abs=0.05)
    assert 0.06 < same_kind < 0.25
    assert same_garment >= 1
    moods = [person.scripts[0].mood == query.mood for person in many for query in person.scripts[2:]]
    assert np.mean(moods) == pytest.approx(1 / 3, abs=0.06)


# --- pictures ---


def test_pictures_are_small_jpegs_without_metadata(pool, people):
    sizes = []
    for person in people:
        for image in person["images"]:
            file = pool.folder / image["path"]
            sizes.append(file.stat().st_size)
            with Image.open(file) as picture:
                assert (picture.format, picture.size, picture.mode) == ("JPEG", (320, 320), "RGB")
                assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert len(sizes) == 4 * pool.size
    assert min(sizes) > (5_000 if pool.size == EMBEDDED_SIZE else 4_500) and max(sizes) < 25_000


def test_a_file_size_tells_nobody(pool, people):
    """Of a memory's file and those of three others, the one nearest in size to a query's is seldom the right one."""
    for kind in KINDS:
        sizes = np.array(
            [[(pool.folder / medium["path"]).stat().st_size for medium in person[kind]] for person in people]
        )
        rng, hits = np.random.default_rng(0), []
        for who in range(len(people)):
            for _ in range(40):
                others = rng.choice(np.delete(np.arange(len(people)), who), 3, replace=False)
                apart = np.abs(sizes[[who, *others], rng.integers(2)] - sizes[who, 2 + rng.integers(2)])
                hits.append(apart.argmin() == 0)
        # One in four by chance; faces with more hair take a little more space.
        assert np.mean(hits) < 0.45


# --- clips ---


@pytest.mark.slow
def test_clips_are_mono_at_24_khz_and_of_fair_length(pool, people):
    for person in people:
        for audio in person["audios"]:
            samples, rate = soundfile.read(pool.folder / audio["path"])
            assert (rate, samples.ndim) == (24_000, 1), audio["path"]
            assert 4.0 <= len(samples) / rate <= 15.0, audio["path"]
            level = 20 * np.log10(np.sqrt(np.mean(samples**2)))
            assert -31 < level < -18, audio["path"]


@pytest.mark.slow
@pytest.mark.parametrize(("gender", "lowest", "highest"), [("female", 100, 400), ("male", 65, 240)])
def test_words_for_pitch_are_true_of_the_clips(pool, people, gender, lowest, highest):
    levels = ("low", "medium-pitched", "high")
    heard, named = [], []
    for person in people:
        if person["gender"] == gender:
            clips = [pool.folder / audio["path"] for audio in person["audios"]]
            heard.append(np.median([median_pitch(clip, lowest, highest) for clip in clips]))
            named.append(levels.index(re.split(", ", person["profile"]["voice_identity"])[1]))
    assert np.corrcoef(heard, named)[0, 1] > 0.6
